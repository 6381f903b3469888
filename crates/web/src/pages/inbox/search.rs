//! One field for everything: messages and notes, public posts, people.

use std::collections::HashSet;
use std::ops::Range;

use askama::Template;
use axum::extract::Query;
use domain::accounts::Permission;
use domain::crm::{contacts, profiles};
use domain::desk::Status;
use domain::desk::search::{self, Filter, FoundMessage, FoundPost};
use i18n::Texts;
use matching::text::stem::{self, Language};
use matching::text::token;
use model::Timestamp;
use serde::Deserialize;

use super::{icon, word};
use crate::error::{Fault, Reply, html};
use crate::{Page, Visit};

/// Results of one kind where only that kind is shown, and where all are.
const MANY: i64 = 30;
const FEW: i64 = 8;
/// Characters of a snippet, and those before the first word that was found.
const SNIPPET: usize = 220;
const BEFORE: usize = 60;
/// Bytes of a text in which words are marked: a long newsletter is no reason to wait.
const LOOKED_AT: usize = 40_000;

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub q: String,
    /// `messages`, `posts`, `people`, or everything.
    #[serde(rename = "in")]
    pub place: String,
    pub channel: String,
    pub status: String,
    /// The id of the last result.
    pub before: String,
    /// `palette`: the first few, as entries of the command palette.
    pub part: String,
}

pub struct Found {
    pub href: String,
    pub title: String,
    pub icon: &'static str,
    pub channel: String,
    pub at: Option<Timestamp>,
    pub snippet: Vec<Span>,
    /// Status, site, company: what else tells results apart.
    pub aside: String,
    pub is_note: bool,
    pub is_public: bool,
}

/// A stretch of a snippet; what was found is marked.
#[derive(Debug, PartialEq, Eq)]
pub struct Span {
    pub text: String,
    pub is_mark: bool,
}

pub struct Section {
    pub name: &'static str,
    pub title: &'static str,
    pub found: Vec<Found>,
    /// More of this kind.
    pub more: Option<String>,
}

#[derive(Template)]
#[template(path = "inbox/search.html")]
struct SearchPage {
    t: Texts,
    page: Page,
    asked: Asked,
    sections: Vec<Section>,
    /// Names and values of the filters.
    places: Vec<(&'static str, &'static str)>,
    channels: Vec<(&'static str, String)>,
    statuses: Vec<(&'static str, &'static str)>,
    is_empty: bool,
}

#[derive(Template)]
#[template(path = "inbox/search-palette.html")]
struct PalettePart {
    found: Vec<Found>,
}

/// `GET /{workspace}/search?q=&in=&channel=&status=&before=&part=`
pub async fn page(visit: Visit, Query(mut asked): Query<Asked>) -> Reply {
    asked.q = model::text::excerpt(&asked.q, 300);
    let t = visit.t();
    if asked.part == "palette" {
        let messages = found_messages(&visit, &asked, 6).await?.0;
        let people = found_people(&visit, &asked, 3).await?;
        return html(&PalettePart { found: messages.into_iter().chain(people).collect() });
    }
    let sections = sections(&visit, &asked).await?;
    let mut places = vec![("", t.search_in_all()), ("messages", t.search_in_messages())];
    if visit.seat.can(Permission::ListenRead) {
        places.push(("posts", t.search_in_posts()));
    }
    places.push(("people", t.search_in_people()));
    let channels = channels::registry().iter().map(|c| c.capabilities().name).map(|name| (name, word(t, name))).collect();
    let statuses = Status::ALL.iter().map(|s| (s.name(), status_word(t, *s))).collect();
    let is_empty = sections.iter().all(|s| s.found.is_empty());
    html(&SearchPage { t, page: visit.page("inbox").await?, asked, sections, places, channels, statuses, is_empty })
}

async fn sections(visit: &Visit, asked: &Asked) -> Result<Vec<Section>, Fault> {
    let t = visit.t();
    let wanted = |place: &str| asked.place.is_empty() || asked.place == place;
    let most = if asked.place.is_empty() { FEW } else { MANY };
    let mut sections = Vec::new();
    if asked.q.trim().is_empty() {
        return Ok(sections);
    }
    if wanted("messages") {
        let (found, more) = found_messages(visit, asked, most).await?;
        sections.push(Section { name: "messages", title: t.search_in_messages(), found, more });
    }
    if wanted("posts") && visit.seat.can(Permission::ListenRead) {
        let (found, more) = found_posts(visit, asked, most).await?;
        sections.push(Section { name: "posts", title: t.search_in_posts(), found, more });
    }
    if wanted("people") {
        sections.push(Section { name: "people", title: t.search_in_people(), found: found_people(visit, asked, most).await?, more: None });
    }
    Ok(sections)
}

fn filter(asked: &Asked) -> Filter {
    Filter {
        channel: Some(asked.channel.clone()).filter(|c| channels::by_name(c).is_some()),
        status: asked.status.parse().ok(),
        before: asked.before.parse::<model::Id<()>>().ok().filter(|_| !asked.place.is_empty()).map(model::Id::as_i64),
    }
}

/// The address of what follows: in its own place, behind the last result shown.
fn more(visit: &Visit, asked: &Asked, place: &str, last: Option<String>) -> Option<String> {
    let last = last?;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("q", &asked.q).append_pair("in", place);
    for (name, value) in [("channel", &asked.channel), ("status", &asked.status)] {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    query.append_pair("before", &last);
    Some(visit.path(format!("search?{}", query.finish())))
}

async fn found_messages(visit: &Visit, asked: &Asked, most: i64) -> Result<(Vec<Found>, Option<String>), Fault> {
    let t = visit.t();
    let mut rows = search::messages(&mut *visit.read().await?, &visit.seat, &asked.q, &filter(asked), most + 1).await?;
    let has_more = rows.len() as i64 > most;
    rows.truncate(usize::try_from(most).unwrap_or(0));
    let last = rows.last().filter(|_| has_more).map(|m| m.message_id.to_string());
    let words = Words::of(&asked.q);
    let found = rows
        .into_iter()
        .map(|m: FoundMessage| Found {
            href: format!("{}#m-{}", visit.path(format!("inbox/{}", m.conversation_id)), m.message_id),
            title: [m.from_name.trim(), m.subject.trim(), t.inbox_somebody()]
                .into_iter()
                .find(|n| !n.is_empty())
                .unwrap_or_default()
                .into(),
            icon: icon(&m.channel),
            channel: word(t, &m.channel),
            at: Some(m.sort_at),
            snippet: words.snippet(&if m.subject.trim().is_empty() { m.text } else { format!("{}: {}", m.subject.trim(), m.text) }),
            aside: status_word(t, m.status).into(),
            is_note: m.direction == domain::desk::Direction::Note,
            is_public: false,
        })
        .collect();
    Ok((found, more(visit, asked, "messages", last)))
}

async fn found_posts(visit: &Visit, asked: &Asked, most: i64) -> Result<(Vec<Found>, Option<String>), Fault> {
    let t = visit.t();
    let mut rows = search::posts(&mut *visit.read().await?, &visit.seat, &asked.q, &filter(asked), most + 1).await?;
    let has_more = rows.len() as i64 > most;
    rows.truncate(usize::try_from(most).unwrap_or(0));
    let last = rows.last().filter(|_| has_more).map(|p| p.id.to_string());
    let words = Words::of(&asked.q);
    let found = rows
        .into_iter()
        .map(|p: FoundPost| Found {
            href: visit.path(format!("listen/posts/{}", p.id)),
            title: [p.author_name.as_deref().unwrap_or_default().trim(), p.title.as_deref().unwrap_or_default().trim(), t.inbox_somebody()]
                .into_iter()
                .find(|n| !n.is_empty())
                .unwrap_or_default()
                .into(),
            icon: "rss",
            channel: p.site.unwrap_or_default(),
            at: Some(p.sort_at),
            snippet: words.snippet(&match p.title.as_deref().map(str::trim) {
                Some(title) if !title.is_empty() => format!("{title}: {}", p.text),
                _ => p.text,
            }),
            aside: String::new(),
            is_note: false,
            is_public: true,
        })
        .collect();
    Ok((found, more(visit, asked, "posts", last)))
}

/// Customers and public profiles, each in its own list of the domain: a name that is in both is two results (the wall).
async fn found_people(visit: &Visit, asked: &Asked, most: i64) -> Result<Vec<Found>, Fault> {
    let t = visit.t();
    let mut found = Vec::new();
    let mut conn = visit.read().await?;
    let person = |href: String, title: String, icon, channel: String, aside: String, is_public| Found {
        href,
        title,
        icon,
        channel,
        at: None,
        snippet: Vec::new(),
        aside,
        is_note: false,
        is_public,
    };
    if visit.seat.can(Permission::ContactRead) {
        for c in contacts::find(&mut conn, &visit.seat, &asked.q, most).await? {
            let aside = [c.company, c.address].into_iter().flatten().collect::<Vec<_>>().join(", ");
            found.push(person(
                visit.path(format!("customers/contacts/{}", c.id)),
                c.name,
                "people",
                t.search_contact().into(),
                aside,
                false,
            ));
        }
    }
    if visit.seat.can(Permission::ListenRead) {
        for p in profiles::find(&mut conn, &visit.seat, &asked.q, most).await? {
            let name = if p.name.trim().is_empty() { p.handle.clone() } else { p.name };
            found.push(person(
                visit.path(format!("customers/profiles/{}", p.id)),
                name,
                "globe",
                t.search_profile().into(),
                p.handle,
                true,
            ));
        }
    }
    Ok(found)
}

fn status_word(t: Texts, status: Status) -> &'static str {
    match status {
        Status::Open => t.thread_status_open(),
        Status::Snoozed => t.thread_status_snoozed(),
        Status::Done => t.thread_status_done(),
    }
}

/// The words of a question, as the index compares them.
struct Words {
    folded: Vec<String>,
    stems: HashSet<String>,
}

const LANGUAGES: [Language; 2] = [Language::German, Language::English];

impl Words {
    fn of(question: &str) -> Self {
        let folded: Vec<String> =
            token::scan(question).tokens.into_iter().map(|t| String::from(t.folded)).filter(|w| !w.is_empty()).collect();
        let stems = folded.iter().flat_map(|word| LANGUAGES.into_iter().filter_map(|l| stem::stem(word, l))).collect();
        Self { folded, stems }
    }

    fn is_one(&self, folded: &str) -> bool {
        self.folded.iter().any(|word| word == folded)
            || LANGUAGES.into_iter().filter_map(|l| stem::stem(folded, l)).any(|s| self.stems.contains(&s))
    }

    /// The neighbourhood of the first word that was found, with all that were found marked.
    fn snippet(&self, text: &str) -> Vec<Span> {
        let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (text, _) = model::text::truncate(&one_line, LOOKED_AT);
        let hits: Vec<Range<usize>> = token::scan(text).tokens.into_iter().filter(|t| self.is_one(&t.folded)).map(|t| t.range).collect();
        let first = hits.first().map_or(0, |range| range.start);
        let start = text[..first].char_indices().rev().nth(BEFORE).map_or(0, |(at, _)| at);
        // A snippet begins with a word.
        let start = if start == 0 { 0 } else { text[start..first].find(' ').map_or(start, |at| start + at + 1) };
        let end = text[start..].char_indices().nth(SNIPPET).map_or(text.len(), |(at, _)| start + at);
        let mut spans = Vec::new();
        let mut push = |text: &str, is_mark| {
            if !text.is_empty() {
                spans.push(Span { text: text.into(), is_mark });
            }
        };
        push(if start > 0 { "… " } else { "" }, false);
        let mut at = start;
        for hit in hits.into_iter().filter(|hit| hit.start >= start && hit.end <= end) {
            push(&text[at..hit.start], false);
            push(&text[hit.clone()], true);
            at = hit.end;
        }
        push(&text[at..end], false);
        push(if end < text.len() { " …" } else { "" }, false);
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(question: &str, text: &str) -> Vec<String> {
        Words::of(question).snippet(text).into_iter().filter(|s| s.is_mark).map(|s| s.text).collect()
    }

    #[test]
    fn words_are_marked_in_other_forms_too() {
        assert_eq!(marked("lieferung", "Die Lieferungen kamen, die LIEFERUNG nicht."), ["Lieferungen", "LIEFERUNG"]);
        assert_eq!(marked("order", "Two orders and one border."), ["orders"]);
        assert!(marked("", "nichts gefragt").is_empty());
    }

    #[test]
    fn a_snippet_shows_where_it_was_found() {
        let text = format!("{}Rechnung{}", "vorher ".repeat(100), " nachher".repeat(100));
        let spans = Words::of("Rechnung").snippet(&text);
        let whole: String = spans.iter().map(|s| s.text.as_str()).collect();
        assert!(whole.starts_with("… vorher") && whole.ends_with('…') && whole.contains("Rechnung"), "{whole}");
        assert!(whole.chars().count() < SNIPPET + 10);
        assert!(spans.iter().any(|s| s.is_mark && s.text == "Rechnung"));
    }

    #[test]
    fn snippets_never_cut_a_character() {
        for text in ["😀".repeat(500), "ä ".repeat(500), "ﬁ ".repeat(300) + "Straße", String::new()] {
            let spans = Words::of("straße").snippet(&text);
            assert!(spans.iter().map(|s| s.text.chars().count()).sum::<usize>() <= SNIPPET + 4);
        }
    }
}

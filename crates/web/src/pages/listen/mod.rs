//! Listening: watches with their hits, the editor with its trial on the archive, the archive's search.

pub mod archive;
pub mod editor;
pub mod hits;
pub mod post;

use std::ops::Range;

use askama::Template;
use domain::accounts::Permission;
use domain::listening::posts::{self, Piece, Stored};
use domain::listening::watches::{self, Listed};
use domain::listening::{matcher, watches::Watch};
use i18n::Texts;
use matching::QueryError;
use model::{Id, Timestamp, kinds};

use crate::error::{Fault, Reply, html};
use crate::{Page, Visit};

type WatchId = Id<kinds::Watch>;

/// Characters of a post's text shown in lists.
const EXCERPT: usize = 320;

/// The watches at the side, by what they are about.
pub struct Side {
    groups: Vec<Group>,
    may_edit: bool,
    ended: Vec<Watch>,
    current: Option<WatchId>,
}

struct Group {
    name: String,
    watches: Vec<Line>,
}

struct Line {
    watch: Watch,
    week: i64,
    /// The points of a small line over two weeks.
    spark: String,
    is_current: bool,
}

impl Side {
    async fn read(visit: &Visit, current: Option<WatchId>) -> Result<Self, Fault> {
        let t = visit.t();
        let mut conn = visit.read().await?;
        let listed = watches::list(&mut conn, &visit.seat).await?;
        let ended = watches::archived(&mut conn, &visit.seat).await?;
        drop(conn);
        let mut groups: Vec<(String, Group)> = Vec::new();
        for listed in listed {
            let line =
                Line { week: listed.week(), spark: spark(&listed), is_current: current == Some(listed.watch.id), watch: listed.watch };
            match groups.last_mut().filter(|(kind, _)| *kind == line.watch.kind) {
                Some((_, group)) => group.watches.push(line),
                None => groups.push((line.watch.kind.clone(), Group { name: group_text(t, &line.watch.kind), watches: vec![line] })),
            }
        }
        Ok(Self {
            groups: groups.into_iter().map(|(_, group)| group).collect(),
            may_edit: visit.seat.can(Permission::WatchEdit),
            ended,
            current,
        })
    }
    fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
    fn is_current(&self, watch: &WatchId) -> bool {
        self.current == Some(*watch)
    }
    fn shows_ended(&self) -> bool {
        self.ended.iter().any(|watch| self.is_current(&watch.id))
    }
}

fn group_text(t: Texts, kind: &str) -> String {
    t.by_key(&format!("watch-group-{kind}"), &[]).unwrap_or_else(|| kind.to_string())
}

fn kind_text(t: Texts, kind: &str) -> String {
    t.by_key(&format!("watch-kind-{kind}"), &[]).unwrap_or_else(|| kind.to_string())
}

/// A line over 56 by 16 units, one point a day.
fn spark(listed: &Listed) -> String {
    let most = listed.days.iter().copied().max().unwrap_or(0).max(1) as f64;
    let step = 54.0 / (listed.days.len().max(2) - 1) as f64;
    let point = |(at, n): (usize, &i64)| format!("{:.1},{:.1}", 1.0 + at as f64 * step, 14.0 - *n as f64 / most * 12.0);
    listed.days.iter().enumerate().map(point).collect::<Vec<_>>().join(" ")
}

#[derive(Template)]
#[template(path = "listen/list.html")]
struct ListPage {
    t: Texts,
    page: Page,
    side: Side,
    kinds: Vec<(&'static str, String)>,
    may_connect: bool,
}

/// `GET /{workspace}/listen`
pub async fn page(visit: Visit) -> Reply {
    let t = visit.t();
    let side = Side::read(&visit, None).await?;
    let kinds = kinds(t);
    let may_connect = visit.seat.can(Permission::ChannelEdit);
    html(&ListPage { t, page: visit.page("listen").await?, side, kinds, may_connect })
}

fn kinds(t: Texts) -> Vec<(&'static str, String)> {
    watches::KINDS.into_iter().map(|kind| (kind, kind_text(t, kind))).collect()
}

/// A post in a list: who, where, when, and the place that matched.
pub struct Shown {
    post: Stored,
    pieces: Vec<Piece>,
    icon: &'static str,
}

impl Shown {
    fn new(post: Stored, marks: &[Range<usize>]) -> Self {
        Self { pieces: posts::excerpt(&post.text, marks, EXCERPT), icon: icon(&post.channel), post }
    }
}

fn icon(channel: &str) -> &'static str {
    channels::by_name(channel).map_or("rss", |channel| channel.capabilities().icon)
}

/// An error of a query as it stands under the query.
pub struct Wrong {
    /// "Zeile 3, Zeichen 32".
    place: String,
    word: String,
    text: String,
}

/// What is wrong, in order, and the query cut into pieces so that the wrong words can be marked.
pub struct Check {
    wrong: Vec<Wrong>,
    pieces: Vec<Piece>,
}

impl Check {
    fn new(t: Texts, query: &str, errors: &[QueryError]) -> Self {
        let wrong = errors.iter().map(|error| wrong(t, query, error)).collect();
        Self { wrong, pieces: if errors.is_empty() { Vec::new() } else { marked(query, errors) } }
    }
    fn is_fine(&self) -> bool {
        self.wrong.is_empty()
    }
}

fn wrong(t: Texts, query: &str, error: &QueryError) -> Wrong {
    let before: String = query.chars().take(error.column.saturating_sub(1)).collect();
    let line = before.matches('\n').count() + 1;
    let at = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let mut text = matcher::sentence(error).render(t);
    if let Some((_, nearest)) = error.problem.args().into_iter().find(|(name, _)| *name == "nearest") {
        text = format!("{text} {}", t.query_nearest(nearest));
    } else if let Some(fix) = &error.fix {
        text = format!("{text} {}", t.query_fix(fix));
    }
    Wrong { place: t.query_place(at, line), word: error.word.clone(), text }
}

/// The query with its wrong words marked. Columns count characters from 1; an error at the end marks the last character.
fn marked(query: &str, errors: &[QueryError]) -> Vec<Piece> {
    let chars: Vec<char> = query.chars().collect();
    let mut wrong = vec![false; chars.len()];
    for error in errors {
        let from = error.column.saturating_sub(1).min(chars.len().saturating_sub(1));
        let to = (from + error.word.chars().count().max(1)).min(chars.len());
        wrong.iter_mut().take(to).skip(from).for_each(|mark| *mark = true);
    }
    let mut pieces: Vec<Piece> = Vec::new();
    for (c, marked) in chars.into_iter().zip(wrong) {
        match pieces.last_mut().filter(|piece| piece.marked == marked) {
            Some(piece) => piece.text.push(c),
            None => pieces.push(Piece { text: c.to_string(), marked }),
        }
    }
    pieces
}

/// `MICROSECONDS-ID` of the last row on screen.
fn keyset<T>(before: &str) -> Option<(Timestamp, Id<T>)> {
    let (at, id) = before.split_once('-')?;
    Some((Timestamp::from_micros(at.parse().ok()?), id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_words_are_marked_where_they_stand_and_said_with_line_and_character() {
        let t = Texts::new(model::Locale::DeDe);
        let query = "kaffee\nsentimnt:negative *x";
        let errors = matching::parse(query).unwrap_err();
        let check = Check::new(t, query, &errors);
        let marks: Vec<&str> = check.pieces.iter().filter(|p| p.marked).map(|p| p.text.as_str()).collect();
        assert_eq!(check.wrong.len(), 2);
        assert!(marks[0].starts_with("sentimnt"), "{marks:?}");
        assert_eq!(check.pieces.iter().map(|p| p.text.as_str()).collect::<String>(), query);
        assert_eq!(check.wrong[0].place, "Zeile 2, Zeichen 1.");
        assert!(check.wrong[0].text.contains("sentiment"), "{}", check.wrong[0].text);
    }

    #[test]
    fn every_error_of_a_query_has_words_in_both_languages() {
        for locale in [model::Locale::DeDe, model::Locale::En] {
            let t = Texts::new(locale);
            for query in [
                "",
                "(",
                ")",
                "\"a",
                "={a",
                "()",
                "OR a",
                "a OR",
                "&",
                "a - b",
                "NOT a",
                "a OR NOT b",
                "NOT NOT a",
                "*a",
                "l*e",
                "a**",
                "*",
                "\"* a\"",
                "a*",
                "={a*}",
                "?a",
                "author:a*",
            ] {
                for error in matching::parse(query).err().unwrap_or_default() {
                    let said = matcher::sentence(&error).render(t);
                    assert!(!said.starts_with("query-error-") && !said.contains('{'), "{query}: {said}");
                }
            }
        }
    }
}

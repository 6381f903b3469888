//! One conversation as the screen shows it.

use std::sync::Arc;

use domain::accounts::Permission;
use domain::desk::people::Choices;
use domain::desk::presence::Somebody;
use domain::desk::thread::{self, Message, Thread, ThreadEvent};
use domain::desk::{self, Direction, MessageState, Priority, Status, View};
use i18n::{Sentence, Texts};
use model::{Id, Timestamp, kinds};

use super::html::{self, Formatted};
use super::{Asked, icon, list, word};
use crate::error::Fault;
use crate::{Page, Visit};

/// Messages shown unfolded at the end of a long conversation.
const UNFOLDED: usize = 3;
/// What [`thread::open`] reads at most.
const MESSAGES: usize = 500;

/// What the composer holds when a form comes back, or which tab was asked for.
#[derive(Default)]
pub struct Entered {
    pub kind: String,
    pub text: Option<String>,
    pub cc: String,
    /// Why it was not accepted, in words.
    pub error: String,
    /// The field that is wrong, if it is one.
    pub field: &'static str,
    /// The customer wrote meanwhile: it may be sent anyway.
    pub is_conflict: bool,
}

pub struct Work {
    pub id: Id<kinds::Conversation>,
    pub view: View,
    /// Where in the list it stands, as a query.
    pub place: String,
    pub title: String,
    pub icon: &'static str,
    pub channel: String,
    pub thread: Thread,
    pub items: Vec<Item>,
    pub newest: String,
    pub is_cut: bool,
    pub status: &'static str,
    pub priority: &'static str,
    pub priorities: Vec<(&'static str, &'static str, bool)>,
    pub waits: String,
    pub may_organise: bool,
    /// Whom it can be given to.
    pub choices: Arc<Choices>,
    /// Labels in use elsewhere that are not here yet, by name.
    pub labels: Vec<String>,
    pub here: Vec<Somebody>,
    pub composer: Composer,
    /// What the customers' pages say of this person, as HTML.
    pub context: String,
}

pub enum Item {
    Event(EventLine),
    Message(Box<Shown>),
}

impl Item {
    /// Of messages; they order what happened in the same moment.
    fn id(&self) -> i64 {
        match self {
            Item::Message(shown) => shown.message.id.as_i64(),
            Item::Event(_) => 0,
        }
    }
}

pub struct EventLine {
    pub at: Timestamp,
    pub text: String,
}

pub struct Shown {
    pub message: Message,
    pub is_own: bool,
    pub is_note: bool,
    pub name: String,
    pub to: String,
    /// "Anruf", "über das Kontaktformular".
    pub kind: String,
    pub auto: &'static str,
    pub is_open: bool,
    pub short: String,
    pub text: Vec<Piece>,
    pub formatted: Option<Formatted>,
    pub quoted_lines: i64,
    pub state: &'static str,
    pub failure: String,
    pub may_act: bool,
    pub may_take_back: bool,
    pub files: Vec<FileLine>,
}

pub struct FileLine {
    pub href: String,
    pub name: String,
    pub size: String,
    pub icon: &'static str,
}

/// A stretch of text, or a web address in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub is_link: bool,
}

#[derive(Default)]
pub struct Composer {
    /// `answer`, `note`, or nothing for readers.
    pub kind: &'static str,
    pub may_answer: bool,
    pub may_note: bool,
    /// Why no answer can be written, in words.
    pub why_not: &'static str,
    pub names: String,
    pub is_many: bool,
    pub from: String,
    pub text: String,
    /// Addresses of the copy that are nobody's in [`Self::others`].
    pub cc: String,
    /// Further people of this conversation; a copy goes to those that are ticked.
    pub others: Vec<Other>,
    /// Everybody who gets a copy, by name.
    pub copies: String,
    /// Id of the customer's newest message on this screen.
    pub seen: String,
    pub state: String,
    /// When the draft was saved, in microseconds; 0 without one. The script compares it with what the device kept.
    pub draft_at: i64,
    pub error: String,
    pub field: &'static str,
    pub is_conflict: bool,
}

pub struct Other {
    pub address: String,
    pub name: String,
    pub is_ticked: bool,
    /// Wrote without having been part of this before: "to everybody" leaves them out, they are ticked by hand.
    pub is_new: bool,
}

impl Work {
    pub async fn read(visit: &Visit, page: &mut Page, id: Id<kinds::Conversation>, asked: &Asked, entered: Entered) -> Result<Self, Fault> {
        let (t, app, seat) = (visit.t(), &visit.app, &visit.seat);
        // Side by side, each on a connection of its own: what was said; who it is with and what can be chosen.
        let mut conn = visit.read().await?;
        let conversation = thread::head(&mut conn, seat, id).await?;
        let (profile, contact, last_message_at) = (conversation.profile_id, conversation.contact_id, conversation.last_message_at);
        let said = async {
            let thread = thread::whole(&mut conn, seat, conversation).await;
            drop(conn);
            Ok::<_, Fault>(thread?)
        };
        let beside = async {
            let context = crate::pages::customers::panel(visit, profile, contact).await?;
            Ok((context, desk::people::choices(app, &mut *visit.read().await?, seat).await?))
        };
        let (mut thread, (context, choices)) = tokio::try_join!(said, beside)?;
        let now = app.now();
        // What a script fetches ahead has not been looked at.
        if !visit.visitor.is_prefetch {
            seen(visit, page, id, last_message_at).await?;
            app.presence.note(id, seat.user(), &seat.person.name, false, now);
        }
        let here = app.presence.who(id, seat.user(), now);

        let c = &thread.conversation;
        let reaches = |permission| seat.reaches(permission, c.team_id, c.account_id);
        let (may_answer, may_note, may_organise) =
            (reaches(Permission::InboxAnswer), reaches(Permission::InboxNote), reaches(Permission::InboxOrganise));
        let composer = composer(visit, &thread, entered, may_answer, may_note);
        let title = [c.subject.trim(), c.from_name.trim(), t.thread_no_subject()]
            .into_iter()
            .find(|s| !s.is_empty())
            .unwrap_or_default()
            .to_string();
        let view = asked.view.parse().unwrap_or(match c.status {
            Status::Done => View::Done,
            Status::Snoozed => View::Snoozed,
            Status::Open if c.assignee_id == Some(seat.user()) => View::Mine,
            Status::Open => View::All,
        });
        let current = Priority::from_i64(c.priority);
        let priorities: Vec<_> = Priority::ALL.into_iter().rev().map(|p| (p.name(), priority(t, p), p == current)).collect();
        let newest = thread.messages.last().map(|m| m.id.to_string()).unwrap_or_default();
        let labels = choices.labels.iter().filter(|l| may_organise && !thread.labels.contains(l)).take(60).cloned().collect();
        // Which blog says more than that it is one.
        let (icon, channel) = (icon(&c.channel), if c.is_public { c.account_name.clone() } else { word(t, &c.channel) });
        let status = match c.status {
            Status::Open => t.thread_status_open(),
            Status::Snoozed => t.thread_status_snoozed(),
            Status::Done => t.thread_status_done(),
        };
        let waits = c.waiting_since.filter(|_| c.status != Status::Done).map(|since| list::waits(t, since, now)).unwrap_or_default();
        let is_cut = thread.messages.len() >= MESSAGES;
        let items = items(visit, &mut thread, may_answer);
        Ok(Self {
            id,
            view,
            place: asked.place(view),
            title,
            icon,
            channel,
            items,
            newest,
            is_cut,
            status,
            priority: priority(t, current),
            priorities,
            waits,
            may_organise,
            choices,
            labels,
            here,
            composer,
            context,
            thread,
        })
    }

    /// The first public post's address: where answers to it are written.
    pub fn post_url(&self) -> Option<&str> {
        self.items.iter().find_map(|item| match item {
            Item::Message(shown) => shown.message.post.as_ref()?.url.as_deref(),
            Item::Event(_) => None,
        })
    }
    /// The conversation's address, or that of something done to it; the place in the list goes along.
    pub fn href(&self, page: &crate::Page, rest: &str) -> String {
        page.href(&format!("inbox/{}{rest}?{}", self.id, self.place))
    }
    /// What this page shows came until then, in microseconds since 1970.
    pub fn seen_until(&self, page: &crate::Page) -> i64 {
        page.now.max(self.thread.conversation.last_message_at).0
    }
    /// The time of day at which a colleague began.
    pub fn since(&self, page: &crate::Page, at: &Timestamp) -> String {
        page.t.time(*at, &page.zone)
    }
    pub fn is_assignee(&self, user: &Id<kinds::User>) -> bool {
        self.thread.conversation.assignee_id.as_ref() == Some(user)
    }
    pub fn is_team(&self, team: &Id<kinds::Team>) -> bool {
        self.thread.conversation.team_id.as_ref() == Some(team)
    }
}

pub(super) fn priority(t: Texts, priority: Priority) -> &'static str {
    match priority {
        Priority::Low => t.thread_priority_low(),
        Priority::Normal => t.thread_priority_normal(),
        Priority::High => t.thread_priority_high(),
        Priority::Urgent => t.thread_priority_urgent(),
    }
}

/// The conversation has been looked at, as it stood when the page was begun, and with it what mentions the person there. Nobody waits for
/// the marks.
async fn seen(visit: &Visit, page: &mut Page, id: Id<kinds::Conversation>, last_message_at: Timestamp) -> Result<(), Fault> {
    let has_mentions = page.mentions > 0;
    if has_mentions {
        page.mentions = desk::mentions::unseen(&mut *visit.read().await?, &visit.seat, Some(id)).await?;
    }
    desk::reads::note(&visit.app, &visit.seat, id, page.now.max(last_message_at), has_mentions);
    Ok(())
}

/// Messages and events in the order in which they happened.
fn items(visit: &Visit, thread: &mut Thread, may_answer: bool) -> Vec<Item> {
    let t = visit.t();
    let folded = thread.messages.len().saturating_sub(UNFOLDED);
    let mut items: Vec<(Timestamp, Item)> =
        thread.events.iter().map(|event| (event.at, Item::Event(EventLine { at: event.at, text: event_words(t, event) }))).collect();
    let messages = std::mem::take(&mut thread.messages);
    let mut budget = html::BUDGET;
    // From the newest on: what the page can show with its form is what is read first.
    for (at, message) in messages.into_iter().enumerate().rev() {
        let formatted = formatted(visit, t, &message, &mut budget);
        items.push((message.sort_at, Item::Message(Box::new(shown(visit, t, message, formatted, at >= folded, may_answer)))));
    }
    items.sort_by_key(|(at, item)| (*at, matches!(item, Item::Message(_)), item.id()));
    items.into_iter().map(|(_, item)| item).collect()
}

fn event_words(t: Texts, event: &ThreadEvent) -> String {
    let action = event.detail.0.get("action").and_then(|a| a.as_str()).unwrap_or("other");
    let name = event.actor_name.as_deref().unwrap_or(t.event_nobody());
    t.by_key(&format!("event-{action}"), &[("name", name.into())]).unwrap_or_else(|| t.event_other(name))
}

fn formatted(visit: &Visit, t: Texts, message: &Message, budget: &mut usize) -> Option<Formatted> {
    let source = message.html.as_deref().filter(|source| message.post.is_none() && !source.is_empty())?;
    *budget = budget.checked_sub(source.len())?;
    let pictures: Vec<(&str, String)> =
        message.attachments.iter().filter_map(|a| Some((a.content_id.as_deref()?, visit.path(format!("files/{}", a.id))))).collect();
    html::formatted(t, source, &pictures)
}

fn shown(visit: &Visit, t: Texts, message: Message, formatted: Option<Formatted>, is_late: bool, may_answer: bool) -> Shown {
    let is_own = message.direction == Direction::Out;
    let names = |list: &[channels::Mailbox]| {
        list.iter().map(|m| m.name.as_deref().filter(|n| !n.is_empty()).unwrap_or(&m.address)).collect::<Vec<_>>().join(", ")
    };
    let (to, cc) = (names(&message.recipients.to), names(&message.recipients.cc));
    let to = match (to.is_empty(), cc.is_empty()) {
        (true, _) => String::new(),
        (false, true) => t.thread_to(to),
        (false, false) => t.thread_to_cc(cc, to),
    };
    let kind = match message.kind.as_str() {
        "form" => t.thread_kind_form(),
        "call" => t.thread_kind_call(),
        "letter" => t.thread_kind_letter(),
        "visit" => t.thread_kind_visit(),
        "fair" => t.thread_kind_fair(),
        _ => "",
    };
    let auto = match message.auto.as_deref() {
        None => "",
        Some("auto-reply") => t.thread_auto_reply(),
        Some("bounce") => t.thread_auto_bounce(),
        Some("list") => t.thread_auto_list(),
        Some(_) => t.thread_auto_other(),
    };
    let state = match message.state {
        MessageState::Queued => t.thread_state_queued(),
        MessageState::Sending => t.thread_state_sending(),
        MessageState::Sent => t.thread_state_sent(),
        MessageState::Failed => t.thread_state_failed(),
        MessageState::Unsure => t.thread_state_unsure(),
        MessageState::Received | MessageState::Undone => "",
    };
    let name = message.post.as_ref().and_then(|p| p.author_name.clone()).unwrap_or_else(|| message.author_name.clone());
    let name = [name.trim(), message.author_address.as_deref().unwrap_or_default(), t.inbox_somebody()]
        .into_iter()
        .find(|n| !n.is_empty())
        .unwrap_or_default()
        .to_string();
    let text = message.post.as_ref().map_or(message.text.as_str(), |post| post.text.as_str());
    let files = message.attachments.iter().map(|a| FileLine {
        href: visit.path(format!("files/{}", a.id)),
        name: a.name.clone(),
        size: t.bytes(a.size),
        icon: if a.mime.starts_with("image/") { "image" } else { "file" },
    });
    Shown {
        is_own,
        is_note: message.direction == Direction::Note,
        to,
        kind: kind.to_string(),
        auto,
        is_open: is_late || matches!(message.state, MessageState::Failed | MessageState::Unsure | MessageState::Queued),
        short: model::text::excerpt(text, 140),
        quoted_lines: message.quoted.as_ref().map_or(0, |q| i64::try_from(q.lines().count()).unwrap_or(0)),
        state,
        failure: message.failure.as_ref().map(|f| f.render(t)).unwrap_or_default(),
        may_act: may_answer,
        may_take_back: message.state == MessageState::Queued
            && message.author_id == Some(visit.seat.user())
            && message.deliver_after.is_some_and(|at| at > visit.app.now()),
        files: files.collect(),
        text: pieces(text),
        formatted,
        name,
        message,
    }
}

/// Cuts web addresses out of a text, so that they can be links. What a sentence puts behind an address is not part of it.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut plain = String::new();
    while let Some(at) = ["https://", "http://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        plain.push_str(&rest[..at]);
        let end =
            rest[at..].find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '“' | '”' | '„')).map_or(rest.len(), |n| at + n);
        let mut url = rest[at..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_']);
        if url.ends_with(')') && !url.contains('(') {
            url = url.trim_end_matches(')');
        }
        let host = url.split_once("://").map_or("", |(_, host)| host);
        if host.starts_with(char::is_alphanumeric) || host.starts_with('[') {
            if !plain.is_empty() {
                pieces.push(Piece { text: std::mem::take(&mut plain), is_link: false });
            }
            pieces.push(Piece { text: url.to_string(), is_link: true });
            rest = &rest[at + url.len()..];
        } else {
            plain.push_str(&rest[at..end]);
            rest = &rest[end..];
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece { text: plain, is_link: false });
    }
    pieces
}

fn composer(visit: &Visit, thread: &Thread, entered: Entered, may_answer: bool, may_note: bool) -> Composer {
    let t = visit.t();
    let c = &thread.conversation;
    let customers: Vec<&thread::Participant> =
        thread.participants.iter().filter(|p| p.role == "customer" && p.address.contains('@')).collect();
    let why_not = if !may_answer {
        t.composer_not_allowed()
    } else if c.is_public {
        t.thread_post_answer()
    } else if customers.is_empty() {
        t.composer_no_address()
    } else {
        ""
    };
    let may_answer = why_not.is_empty();
    let failed = thread.drafts.answer.as_ref().and_then(|d| d.failure.as_ref());
    let kind = match entered.kind.as_str() {
        "note" if may_note => "note",
        "answer" | "all" if may_answer => "answer",
        // A note that was begun, when nothing else was, is what one goes on with.
        _ if may_answer && (thread.drafts.answer.is_some() || thread.drafts.note.is_none()) => "answer",
        _ if may_note => "note",
        _ if may_answer => "answer",
        _ => "",
    };
    let draft = if kind == "note" { thread.drafts.note.as_ref() } else { thread.drafts.answer.as_ref() };
    let state = draft
        .map_or_else(|| t.composer_draft_empty().to_string(), |d| t.composer_draft_saved(t.time(d.updated_at, &visit.seat.time_zone())));
    let failure: Option<&Sentence> = failed.map(|f| &f.0).filter(|_| kind == "answer");
    let error = if entered.error.is_empty() {
        failure.map(|f| format!("{} {}", t.composer_draft_failed(), f.render(t))).unwrap_or_default()
    } else {
        entered.error
    };
    let cc = if entered.text.is_some() { entered.cc } else { draft.map(|d| d.cc.clone()).unwrap_or_default() };
    let (others, cc) = copies(thread, &cc, entered.kind == "all");
    let ticked = others.iter().filter(|o| o.is_ticked).map(|o| o.name.as_str());
    let copies = ticked.chain(cc.iter().map(String::as_str)).collect::<Vec<_>>().join(", ");
    Composer {
        kind,
        may_answer,
        may_note,
        why_not,
        is_many: customers.len() > 1,
        names: customers
            .iter()
            .map(|p| if p.name.is_empty() { p.address.as_str() } else { p.name.as_str() })
            .collect::<Vec<_>>()
            .join(", "),
        from: c.account_address.clone().unwrap_or_default(),
        cc: cc.join(", "),
        others,
        copies,
        text: entered.text.or_else(|| draft.map(|d| d.text.clone())).unwrap_or_default(),
        seen: thread.newest_inbound().map(|id| id.to_string()).unwrap_or_default(),
        state,
        draft_at: draft.map_or(0, |d| d.updated_at.micros()),
        error,
        field: entered.field,
        is_conflict: entered.is_conflict,
    }
}

/// Splits the copy of a draft into participants and other addresses.
fn copies(thread: &Thread, cc: &str, to_all: bool) -> (Vec<Other>, Vec<String>) {
    let mut cc: Vec<String> = cc.split([',', ';']).map(|a| a.trim().to_string()).filter(|a| !a.is_empty()).collect();
    let own = thread.conversation.account_address.as_deref().unwrap_or_default();
    let others = thread
        .participants
        .iter()
        .filter(|p| p.role != "customer" && p.address.contains('@') && !p.address.eq_ignore_ascii_case(own))
        .map(|p| {
            let is_p = |address: &str| address.eq_ignore_ascii_case(&p.address);
            let is_new = thread.messages.iter().any(|m| m.is_new_participant && m.author_address.as_deref().is_some_and(is_p));
            let is_ticked = cc.iter().any(|address| is_p(address)) || to_all && !is_new;
            cc.retain(|address| !is_p(address));
            let name = if p.name.is_empty() { p.address.clone() } else { p.name.clone() };
            Other { address: p.address.clone(), name, is_ticked, is_new }
        })
        .collect();
    (others, cc)
}

#[cfg(test)]
mod tests {
    use super::pieces;

    fn links(text: &str) -> Vec<String> {
        pieces(text).into_iter().filter(|p| p.is_link).map(|p| p.text).collect()
    }

    #[test]
    fn addresses_end_where_the_sentence_goes_on() {
        assert_eq!(
            links("Siehe https://firma.example/a?b=1, und (http://b.example)."),
            ["https://firma.example/a?b=1", "http://b.example"]
        );
        assert_eq!(links("https://de.wikipedia.org/wiki/Tresen_(Möbel)"), ["https://de.wikipedia.org/wiki/Tresen_(Möbel)"]);
        assert!(links("http:// https://. javascript:alert(1)").is_empty());
    }

    #[test]
    fn nothing_of_the_text_is_lost() {
        for text in ["", "ohne", "a https://b.example c", "https://", "„https://b.example“ http://http://x.example"] {
            assert_eq!(pieces(text).into_iter().map(|p| p.text).collect::<String>(), text);
        }
    }
}

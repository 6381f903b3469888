//! The list: views, counts, rows.

use domain::accounts::Permission;
use domain::desk::list::{self, Counts, Filter, Row};
use domain::desk::{Priority, View};
use i18n::Texts;
use model::{Id, Timestamp, kinds};

use super::{Asked, icon, word};
use crate::Visit;
use crate::error::Fault;

/// Rows of one page.
const PAGE: usize = 50;

pub struct ListPane {
    pub view: View,
    pub tabs: Vec<Tab>,
    /// Behind "more".
    pub further: Vec<Tab>,
    pub rows: Vec<Line>,
    pub older: Option<String>,
    /// The query that shows this part of the list again, and its first page.
    pub place: String,
    pub first: String,
    /// Only conversations with this label are shown.
    pub label: String,
    /// The name of the account whose conversations alone are shown.
    pub account: String,
    pub is_first_page: bool,
    /// Heading and sentence of an empty view.
    pub empty: (&'static str, &'static str),
    pub may_log: bool,
    pub may_see_channels: bool,
}

pub struct Tab {
    pub href: String,
    pub name: String,
    /// "9", "99+", or nothing.
    pub count: String,
    pub is_current: bool,
}

pub struct Line {
    pub row: Row,
    pub href: String,
    pub name: String,
    pub text: String,
    pub icon: &'static str,
    pub channel: String,
    /// "wartet 3 Std."
    pub waits: String,
    pub is_selected: bool,
    /// What stands beside the list is being read.
    pub is_unread: bool,
    pub is_snoozed: bool,
    pub priority: &'static str,
    /// A colleague who writes an answer right now.
    pub busy: Option<String>,
}

impl ListPane {
    pub async fn read(visit: &Visit, view: View, asked: &Asked, selected: Option<Id<kinds::Conversation>>) -> Result<Self, Fault> {
        let t = visit.t();
        let mut conn = visit.read().await?;
        let counts = list::counts(&mut conn, &visit.seat).await?;
        let filter = filter(asked, view);
        let mut rows = list::page(&mut conn, &visit.seat, &filter, PAGE as i64 + 1).await?;
        let account = match filter.account {
            Some(account) => list::account_name(&mut conn, &visit.seat, account).await?.unwrap_or_default(),
            None => String::new(),
        };
        drop(conn);
        let more = rows.len() > PAGE;
        rows.truncate(PAGE);
        let place = asked.place(view);
        let first = Asked { before: String::new(), ..asked.clone() }.place(view);
        let older = rows
            .last()
            .filter(|_| more)
            .map(|last| visit.path(format!("inbox?{first}&before={}-{}", last.last_message_at.micros(), last.id)));
        let rows = rows.into_iter().map(|row| line(visit, &place, row, selected)).collect();
        let (tabs, further) = tabs(visit, t, view, &counts);
        Ok(Self {
            view,
            tabs,
            further,
            rows,
            older,
            place,
            first,
            label: filter.label.unwrap_or_default(),
            account,
            is_first_page: filter.before.is_none(),
            empty: empty(t, view),
            may_log: visit.seat.can(Permission::InboxLog),
            may_see_channels: visit.seat.can(Permission::ChannelRead),
        })
    }
    /// The view shown, where its tab stands in the menu.
    pub fn further_current(&self) -> Option<&str> {
        self.further.iter().find(|tab| tab.is_current).map(|tab| tab.name.as_str())
    }
}

fn filter(asked: &Asked, view: View) -> Filter {
    let label = Some(asked.label.trim().to_string()).filter(|l| !l.is_empty());
    Filter { view, label, account: asked.account.parse().ok(), before: keyset(&asked.before) }
}

/// `MICROSECONDS-ID` of the last row on screen.
fn keyset(before: &str) -> Option<(Timestamp, Id<kinds::Conversation>)> {
    let (at, id) = before.split_once('-')?;
    Some((Timestamp::from_micros(at.parse().ok()?), id.parse().ok()?))
}

fn line(visit: &Visit, place: &str, row: Row, selected: Option<Id<kinds::Conversation>>) -> Line {
    let (t, now) = (visit.t(), visit.app.now());
    let busy = visit.app.presence.who(row.id, visit.seat.user(), now).into_iter().find(|s| s.is_writing).map(|s| s.name);
    let name =
        [row.from_name.trim(), row.subject.trim(), t.inbox_somebody()].into_iter().find(|n| !n.is_empty()).unwrap_or_default().to_string();
    let text = if row.excerpt.trim().is_empty() { row.subject.clone() } else { row.excerpt.clone() };
    Line {
        href: visit.path(format!("inbox/{}?{place}", row.id)),
        name,
        text,
        icon: icon(&row.channel),
        channel: word(t, &row.channel),
        waits: row.waiting_since.filter(|_| row.status != domain::desk::Status::Done).map(|since| waits(t, since, now)).unwrap_or_default(),
        is_selected: selected == Some(row.id),
        is_unread: row.is_unread && selected != Some(row.id),
        is_snoozed: row.status == domain::desk::Status::Snoozed,
        priority: match Priority::from_i64(row.priority) {
            Priority::High => t.thread_priority_high(),
            Priority::Urgent => t.thread_priority_urgent(),
            _ => "",
        },
        busy,
        row,
    }
}

/// How long somebody has waited, in the unit a person would name.
pub(super) fn waits(t: Texts, since: Timestamp, now: Timestamp) -> String {
    let minutes = i64::try_from(now.since(since).as_secs() / 60).unwrap_or(i64::MAX);
    match minutes {
        0..60 => t.inbox_waits_minutes(minutes),
        60..1440 => t.inbox_waits_hours(minutes / 60),
        _ => t.inbox_waits_days(minutes / 1440),
    }
}

fn tabs(visit: &Visit, t: Texts, current: View, counts: &Counts) -> (Vec<Tab>, Vec<Tab>) {
    let tab = |view: View, name: String, count: Option<i64>| Tab {
        href: visit.path(format!("inbox?view={view}")),
        name,
        count: count.filter(|n| *n > 0).map(figure).unwrap_or_default(),
        is_current: view == current,
    };
    let mut teams: Vec<Tab> = counts.teams.iter().map(|(id, name, n)| tab(View::Team(*id), t.inbox_view_team(name), Some(*n))).collect();
    let mut first = vec![tab(View::Mine, t.inbox_view_mine().into(), Some(counts.mine))];
    // One team fits beside the others; a second one goes behind "more".
    let rest = teams.split_off(teams.len().min(1));
    first.extend(teams);
    first.push(tab(View::All, t.inbox_view_all().into(), Some(counts.all)));
    let mut further = rest;
    further.push(tab(View::Unassigned, t.inbox_view_unassigned().into(), Some(counts.unassigned)));
    further.push(tab(View::Snoozed, t.inbox_view_snoozed().into(), Some(counts.snoozed)));
    further.push(tab(View::Done, t.inbox_view_done().into(), None));
    (first, further)
}

fn figure(n: i64) -> String {
    if n >= Counts::MOST { format!("{}+", Counts::MOST - 1) } else { n.to_string() }
}

fn empty(t: Texts, view: View) -> (&'static str, &'static str) {
    match view {
        View::Mine => (t.inbox_empty_mine(), t.inbox_empty_mine_detail()),
        View::Team(_) => (t.inbox_empty_team(), t.inbox_empty_team_detail()),
        View::Unassigned => (t.inbox_empty_unassigned(), t.inbox_empty_unassigned_detail()),
        View::All => (t.inbox_empty_all(), t.inbox_empty_all_detail()),
        View::Snoozed => (t.inbox_empty_snoozed(), t.inbox_empty_snoozed_detail()),
        View::Done => (t.inbox_empty_done(), t.inbox_empty_done_detail()),
    }
}

/// The conversation behind this one at its place in the list, for people who want to go on after an answer.
pub(super) async fn following(visit: &Visit, id: Id<kinds::Conversation>) -> Result<Option<Id<kinds::Conversation>>, Fault> {
    if !visit.seat.person.next_after_answer {
        return Ok(None);
    }
    let asked = Asked::in_path(&visit.visitor.path);
    let filter = filter(&asked, asked.view.parse().unwrap_or(View::All));
    let rows = list::page(&mut *visit.read().await?, &visit.seat, &filter, 200).await?;
    let at = rows.iter().position(|row| row.id == id);
    let behind = at.and_then(|at| rows.get(at + 1)).or_else(|| rows.iter().find(|row| row.id != id));
    Ok(behind.map(|row| row.id))
}

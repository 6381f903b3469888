//! The list: views with keyset paging, newest first.

use std::collections::BTreeSet;

use db::{Conn, Value, args, row, sql};
use model::{Id, Timestamp, kinds};

use super::{Status, View, store};
use crate::accounts::{Permission, Scope, Seat};
use crate::{Result, fold_key};

row! {
    pub struct Row {
        pub id: Id<kinds::Conversation>,
        pub channel: String,
        pub is_public: bool,
        pub subject: String,
        pub from_name: String,
        pub excerpt: String,
        pub lang: String,
        pub status: Status,
        pub priority: i64,
        pub assignee_id: Option<Id<kinds::User>>,
        pub assignee_name: Option<String>,
        pub team_id: Option<Id<kinds::Team>>,
        pub snoozed_until: Option<Timestamp>,
        pub waiting_since: Option<Timestamp>,
        pub last_message_at: Timestamp,
        pub messages: i64,
        pub is_unread: bool,
        pub imported: bool,
        /// Names joined by U+001F.
        pub label_list: Option<String>,
    }
}

impl Row {
    pub fn labels(&self) -> Vec<&str> {
        self.label_list.as_deref().unwrap_or_default().split('\u{1f}').filter(|l| !l.is_empty()).collect()
    }
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub view: View,
    pub label: Option<String>,
    pub account: Option<Id<kinds::ChannelAccount>>,
    /// The page behind this row.
    pub before: Option<(Timestamp, Id<kinds::Conversation>)>,
}

/// Where a list is read: each of these has an index in the list's order, so that a page costs the same however many conversations there are.
#[derive(Debug, Clone, Copy)]
enum Place {
    Everywhere,
    Team(Id<kinds::Team>),
    Account(Id<kinds::ChannelAccount>),
}

impl Place {
    /// All that a view must look at for a seat: the whole workspace, or the teams and accounts within reach one by one.
    fn of(seat: &Seat, view: View, account: Option<Id<kinds::ChannelAccount>>) -> Vec<Place> {
        match (view, account, seat.scope(Permission::InboxRead)) {
            (View::Team(team), ..) => vec![Place::Team(team)],
            // A person's conversations have an index of their own.
            (View::Mine, ..) => vec![Place::Everywhere],
            (_, Some(account), _) => vec![Place::Account(account)],
            (_, None, Scope::Everything) => vec![Place::Everywhere],
            (_, None, Scope::Only { teams, accounts }) => {
                teams.into_iter().map(Place::Team).chain(accounts.into_iter().map(Place::Account)).collect()
            }
        }
    }

    fn id(self) -> Option<i64> {
        match self {
            Place::Everywhere => None,
            Place::Team(id) => Some(id.as_i64()),
            Place::Account(id) => Some(id.as_i64()),
        }
    }
}

// The condition of every view, put into a statement for the place where it is read.
// $1 workspace, $2 person, $3 everything?, $4 teams, $5 accounts, $6 id of the place.
macro_rules! statement { ($statement:ident, $view:expr, $place:expr) => { match ($view, $place) {
    (View::Mine, place) => statement!(@ $statement, place, "c.assignee_id = $2 AND c.status = 'open'"),
    // PostgreSQL takes the index as sorted behind `IS NULL` only where the order names that column too.
    (View::Unassigned, Place::Everywhere) => $statement!(["c.assignee_id DESC, "] "c.assignee_id IS NULL AND c.status = 'open' AND $6 IS NULL"),
    (View::Unassigned, place) => statement!(@ $statement, place, "c.assignee_id IS NULL AND c.status = 'open'"),
    (View::All | View::Team(_), place) => statement!(@ $statement, place, "c.status = 'open'"),
    (View::Snoozed, place) => statement!(@ $statement, place, "c.status = 'snoozed'"),
    (View::Done, place) => statement!(@ $statement, place, "c.status = 'done'"),
} };
(@ $statement:ident, $place:expr, $view:literal) => { match $place {
    Place::Everywhere => $statement!([""] $view " AND $6 IS NULL"),
    Place::Team(_) => $statement!([""] $view " AND c.team_id = $6"),
    Place::Account(_) => $statement!([""] $view " AND c.account_id = $6"),
} } }

/// `$1` to `$6`.
fn values(seat: &Seat, place: Place) -> Vec<Value> {
    let (all, teams, accounts) = store::reach(&seat.scope(Permission::InboxRead));
    args![seat.ws(), seat.user(), all, teams, accounts, place.id()]
}

macro_rules! rows { ([$order:literal] $($where:tt)*) => { sql!(
    "SELECT c.id, c.channel, c.is_public, c.subject, c.from_name, c.excerpt, c.lang, c.status, c.priority, c.assignee_id, u.name AS assignee_name, c.team_id, c.snoozed_until,
       c.waiting_since, c.last_message_at, c.messages, c.imported,
       NOT EXISTS (SELECT 1 FROM conversation_reads r WHERE r.workspace_id = c.workspace_id AND r.conversation_id = c.id AND r.user_id = $2 AND r.read_at >= c.last_message_at) AS is_unread,
       (SELECT string_agg(l.label, '\u{1f}' ORDER BY l.label_key) FROM conversation_labels l WHERE l.workspace_id = c.workspace_id AND l.conversation_id = c.id) AS label_list
     FROM conversations c LEFT JOIN users u ON u.id = c.assignee_id
     WHERE c.workspace_id = $1 AND ($3 OR c.team_id IN " [ids "$4"] " OR c.account_id IN " [ids "$5"] ") AND " $($where)* "
       AND (c.last_message_at, c.id) < ($7, $8)
       AND ($9 IS NULL OR EXISTS (SELECT 1 FROM conversation_labels l WHERE l.workspace_id = c.workspace_id AND l.conversation_id = c.id AND l.label_key = $9))
       AND ($10 IS NULL OR c.account_id = $10)
     ORDER BY " $order "c.last_message_at DESC, c.id DESC LIMIT $11") } }

/// One page of a view, at most `limit` rows.
pub async fn page(conn: &mut Conn, seat: &Seat, filter: &Filter, limit: i64) -> Result<Vec<Row>> {
    let (at, id) = filter.before.map_or((i64::MAX, i64::MAX), |(at, id)| (at.micros(), id.as_i64()));
    let label = filter.label.as_deref().map(fold_key);
    let places = Place::of(seat, filter.view, filter.account);
    let mut page: Vec<Row> = Vec::new();
    for place in &places {
        let mut values = values(seat, *place);
        values.extend(args![at, id, label.clone(), filter.account, limit]);
        page.extend(conn.all::<Row>(statement!(rows, filter.view, place), values).await?);
    }
    if places.len() > 1 {
        page.sort_by_key(|row| std::cmp::Reverse((row.last_message_at, row.id)));
        page.dedup_by_key(|row| row.id);
        page.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    Ok(page)
}

/// Open conversations by view; each figure stops at [`Counts::MOST`], because nobody reads more and counting millions takes time.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    pub mine: i64,
    pub unassigned: i64,
    pub all: i64,
    pub snoozed: i64,
    /// The person's teams.
    pub teams: Vec<(Id<kinds::Team>, String, i64)>,
}

impl Counts {
    pub const MOST: i64 = 100;
}

macro_rules! few { ([$order:literal] $($where:tt)*) => { sql!(
    "SELECT c.id FROM conversations c WHERE c.workspace_id = $1 AND ($3 OR c.team_id IN " [ids "$4"] " OR c.account_id IN " [ids "$5"] ") AND " $($where)* " LIMIT 100") } }

/// How many conversations a view holds, up to [`Counts::MOST`].
async fn count(conn: &mut Conn, seat: &Seat, view: View) -> Result<i64> {
    let mut met = BTreeSet::new();
    for place in Place::of(seat, view, None) {
        let few: Vec<(Id<kinds::Conversation>,)> = conn.all(statement!(few, view, place), values(seat, place)).await?;
        met.extend(few);
    }
    Ok(i64::try_from(met.len()).unwrap_or(Counts::MOST).min(Counts::MOST))
}

pub async fn counts(conn: &mut Conn, seat: &Seat) -> Result<Counts> {
    let (every, teams, accounts) = store::reach(&seat.scope(Permission::InboxRead));
    let teams = conn
        .all(
            sql!("SELECT t.id, t.name,
                    (SELECT COUNT(*) FROM (SELECT 1 FROM conversations c WHERE c.workspace_id = $1 AND c.team_id = t.id AND c.status = 'open'
                       AND ($3 OR c.team_id IN " [ids "$4"] " OR c.account_id IN " [ids "$5"] ") LIMIT 100) AS few)
                  FROM teams t JOIN team_members m ON m.workspace_id = t.workspace_id AND m.team_id = t.id
                  WHERE t.workspace_id = $1 AND m.membership_id = $2 ORDER BY t.name"),
            args![seat.ws(), seat.membership, every, teams, accounts],
        )
        .await?;
    if seat.scope(Permission::InboxRead) == Scope::Everything {
        let (mine, unassigned, all, snoozed) = conn.one(EVERYWHERE, args![seat.ws(), seat.user()]).await?;
        return Ok(Counts { mine, unassigned, all, snoozed, teams });
    }
    Ok(Counts {
        mine: count(conn, seat, View::Mine).await?,
        unassigned: count(conn, seat, View::Unassigned).await?,
        all: count(conn, seat, View::All).await?,
        snoozed: count(conn, seat, View::Snoozed).await?,
        teams,
    })
}

/// The usual case in one statement: these figures stand on every page.
const EVERYWHERE: &str = "SELECT
   (SELECT COUNT(*) FROM (SELECT 1 FROM conversations WHERE workspace_id = $1 AND assignee_id = $2 AND status = 'open' LIMIT 100) AS mine),
   (SELECT COUNT(*) FROM (SELECT 1 FROM conversations WHERE workspace_id = $1 AND assignee_id IS NULL AND status = 'open' LIMIT 100) AS unassigned),
   (SELECT COUNT(*) FROM (SELECT 1 FROM conversations WHERE workspace_id = $1 AND status = 'open' LIMIT 100) AS every),
   (SELECT COUNT(*) FROM (SELECT 1 FROM conversations WHERE workspace_id = $1 AND status = 'snoozed' LIMIT 100) AS snoozed)";

/// The name of an account of the workspace.
pub async fn account_name(conn: &mut Conn, seat: &Seat, account: Id<kinds::ChannelAccount>) -> Result<Option<String>> {
    let found: Option<(String,)> =
        conn.opt("SELECT name FROM channel_accounts WHERE workspace_id = $1 AND id = $2", args![seat.ws(), account]).await?;
    Ok(found.map(|(name,)| name))
}

//! The list: views with keyset paging, newest first.

use db::{Conn, Sql, args, row, sql};
use model::{Id, Timestamp, kinds};

use super::{Status, View, store};
use crate::accounts::{Permission, Seat};
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

// What every view selects. $1 workspace, $2 person, $3 $4 keyset, $5 limit, $6 everything?, $7 teams, $8 accounts, $9 label key, $10 account.
macro_rules! list_sql { ($where:literal) => { sql!(
    "SELECT c.id, c.channel, c.is_public, c.subject, c.from_name, c.excerpt, c.lang, c.status, c.priority, c.assignee_id, u.name AS assignee_name, c.team_id, c.snoozed_until,
       c.waiting_since, c.last_message_at, c.messages, c.imported,
       NOT EXISTS (SELECT 1 FROM conversation_reads r WHERE r.workspace_id = c.workspace_id AND r.conversation_id = c.id AND r.user_id = $2 AND r.read_at >= c.last_message_at) AS is_unread,
       (SELECT string_agg(l.label, '\u{1f}' ORDER BY l.label_key) FROM conversation_labels l WHERE l.workspace_id = c.workspace_id AND l.conversation_id = c.id) AS label_list
     FROM conversations c LEFT JOIN users u ON u.id = c.assignee_id
     WHERE c.workspace_id = $1 AND " $where " AND (c.last_message_at, c.id) < ($3, $4)
       AND ($6 OR c.team_id IN " [ids "$7"] " OR c.account_id IN " [ids "$8"] ")
       AND ($9 IS NULL OR EXISTS (SELECT 1 FROM conversation_labels l WHERE l.workspace_id = c.workspace_id AND l.conversation_id = c.id AND l.label_key = $9))
       AND ($10 IS NULL OR c.account_id = $10)
     ORDER BY c.last_message_at DESC, c.id DESC LIMIT $5") } }

/// One page of a view, at most `limit` rows.
pub async fn page(conn: &mut Conn, seat: &Seat, filter: &Filter, limit: i64) -> Result<Vec<Row>> {
    let (at, id) = filter.before.map_or((i64::MAX, i64::MAX), |(at, id)| (at.micros(), id.as_i64()));
    let (all, teams, accounts) = store::reach(&seat.scope(Permission::InboxRead));
    let mut values =
        args![seat.ws(), seat.user(), at, id, limit, all, teams, accounts, filter.label.as_deref().map(fold_key), filter.account];
    let sql: Sql = match filter.view {
        View::Mine => list_sql!("c.assignee_id = $2 AND c.status = 'open'"),
        View::Team(team) => {
            values.push(team.into());
            list_sql!("c.team_id = $11 AND c.status = 'open'")
        }
        View::Unassigned => list_sql!("c.assignee_id IS NULL AND c.status = 'open'"),
        View::All => list_sql!("c.status = 'open'"),
        View::Snoozed => list_sql!("c.status = 'snoozed'"),
        View::Done => list_sql!("c.status = 'done'"),
    };
    Ok(conn.all(sql, values).await?)
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

macro_rules! count_sql { ($where:literal) => { sql!(
    "SELECT COUNT(*) FROM (SELECT 1 FROM conversations c WHERE c.workspace_id = $1 AND " $where "
       AND ($2 OR c.team_id IN " [ids "$3"] " OR c.account_id IN " [ids "$4"] ") LIMIT 100) AS few") } }

pub async fn counts(conn: &mut Conn, seat: &Seat) -> Result<Counts> {
    let scope = seat.scope(Permission::InboxRead);
    let base = || {
        let (all, teams, accounts) = store::reach(&scope);
        args![seat.ws(), all, teams, accounts]
    };
    let with = |value: db::Value| {
        let mut values = base();
        values.push(value);
        values
    };
    let (mine,): (i64,) = conn.one(count_sql!("c.assignee_id = $5 AND c.status = 'open'"), with(seat.user().into())).await?;
    let (unassigned,): (i64,) = conn.one(count_sql!("c.assignee_id IS NULL AND c.status = 'open'"), base()).await?;
    let (all,): (i64,) = conn.one(count_sql!("c.status = 'open'"), base()).await?;
    let (snoozed,): (i64,) = conn.one(count_sql!("c.status = 'snoozed'"), base()).await?;
    let mine_teams: Vec<(Id<kinds::Team>, String)> = conn
        .all(
            "SELECT t.id, t.name FROM teams t JOIN team_members m ON m.workspace_id = t.workspace_id AND m.team_id = t.id
             WHERE t.workspace_id = $1 AND m.membership_id = $2 ORDER BY t.name",
            args![seat.ws(), seat.membership],
        )
        .await?;
    let mut teams = Vec::with_capacity(mine_teams.len());
    for (team, name) in mine_teams {
        let (count,): (i64,) = conn.one(count_sql!("c.team_id = $5 AND c.status = 'open'"), with(team.into())).await?;
        teams.push((team, name, count));
    }
    Ok(Counts { mine, unassigned, all, snoozed, teams })
}

/// The name of an account of the workspace.
pub async fn account_name(conn: &mut Conn, seat: &Seat, account: Id<kinds::ChannelAccount>) -> Result<Option<String>> {
    let found: Option<(String,)> =
        conn.opt("SELECT name FROM channel_accounts WHERE workspace_id = $1 AND id = $2", args![seat.ws(), account]).await?;
    Ok(found.map(|(name,)| name))
}

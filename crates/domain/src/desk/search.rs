//! Full-text search: the same sets on both engines, what came last first. Posts and messages; people have lists of their own.
//!
//! The order is that of the ids (when something came here), not that of the dates: a text index can be read in the order of its rows and left after
//! one page, however often a word occurs; for the order of dates every hit would have to be looked at.

use db::{Conn, Engine, Row, Sql, Value, args, row, sql};
use model::{Id, Timestamp, kinds};

use super::{Status, store};
use crate::Result;
use crate::accounts::{Permission, Seat};

row! {
    pub struct FoundMessage {
        pub conversation_id: Id<kinds::Conversation>,
        pub message_id: Id<kinds::Message>,
        pub direction: super::Direction,
        pub subject: String,
        pub from_name: String,
        pub channel: String,
        pub status: Status,
        pub text: String,
        pub sort_at: Timestamp,
    }
    pub struct FoundPost {
        pub id: Id<kinds::Post>,
        pub title: Option<String>,
        pub text: String,
        pub url: Option<String>,
        pub site: Option<String>,
        pub author_name: Option<String>,
        pub sort_at: Timestamp,
    }
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub channel: Option<String>,
    pub status: Option<Status>,
    /// The page behind this message or post.
    pub before: Option<i64>,
}

/// Both engines' words for it; `None` where nothing is asked.
fn search(words: &str) -> Option<Value> {
    let narrow = matching::search_query(words);
    Some(Value::Search { sqlite: narrow.to_fts5()?, postgres: narrow.to_tsquery()? })
}

// CROSS JOIN: SQLite keeps this order, and so reads the text index first.
macro_rules! messages { ($hits:tt) => { sql!(
    "SELECT m.conversation_id, m.id AS message_id, m.direction, c.subject, c.from_name, c.channel, c.status, m.text, m.sort_at
     FROM " $hits " AS h CROSS JOIN messages m CROSS JOIN conversations c
     WHERE m.id = h.rowid AND m.workspace_id = $2 AND c.workspace_id = m.workspace_id AND c.id = m.conversation_id
       AND ($4 OR c.team_id IN " [ids "$5"] " OR c.account_id IN " [ids "$6"] ")
       AND ($7 IS NULL OR c.channel = $7) AND ($8 IS NULL OR c.status = $8)
     ORDER BY h.rowid DESC LIMIT $9") } }

/// Messages within the seat's reach that hold every word (or its stem).
pub async fn messages(conn: &mut Conn, seat: &Seat, words: &str, filter: &Filter, limit: i64) -> Result<Vec<FoundMessage>> {
    const STEPS: [Sql; 2] = [messages!([newest_hits "messages_fts" "$1" "$3" "10000"]), messages!([hits "messages_fts" "$1" "$3"])];
    let Some(search) = search(words) else { return Ok(Vec::new()) };
    let (all, teams, accounts) = store::reach(&seat.scope(Permission::InboxRead));
    let values = args![
        search,
        seat.ws(),
        filter.before.unwrap_or(i64::MAX),
        all,
        teams,
        accounts,
        filter.channel.clone(),
        filter.status.map(|s| s.name().to_string()),
        limit
    ];
    page(conn, STEPS, values, limit).await
}

/// A page of what was found: see `newest_hits` in `db/src/dialect.rs`.
async fn page<T: Row>(conn: &mut Conn, [newest, all]: [Sql; 2], values: Vec<Value>, limit: i64) -> Result<Vec<T>> {
    if conn.engine() == Engine::Postgres {
        let found = conn.all(newest, values.clone()).await?;
        if i64::try_from(found.len()).is_ok_and(|n| n >= limit) {
            return Ok(found);
        }
    }
    Ok(conn.all(all, values).await?)
}

macro_rules! posts { ($hits:tt) => { sql!(
    "SELECT p.id, p.title, p.text, p.url, p.site, f.name AS author_name, p.sort_at FROM " $hits " AS h CROSS JOIN posts p
     LEFT JOIN profiles f ON f.workspace_id = p.workspace_id AND f.id = p.profile_id
     WHERE p.id = h.rowid AND p.workspace_id = $2 AND ($4 OR p.account_id IN " [ids "$5"] ")
     ORDER BY h.rowid DESC LIMIT $6") } }

/// Public posts that hold every word (or its stem).
pub async fn posts(conn: &mut Conn, seat: &Seat, words: &str, filter: &Filter, limit: i64) -> Result<Vec<FoundPost>> {
    const STEPS: [Sql; 2] = [posts!([newest_hits "posts_fts" "$1" "$3" "10000"]), posts!([hits "posts_fts" "$1" "$3"])];
    let Some(search) = search(words).filter(|_| seat.can(Permission::ListenRead)) else { return Ok(Vec::new()) };
    let (all, _, accounts) = store::reach(&seat.scope(Permission::ListenRead));
    page(conn, STEPS, args![search, seat.ws(), filter.before.unwrap_or(i64::MAX), all, accounts, limit], limit).await
}

//! Full-text search: the same sets on both engines, what came last first. Posts and messages; people have lists of their own.
//!
//! The order is that of the ids (when something came here), not that of the dates: a text index can be read in the order of its rows and left after
//! one page, however often a word occurs; for the order of dates every hit would have to be looked at.

use db::{Conn, Value, args, row, sql};
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

/// Messages within the seat's reach that hold every word (or its stem).
pub async fn messages(conn: &mut Conn, seat: &Seat, words: &str, filter: &Filter, limit: i64) -> Result<Vec<FoundMessage>> {
    let Some(search) = search(words) else { return Ok(Vec::new()) };
    let (all, teams, accounts) = store::reach(&seat.scope(Permission::InboxRead));
    Ok(conn
        .all(
            // CROSS JOIN: SQLite keeps this order, and so reads the text index first.
            sql!("SELECT m.conversation_id, m.id AS message_id, m.direction, c.subject, c.from_name, c.channel, c.status, m.text, m.sort_at
                  FROM messages_fts CROSS JOIN messages m CROSS JOIN conversations c
                  WHERE " [found "messages_fts" "$1"] " AND messages_fts.rowid < $3 AND m.id = messages_fts.rowid AND m.workspace_id = $2
                    AND c.workspace_id = m.workspace_id AND c.id = m.conversation_id
                    AND ($4 OR c.team_id IN " [ids "$5"] " OR c.account_id IN " [ids "$6"] ")
                    AND ($7 IS NULL OR c.channel = $7) AND ($8 IS NULL OR c.status = $8)
                  ORDER BY messages_fts.rowid DESC LIMIT $9"),
            args![
                search,
                seat.ws(),
                filter.before.unwrap_or(i64::MAX),
                all,
                teams,
                accounts,
                filter.channel.clone(),
                filter.status.map(|s| s.name().to_string()),
                limit
            ],
        )
        .await?)
}

/// Public posts that hold every word (or its stem).
pub async fn posts(conn: &mut Conn, seat: &Seat, words: &str, filter: &Filter, limit: i64) -> Result<Vec<FoundPost>> {
    let Some(search) = search(words).filter(|_| seat.can(Permission::ListenRead)) else { return Ok(Vec::new()) };
    let (all, _, accounts) = store::reach(&seat.scope(Permission::ListenRead));
    Ok(conn
        .all(
            sql!("SELECT p.id, p.title, p.text, p.url, p.site, f.name AS author_name, p.sort_at FROM posts_fts CROSS JOIN posts p
                  LEFT JOIN profiles f ON f.workspace_id = p.workspace_id AND f.id = p.profile_id
                  WHERE " [found "posts_fts" "$1"] " AND posts_fts.rowid < $3 AND p.id = posts_fts.rowid AND p.workspace_id = $2 AND ($4 OR p.account_id IN " [ids "$5"] ")
                  ORDER BY posts_fts.rowid DESC LIMIT $6"),
            args![search, seat.ws(), filter.before.unwrap_or(i64::MAX), all, accounts, limit],
        )
        .await?)
}

//! Full-text search: the same sets on both engines, newest first. Posts, messages, people.

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
    pub before: Option<(Timestamp, i64)>,
}

/// Both engines' words for it; `None` where nothing is asked.
fn search(words: &str) -> Option<Value> {
    let narrow = matching::search_query(words);
    Some(Value::Search { sqlite: narrow.to_fts5()?, postgres: narrow.to_tsquery()? })
}

/// Messages within the seat's reach that hold every word (or its stem), newest first.
pub async fn messages(conn: &mut Conn, seat: &Seat, words: &str, filter: &Filter, limit: i64) -> Result<Vec<FoundMessage>> {
    let Some(search) = search(words) else { return Ok(Vec::new()) };
    let (all, teams, accounts) = store::reach(&seat.scope(Permission::InboxRead));
    let (at, id) = filter.before.unwrap_or((Timestamp(i64::MAX), i64::MAX));
    Ok(conn
        .all(
            sql!("SELECT m.conversation_id, m.id AS message_id, m.direction, c.subject, c.from_name, c.channel, c.status, m.text, m.sort_at
                  FROM messages_fts JOIN messages m ON m.id = messages_fts.rowid
                  JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id
                  WHERE " [found "messages_fts" "$1"] " AND m.workspace_id = $2 AND (m.sort_at, m.id) < ($3, $4)
                    AND ($5 OR c.team_id IN " [ids "$6"] " OR c.account_id IN " [ids "$7"] ")
                    AND ($8 IS NULL OR c.channel = $8) AND ($9 IS NULL OR c.status = $9)
                  ORDER BY m.sort_at DESC, m.id DESC LIMIT $10"),
            args![
                search,
                seat.ws(),
                at,
                id,
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

/// Public posts that hold every word (or its stem), newest first.
pub async fn posts(conn: &mut Conn, seat: &Seat, words: &str, filter: &Filter, limit: i64) -> Result<Vec<FoundPost>> {
    let Some(search) = search(words).filter(|_| seat.can(Permission::ListenRead)) else { return Ok(Vec::new()) };
    let (all, _, accounts) = store::reach(&seat.scope(Permission::ListenRead));
    let (at, id) = filter.before.unwrap_or((Timestamp(i64::MAX), i64::MAX));
    Ok(conn
        .all(
            sql!("SELECT p.id, p.title, p.text, p.url, p.site, f.name AS author_name, p.sort_at FROM posts_fts JOIN posts p ON p.id = posts_fts.rowid
                  LEFT JOIN profiles f ON f.workspace_id = p.workspace_id AND f.id = p.profile_id
                  WHERE " [found "posts_fts" "$1"] " AND p.workspace_id = $2 AND (p.sort_at, p.id) < ($3, $4) AND ($5 OR p.account_id IN " [ids "$6"] ")
                  ORDER BY p.sort_at DESC, p.id DESC LIMIT $7"),
            args![search, seat.ws(), at, id, all, accounts, limit],
        )
        .await?)
}

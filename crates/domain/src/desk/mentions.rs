//! Notes that mention somebody with `@Name`: what a colleague wants one to see.

use db::{Conn, Tx, args, row, sql};
use model::{Id, Timestamp, kinds};

use super::store;
use crate::accounts::{Permission, Seat};
use crate::{App, Result, events};

/// Mentions shown at most; older ones are found by search.
const SHOWN: i64 = 200;

row! {
    pub struct Mention {
        pub message_id: Id<kinds::Message>,
        pub conversation_id: Id<kinds::Conversation>,
        pub author_name: String,
        pub text: String,
        pub sort_at: Timestamp,
        pub seen_at: Option<Timestamp>,
        pub subject: String,
        pub from_name: String,
        pub channel: String,
    }
}

/// The person's mentions within their reach: what they have not seen first, then newest first.
pub async fn list(conn: &mut Conn, seat: &Seat) -> Result<Vec<Mention>> {
    let (all, teams, accounts) = store::reach(&seat.scope(Permission::InboxRead));
    Ok(conn
        .all(
            sql!("SELECT n.message_id, m.conversation_id, m.author_name, m.text, m.sort_at, n.seen_at, c.subject, c.from_name, c.channel
                  FROM mentions n JOIN messages m ON m.workspace_id = n.workspace_id AND m.id = n.message_id
                  JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id
                  WHERE n.workspace_id = $1 AND n.user_id = $2 AND ($3 OR c.team_id IN " [ids "$4"] " OR c.account_id IN " [ids "$5"] ")
                  ORDER BY (CASE WHEN n.seen_at IS NULL THEN 0 ELSE 1 END), m.sort_at DESC, m.id DESC LIMIT $6"),
            args![seat.ws(), seat.user(), all, teams, accounts, SHOWN],
        )
        .await?)
}

/// How many the person has not seen yet, at most 100; those in the conversation that is just being read do not count.
pub async fn unseen(conn: &mut Conn, seat: &Seat, read: Option<Id<kinds::Conversation>>) -> Result<i64> {
    let (all, teams, accounts) = store::reach(&seat.scope(Permission::InboxRead));
    let (count,): (i64,) = conn
        .one(
            sql!("SELECT COUNT(*) FROM (SELECT 1 FROM mentions n JOIN messages m ON m.workspace_id = n.workspace_id AND m.id = n.message_id
                    JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id
                    WHERE n.workspace_id = $1 AND n.user_id = $2 AND n.seen_at IS NULL AND ($3 OR c.team_id IN " [ids "$4"] " OR c.account_id IN " [ids "$5"] ")
                      AND ($6 IS NULL OR m.conversation_id <> $6) LIMIT 100) AS few"),
            args![seat.ws(), seat.user(), all, teams, accounts, read],
        )
        .await?;
    Ok(count)
}

/// All of them are seen.
pub async fn all_seen(app: &App, seat: &Seat) -> Result<()> {
    let mut tx = app.db.write().await?;
    seen(&mut tx, seat.ws(), seat.user(), None).await?;
    Ok(tx.commit().await?)
}

/// The person has seen what mentions them, in one conversation up to a time or everywhere; their other windows learn it.
pub(super) async fn seen(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    user: Id<kinds::User>,
    until: Option<(Id<kinds::Conversation>, Timestamp)>,
) -> Result<bool> {
    let now = tx.now();
    let (conversation, until) = until.unzip();
    let touched = tx
        .run(
            "UPDATE mentions SET seen_at = $3 WHERE workspace_id = $1 AND user_id = $2 AND seen_at IS NULL
               AND ($4 IS NULL OR message_id IN (SELECT id FROM messages WHERE workspace_id = $1 AND conversation_id = $4 AND kind = 'note' AND received_at <= $5))",
            args![ws, user, now, conversation, until],
        )
        .await?;
    if touched > 0 {
        events::record(tx, ws, "mention", conversation, Some(user), serde_json::json!({ "user": user })).await?;
    }
    Ok(touched > 0)
}

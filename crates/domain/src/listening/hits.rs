//! What a watch found, and what becomes of it.

use std::collections::HashMap;
use std::ops::Range;

use db::{Conn, Tx, args, row, sql};
use model::{Id, Timestamp, kinds};

use super::posts::{self, Stored};
use super::{matcher, reach};
use crate::accounts::{Permission, Seat};
use crate::{App, Error, Result, events};

/// A hit with its post and the places that made it match.
#[derive(Debug, Clone)]
pub struct Hit {
    pub id: Id<kinds::Hit>,
    pub post: Stored,
    /// Bytes of the post's text. Empty when the query has changed since.
    pub marks: Vec<Range<usize>>,
    /// The conversation that was made of it, if it is within the seat's reach.
    pub conversation: Option<Id<kinds::Conversation>>,
}

row! {
    struct HitRow {
        id: Id<kinds::Hit>,
        post_id: Id<kinds::Post>,
        conversation_id: Option<Id<kinds::Conversation>>,
        team_id: Option<Id<kinds::Team>>,
        account_id: Option<Id<kinds::ChannelAccount>>,
    }
}

/// Where a page ended.
pub type Place = (Timestamp, Id<kinds::Hit>);

/// One page of a watch's hits, newest first. Only posts the seat may see.
pub async fn list(conn: &mut Conn, seat: &Seat, watch: Id<kinds::Watch>, before: Option<Place>, limit: i64) -> Result<Vec<Hit>> {
    seat.require(Permission::ListenRead)?;
    let (at, id) = before.map_or((i64::MAX, i64::MAX), |(at, id)| (at.micros(), id.as_i64()));
    let (all, accounts) = reach(seat);
    let rows: Vec<HitRow> = conn
        .all(
            sql!("SELECT h.id, h.post_id, h.conversation_id, c.team_id, c.account_id FROM watch_hits h JOIN posts p ON p.workspace_id = h.workspace_id AND p.id = h.post_id
                  LEFT JOIN conversations c ON c.workspace_id = h.workspace_id AND c.id = h.conversation_id
                  WHERE h.workspace_id = $1 AND h.watch_id = $2 AND (h.sort_at, h.id) < ($3, $4) AND ($5 OR p.account_id IN " [ids "$6"] ")
                  ORDER BY h.sort_at DESC, h.id DESC LIMIT $7"),
            args![seat.ws(), watch, at, id, all, accounts.as_slice(), limit],
        )
        .await?;
    let ids: Vec<Id<kinds::Post>> = rows.iter().map(|r| r.post_id).collect();
    let mut posts: HashMap<Id<kinds::Post>, Stored> = posts::some(conn, seat, &ids).await?.into_iter().map(|p| (p.id, p)).collect();
    let query = matcher::compiled(conn, seat.ws(), watch).await?;
    let hit = |row: HitRow| {
        let post = posts.remove(&row.post_id)?;
        let marks = query.as_ref().map(|q| q.highlights(&post.tokenised())).unwrap_or_default();
        let visible = row.account_id.is_some_and(|account| seat.reaches(Permission::InboxRead, row.team_id, account));
        Some(Hit { id: row.id, post, marks, conversation: row.conversation_id.filter(|_| visible) })
    };
    Ok(rows.into_iter().filter_map(hit).collect())
}

row! {
    struct Source {
        post_id: Id<kinds::Post>,
        account_id: Id<kinds::ChannelAccount>,
        team_id: Option<Id<kinds::Team>>,
        channel: String,
        profile_id: Option<Id<kinds::Profile>>,
        author_name: Option<String>,
        title: Option<String>,
        text: String,
        lang: String,
        sort_at: Timestamp,
    }
}

/// Makes a public conversation of a hit: its one message references the post and copies nothing. Asked again, or for another hit of the same
/// post, it gives the same conversation.
pub async fn converse(app: &App, seat: &Seat, hit: Id<kinds::Hit>) -> Result<Id<kinds::Conversation>> {
    seat.require(Permission::HitConvert)?;
    let mut tx = app.db.write().await?;
    let source: Source = tx
        .opt(
            "SELECT p.id AS post_id, p.account_id, a.team_id, p.channel, p.profile_id, f.name AS author_name, p.title, p.text, p.lang, p.sort_at
             FROM watch_hits h JOIN posts p ON p.workspace_id = h.workspace_id AND p.id = h.post_id
             JOIN channel_accounts a ON a.workspace_id = p.workspace_id AND a.id = p.account_id
             LEFT JOIN profiles f ON f.workspace_id = p.workspace_id AND f.id = p.profile_id
             WHERE h.workspace_id = $1 AND h.id = $2",
            args![seat.ws(), hit],
        )
        .await?
        .filter(|s: &Source| seat.reaches(Permission::ListenRead, s.team_id, s.account_id))
        .ok_or(Error::NotFound)?;
    if !seat.reaches(Permission::HitConvert, source.team_id, source.account_id) {
        return Err(Error::Forbidden(Permission::HitConvert.name()));
    }
    // The post's row is the lock: two people who press at once open one conversation.
    tx.opt::<(i64,)>(sql!("SELECT id FROM posts WHERE workspace_id = $1 AND id = $2" for_update), args![seat.ws(), source.post_id]).await?;
    let known: Option<(Id<kinds::Conversation>,)> = tx
        .opt(
            "SELECT m.conversation_id FROM messages m JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id
             WHERE m.workspace_id = $1 AND m.post_id = $2 AND c.is_public ORDER BY m.id LIMIT 1",
            args![seat.ws(), source.post_id],
        )
        .await?;
    let conversation = match known {
        Some((id,)) => id,
        None => begin(&mut tx, seat, &source).await?,
    };
    tx.run(
        "UPDATE watch_hits SET conversation_id = $3 WHERE workspace_id = $1 AND post_id = $2 AND conversation_id IS NULL",
        args![seat.ws(), source.post_id, conversation],
    )
    .await?;
    tx.commit().await?;
    Ok(conversation)
}

async fn begin(tx: &mut Tx, seat: &Seat, source: &Source) -> Result<Id<kinds::Conversation>> {
    let (id, message, now) = (tx.id::<kinds::Conversation>(), tx.id::<kinds::Message>(), tx.now());
    // What the inbox's list shows of it.
    let subject = model::text::excerpt(source.title.as_deref().unwrap_or(&source.text), 120);
    let excerpt = model::text::excerpt(&source.text, 180);
    tx.run(
        "INSERT INTO conversations (id, workspace_id, account_id, channel, is_public, subject, from_name, excerpt, lang, status, priority, team_id, profile_id, last_message_at,
           messages, created_at) VALUES ($1, $2, $3, $4, TRUE, $5, $6, $7, $8, 'open', 1, $9, $10, $11, 1, $12)",
        args![
            id,
            seat.ws(),
            source.account_id,
            &source.channel,
            subject,
            source.author_name.clone().unwrap_or_default(),
            excerpt,
            &source.lang,
            source.team_id,
            source.profile_id,
            source.sort_at,
            now
        ],
    )
    .await?;
    tx.run(
        "INSERT INTO messages (id, workspace_id, conversation_id, account_id, direction, kind, post_id, author_name, text, external_id, lang, sent_at, received_at, sort_at, state)
         VALUES ($1, $2, $3, $4, 'in', 'post', $5, '', '', $6, $7, $8, $9, $8, 'received')",
        args![message, seat.ws(), id, source.account_id, source.post_id, format!("post:{}", source.post_id), &source.lang, source.sort_at, now],
    )
    .await?;
    // Somebody works with it now: it stays.
    tx.run("UPDATE posts SET expires_at = NULL WHERE workspace_id = $1 AND id = $2", args![seat.ws(), source.post_id]).await?;
    let detail = serde_json::json!({ "direction": "in", "message": message, "post": source.post_id });
    events::record(tx, seat.ws(), "conversation.new", Some(id), Some(seat.user()), detail).await?;
    Ok(id)
}

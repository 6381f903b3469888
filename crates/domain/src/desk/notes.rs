//! Internal notes: yellow, and never outside the house.

use db::{Conn, args, sql};
use model::{Id, kinds};

use super::{drafts, store};
use crate::accounts::{Permission, Seat};
use crate::{App, Error, Result, events, intake};

/// Adds a note; `@Name` of a member mentions them.
pub async fn add(app: &App, seat: &Seat, id: Id<kinds::Conversation>, text: &str) -> Result<Id<kinds::Message>> {
    let text = model::text::clean(text);
    if text.trim().is_empty() {
        return Err(Error::invalid("text", "error-text-empty"));
    }
    if text.len() > drafts::MAX_BYTES {
        return Err(Error::invalid("text", "error-text-too-long"));
    }
    let mut tx = app.db.write().await?;
    let conversation = store::lock(&mut tx, seat, Permission::InboxNote, id).await?;
    let (message, now) = (tx.id::<kinds::Message>(), tx.now());
    let lang = understanding::language(&text).code;
    tx.run(
        "INSERT INTO messages (id, workspace_id, conversation_id, account_id, direction, kind, author_id, author_name, text, lang, received_at, sort_at, state)
         VALUES ($1, $2, $3, $4, 'note', 'note', $5, $6, $7, $8, $9, $9, 'received')",
        args![message, seat.ws(), id, conversation.account_id, seat.user(), &seat.person.name, &text, lang, now],
    )
    .await?;
    intake::index_message(&mut tx, message, &[&text], lang).await?;
    for user in mentioned(&mut tx, seat.ws(), &text).await? {
        tx.run(
            "INSERT INTO mentions (workspace_id, message_id, user_id) VALUES ($1, $2, $3) ON CONFLICT (workspace_id, message_id, user_id) DO NOTHING",
            args![seat.ws(), message, user],
        )
        .await?;
        events::record(&mut tx, seat.ws(), "mention", Some(id), Some(seat.user()), serde_json::json!({ "user": user })).await?;
    }
    drafts::drop_draft(&mut tx, seat.ws(), id, seat.user(), "note").await?;
    events::record(&mut tx, seat.ws(), "conversation.message", Some(id), Some(seat.user()), serde_json::json!({ "direction": "note" }))
        .await?;
    tx.commit().await?;
    Ok(message)
}

/// Members whose full or first name follows an `@`; a first name only when it is nobody else's.
async fn mentioned(conn: &mut Conn, ws: Id<kinds::Workspace>, text: &str) -> Result<Vec<Id<kinds::User>>> {
    if !text.contains('@') {
        return Ok(Vec::new());
    }
    let members: Vec<(Id<kinds::User>, String)> = conn
        .all(sql!("SELECT u.id, u.name FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.workspace_id = $1"), args![ws])
        .await?;
    let text = crate::fold_key(text);
    let first = |name: &str| name.split(' ').next().unwrap_or_default().to_string();
    let keys: Vec<(Id<kinds::User>, String)> = members.into_iter().map(|(id, name)| (id, crate::fold_key(&name))).collect();
    Ok(keys
        .iter()
        .filter(|(_, name)| {
            let unique = keys.iter().filter(|(_, other)| first(other) == first(name)).count() == 1;
            let after = |needle: &str| {
                text.match_indices(&format!("@{needle}")).any(|(at, hit)| !text[at + hit.len()..].starts_with(char::is_alphanumeric))
            };
            after(name) || unique && after(&first(name))
        })
        .map(|(id, _)| *id)
        .collect())
}

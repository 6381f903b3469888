//! Taking back what one did a moment ago.

use std::time::Duration;

use db::{Json, Tx, args};
use model::{Id, kinds};

use super::store;
use crate::accounts::{Permission, Seat};
use crate::{App, Error, Result, events, fold_key};

/// How long an action can be taken back. The toast shows it for 10 seconds; the key works a little longer.
const LASTS: Duration = Duration::from_secs(600);

/// Keeps the former values of what a verb changed.
pub(super) async fn remember(
    tx: &mut Tx,
    seat: &Seat,
    conversation: Id<kinds::Conversation>,
    former: serde_json::Value,
) -> Result<Id<kinds::Event>> {
    let (id, now) = (tx.id::<kinds::Event>(), tx.now());
    tx.run(
        "INSERT INTO undos (id, workspace_id, user_id, conversation_id, former, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        args![id, seat.ws(), seat.user(), conversation, former, now],
    )
    .await?;
    // Nothing here is worth keeping once it can no longer be used.
    tx.run("DELETE FROM undos WHERE workspace_id = $1 AND user_id = $2 AND created_at < $3", args![seat.ws(), seat.user(), now - LASTS])
        .await?;
    Ok(id)
}

/// The person's newest action that can still be taken back.
pub async fn newest(app: &App, seat: &Seat) -> Result<Option<Id<kinds::Event>>> {
    let mut conn = app.db.read().await?;
    let after = conn.now() - LASTS;
    let found: Option<(Id<kinds::Event>,)> = conn
        .opt(
            "SELECT id FROM undos WHERE workspace_id = $1 AND user_id = $2 AND created_at > $3 ORDER BY id DESC LIMIT 1",
            args![seat.ws(), seat.user(), after],
        )
        .await?;
    Ok(found.map(|(id,)| id))
}

/// Restores what the action changed, once. `NotFound` for anybody else's and for what is too old.
pub async fn undo(app: &App, seat: &Seat, id: Id<kinds::Event>) -> Result<Id<kinds::Conversation>> {
    let mut tx = app.db.write().await?;
    let after = tx.now() - LASTS;
    let (conversation, Json(former)): (Id<kinds::Conversation>, Json<serde_json::Map<String, serde_json::Value>>) = tx
        .opt(
            "DELETE FROM undos WHERE workspace_id = $1 AND id = $2 AND user_id = $3 AND created_at > $4 RETURNING conversation_id, former",
            args![seat.ws(), id, seat.user(), after],
        )
        .await?
        .ok_or(Error::NotFound)?;
    store::lock(&mut tx, seat, Permission::InboxOrganise, conversation).await?;
    let ws = seat.ws();
    for (what, value) in &former {
        let (number, text) = (value.as_i64(), value.as_str().unwrap_or_default());
        match what.as_str() {
            "assignee" => tx.run("UPDATE conversations SET assignee_id = $3 WHERE workspace_id = $1 AND id = $2", args![ws, conversation, number]).await?,
            "team" => tx.run("UPDATE conversations SET team_id = $3 WHERE workspace_id = $1 AND id = $2", args![ws, conversation, number]).await?,
            "status" => tx.run("UPDATE conversations SET status = $3, resolved_at = NULL WHERE workspace_id = $1 AND id = $2", args![ws, conversation, text]).await?,
            "snoozed_until" => tx.run("UPDATE conversations SET snoozed_until = $3 WHERE workspace_id = $1 AND id = $2", args![ws, conversation, number]).await?,
            "priority" => tx.run("UPDATE conversations SET priority = $3 WHERE workspace_id = $1 AND id = $2", args![ws, conversation, number.unwrap_or(1)]).await?,
            "remove_label" => {
                tx.run("DELETE FROM conversation_labels WHERE workspace_id = $1 AND conversation_id = $2 AND label_key = $3", args![ws, conversation, text]).await?
            }
            "add_label" => {
                tx.run(
                    "INSERT INTO conversation_labels (workspace_id, conversation_id, label_key, label) VALUES ($1, $2, $3, $4) ON CONFLICT (workspace_id, conversation_id, label_key) DO NOTHING",
                    args![ws, conversation, fold_key(text), text],
                )
                .await?
            }
            _ => 0,
        };
    }
    events::record(&mut tx, ws, "conversation.changed", Some(conversation), Some(seat.user()), serde_json::json!({ "action": "undone" }))
        .await?;
    tx.commit().await?;
    Ok(conversation)
}

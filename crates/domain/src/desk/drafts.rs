//! Unsent texts: saved while typing, so that a crash, a reload or a broken line costs two seconds at most.

use db::{Tx, args};
use i18n::Sentence;
use model::{Id, kinds};

use super::store;
use crate::accounts::{Permission, Seat};
use crate::{App, Error, Result, events};

/// Bytes of a draft at most.
pub const MAX_BYTES: usize = 200_000;

/// Saves the person's own draft; an empty one goes away. `kind` is `answer` or `note`.
pub async fn save(app: &App, seat: &Seat, id: Id<kinds::Conversation>, kind: &str, text: &str, cc: &str) -> Result<()> {
    let permission = match kind {
        "answer" => Permission::InboxAnswer,
        "note" => Permission::InboxNote,
        _ => return Err(Error::invalid("kind", "error-choice")),
    };
    if text.len() > MAX_BYTES {
        return Err(Error::invalid("text", "error-text-too-long"));
    }
    let text = model::text::clean(text);
    let mut tx = app.db.write().await?;
    store::load(&mut tx, seat, permission, id).await?;
    let was_there = keep(&mut tx, seat.ws(), id, seat.user(), kind, &text, cc, None).await?;
    // Colleagues learn that an answer has begun or was dropped, not every keystroke.
    if kind == "answer" && was_there == text.trim().is_empty() {
        events::record(&mut tx, seat.ws(), "conversation.draft", Some(id), Some(seat.user()), serde_json::json!({ "writing": !was_there }))
            .await?;
    }
    Ok(tx.commit().await?)
}

/// Writes or removes the row; whether there was one with text before.
#[expect(clippy::too_many_arguments, reason = "the row's columns")]
pub(super) async fn keep(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    id: Id<kinds::Conversation>,
    user: Id<kinds::User>,
    kind: &str,
    text: &str,
    cc: &str,
    failure: Option<&Sentence>,
) -> Result<bool> {
    let was: Option<(i64,)> = tx
        .opt(
            "SELECT user_id FROM drafts WHERE workspace_id = $1 AND conversation_id = $2 AND user_id = $3 AND kind = $4 AND text <> ''",
            args![ws, id, user, kind],
        )
        .await?;
    if text.trim().is_empty() {
        drop_draft(tx, ws, id, user, kind).await?;
    } else {
        let now = tx.now();
        tx.run(
            "INSERT INTO drafts (workspace_id, conversation_id, user_id, kind, text, cc, failure, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (workspace_id, conversation_id, user_id, kind) DO UPDATE SET text = excluded.text, cc = excluded.cc, failure = excluded.failure, updated_at = excluded.updated_at",
            args![ws, id, user, kind, text, cc, failure.map(serde_json::to_value).transpose()?, now],
        )
        .await?;
    }
    Ok(was.is_some())
}

pub(super) async fn drop_draft(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    id: Id<kinds::Conversation>,
    user: Id<kinds::User>,
    kind: &str,
) -> Result<()> {
    tx.run("DELETE FROM drafts WHERE workspace_id = $1 AND conversation_id = $2 AND user_id = $3 AND kind = $4", args![ws, id, user, kind])
        .await?;
    Ok(())
}

//! Attachments on their way to a screen: always as a download.

use db::args;
use model::{Id, kinds};

use super::store;
use crate::accounts::{Permission, Seat};
use crate::{App, Error, Result};

pub struct File {
    pub name: String,
    pub mime: String,
    pub bytes: Vec<u8>,
}

/// The attachment of a message within the seat's reach.
pub async fn open(app: &App, seat: &Seat, id: Id<kinds::Attachment>) -> Result<File> {
    let mut conn = app.db.read().await?;
    let (conversation, name, mime, sha256): (Id<kinds::Conversation>, String, String, String) = conn
        .opt(
            "SELECT m.conversation_id, a.name, a.mime, a.sha256 FROM attachments a JOIN messages m ON m.workspace_id = a.workspace_id AND m.id = a.message_id
             WHERE a.workspace_id = $1 AND a.id = $2",
            args![seat.ws(), id],
        )
        .await?
        .ok_or(Error::NotFound)?;
    store::load(&mut conn, seat, Permission::InboxRead, conversation).await?;
    drop(conn);
    let (blobs, ws) = (app.blobs.clone(), seat.ws());
    let bytes = tokio::task::spawn_blocking(move || blobs.read(ws, &sha256)).await.map_err(|e| Error::Internal(e.to_string()))??;
    Ok(File { name, mime, bytes })
}

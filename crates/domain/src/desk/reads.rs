//! Who has read what. Nobody waits for these marks: they are noted in memory and written a moment later, those of all people together, so
//! that opening a conversation costs no transaction of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use db::{Durability, Turn, Tx, args};
use model::{Id, Timestamp, kinds};

use super::mentions;
use crate::accounts::Seat;
use crate::{App, Result};

/// How long a mark may wait for others.
const SOON: Duration = Duration::from_millis(250);

type Mark = (Id<kinds::Workspace>, Id<kinds::Conversation>, Id<kinds::User>);

#[derive(Clone, Default)]
pub struct Reads(Arc<Mutex<HashMap<Mark, Timestamp>>>);

impl Reads {
    fn add(&self, mark: Mark, at: Timestamp) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.insert(mark, at);
        waiting.len() == 1
    }
    fn take(&self) -> HashMap<Mark, Timestamp> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The person has seen everything up to now. A mark that cannot be written leaves the dot in the list, that is all.
pub fn note(app: &App, seat: &Seat, conversation: Id<kinds::Conversation>) {
    if app.reads().add((seat.ws(), conversation, seat.user()), app.now()) {
        let app = app.clone();
        tokio::spawn(async move {
            tokio::time::sleep(SOON).await;
            if let Err(error) = write(&app).await {
                tracing::warn!(%error, "what was read could not be marked as read");
            }
        });
    }
}

/// Writes what is noted; before the program ends, too.
pub async fn write(app: &App) -> Result<()> {
    let marks = app.reads().take();
    if marks.is_empty() {
        return Ok(());
    }
    let mut tx = app.db.write_as(Turn::Person, Durability::Reread).await?;
    for (mark, at) in marks {
        set(&mut tx, mark, at).await?;
    }
    Ok(tx.commit_quietly().await?)
}

/// As [`note`], at once, with the notes in the conversation that mention the person.
pub async fn note_with_mentions(app: &App, seat: &Seat, conversation: Id<kinds::Conversation>) -> Result<()> {
    let mut tx = app.db.write_as(Turn::Person, Durability::Reread).await?;
    let now = tx.now();
    set(&mut tx, (seat.ws(), conversation, seat.user()), now).await?;
    if mentions::seen(&mut tx, seat, Some(conversation)).await? { Ok(tx.commit().await?) } else { Ok(tx.commit_quietly().await?) }
}

async fn set(tx: &mut Tx, (ws, conversation, user): Mark, at: Timestamp) -> Result<()> {
    tx.run(
        "INSERT INTO conversation_reads (workspace_id, conversation_id, user_id, read_at)
         SELECT workspace_id, id, $3, CASE WHEN last_message_at > $4 THEN last_message_at ELSE $4 END FROM conversations WHERE workspace_id = $1 AND id = $2
         ON CONFLICT (workspace_id, conversation_id, user_id) DO UPDATE SET read_at = excluded.read_at",
        args![ws, conversation, user, at],
    )
    .await?;
    Ok(())
}

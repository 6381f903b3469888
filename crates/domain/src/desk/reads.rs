//! Who has read what. Nobody waits for these marks: they are noted in memory and written a moment later, those of all people together, so
//! that opening a conversation costs no transaction of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use db::{Durability, Turn, args, sql};
use model::{Id, Timestamp, kinds};

use super::mentions;
use crate::accounts::Seat;
use crate::{App, Result};

/// How long a mark may wait for others.
const SOON: Duration = Duration::from_millis(250);

type Place = (Id<kinds::Workspace>, Id<kinds::Conversation>, Id<kinds::User>);

struct Mark {
    /// What came later is unread.
    at: Timestamp,
    /// Notes there may mention the person: they are seen, too.
    has_mentions: bool,
}

/// Sorted: processes that write marks of the same people write them in the same order.
#[derive(Clone, Default)]
pub struct Reads(Arc<Mutex<BTreeMap<Place, Mark>>>);

impl Reads {
    /// Whether it is the first one that waits.
    fn add(&self, place: Place, mark: Mark) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = waiting.is_empty();
        let kept = waiting.entry(place).or_insert(Mark { at: mark.at, has_mentions: false });
        *kept = Mark { at: kept.at.max(mark.at), has_mentions: kept.has_mentions || mark.has_mentions };
        is_first
    }
    fn take(&self) -> BTreeMap<Place, Mark> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The person has seen everything up to `at`, perhaps with notes that mention them. What comes before the mark is written stays unread. A mark
/// that cannot be written leaves the dot in the list, that is all.
pub fn note(app: &App, seat: &Seat, conversation: Id<kinds::Conversation>, at: Timestamp, has_mentions: bool) {
    if app.reads().add((seat.ws(), conversation, seat.user()), Mark { at, has_mentions }) {
        let app = app.clone();
        tokio::spawn(async move {
            tokio::time::sleep(SOON).await;
            if let Err(error) = write(&app).await {
                tracing::warn!(%error, "what was read could not be marked as read");
            }
        });
    }
}

/// As [`note`], and written when it returns.
pub async fn note_now(app: &App, seat: &Seat, conversation: Id<kinds::Conversation>, at: Timestamp) -> Result<()> {
    app.reads().add((seat.ws(), conversation, seat.user()), Mark { at, has_mentions: true });
    write(app).await
}

/// Writes what is noted; before the program ends, too.
pub async fn write(app: &App) -> Result<()> {
    let marks = app.reads().take();
    if marks.is_empty() {
        return Ok(());
    }
    let mut tx = app.db.write_as(Turn::Person, Durability::Reread).await?;
    let mut is_told = false;
    for ((ws, conversation, user), mark) in marks {
        tx.run(
            sql!("INSERT INTO conversation_reads (workspace_id, conversation_id, user_id, read_at)
                  SELECT workspace_id, id, $3, $4 FROM conversations WHERE workspace_id = $1 AND id = $2
                  ON CONFLICT (workspace_id, conversation_id, user_id) DO UPDATE SET read_at = " [greatest "conversation_reads.read_at" "excluded.read_at"]),
            args![ws, conversation, user, mark.at],
        )
        .await?;
        is_told |= mark.has_mentions && mentions::seen(&mut tx, ws, user, Some((conversation, mark.at))).await?;
    }
    if is_told { Ok(tx.commit().await?) } else { Ok(tx.commit_quietly().await?) }
}

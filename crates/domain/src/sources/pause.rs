//! Pausing an account and going on.

use db::args;
use model::{Id, kinds};

use super::store;
use crate::accounts::Seat;
use crate::{App, Result};

/// Nothing is fetched for this account any more. What is delivered to its address is taken all the same: a mail server would send it back.
pub async fn pause(app: &App, seat: &Seat, id: Id<kinds::ChannelAccount>) -> Result<()> {
    let mut tx = app.db.write().await?;
    let account = store::lock(&mut tx, seat, id).await?;
    tx.run("UPDATE channel_accounts SET state = 'paused' WHERE workspace_id = $1 AND id = $2", args![seat.ws(), id]).await?;
    if let Some(source) = account.source_id {
        // A look that is under way must not store for an account that has just been paused.
        tx.run("UPDATE sources SET fence = fence + 1 WHERE id = $1", args![source]).await?;
    }
    store::changed(&mut tx, seat.ws(), id, Some(seat.user()), "channel.paused").await?;
    Ok(tx.commit().await?)
}

/// Goes on where it stopped. A shared source has gone on meanwhile: it is read from its beginning, what is known stays as it is.
pub async fn resume(app: &App, seat: &Seat, id: Id<kinds::ChannelAccount>) -> Result<()> {
    let mut tx = app.db.write().await?;
    let account = store::lock(&mut tx, seat, id).await?;
    tx.run("UPDATE channel_accounts SET state = 'active', caught_up_at = NULL WHERE workspace_id = $1 AND id = $2", args![seat.ws(), id])
        .await?;
    if let Some(source) = account.source_id {
        let source = store::source(&mut tx, source).await?;
        if !source.source_key.starts_with("account:") {
            store::from_the_beginning(&mut tx, source.id).await?;
        } else {
            let now = tx.now();
            let state = if source.state == "gone" { "active" } else { source.state.as_str() };
            tx.run(
                "UPDATE sources SET state = $2, failures = 0, next_at = $3, revision = revision + 1 WHERE id = $1",
                args![source.id, state, now],
            )
            .await?;
        }
    }
    store::changed(&mut tx, seat.ws(), id, Some(seat.user()), "channel.resumed").await?;
    Ok(tx.commit().await?)
}

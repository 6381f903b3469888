//! Removing an account: what came through it stays, the connection and its secret go.

use db::{Tx, args};
use model::{Id, Timestamp, kinds};

use super::store;
use crate::accounts::Seat;
use crate::{App, Result};

pub async fn remove(app: &App, seat: &Seat, id: Id<kinds::ChannelAccount>) -> Result<()> {
    let mut tx = app.db.write().await?;
    store::lock(&mut tx, seat, id).await?;
    let now = tx.now();
    take_away(&mut tx, seat.ws(), id, now).await?;
    store::changed(&mut tx, seat.ws(), id, Some(seat.user()), "channel.removed").await?;
    Ok(tx.commit().await?)
}

/// Takes the connection and its secret away from an account.
pub(crate) async fn take_away(tx: &mut Tx, ws: Id<kinds::Workspace>, id: Id<kinds::ChannelAccount>, at: Timestamp) -> Result<()> {
    let source = store::source_of(tx, id).await?;
    tx.run(
        "UPDATE channel_accounts SET removed_at = $3, state = 'removed', source_id = NULL, settings = $4 WHERE workspace_id = $1 AND id = $2",
        args![ws, id, at, serde_json::json!({})],
    )
    .await?;
    tx.run("DELETE FROM inbound_addresses WHERE workspace_id = $1 AND account_id = $2", args![ws, id]).await?;
    if let Some(source) = source {
        // Whoever is reading for this account may not store any more.
        tx.run("UPDATE sources SET fence = fence + 1 WHERE id = $1", args![source]).await?;
        store::leave(tx, source).await?;
    }
    Ok(())
}

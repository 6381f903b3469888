//! Removing an account: what came through it stays, the connection and its secret go.

use db::args;
use model::{Id, kinds};

use super::store;
use crate::accounts::Seat;
use crate::{App, Result};

pub async fn remove(app: &App, seat: &Seat, id: Id<kinds::ChannelAccount>) -> Result<()> {
    let mut tx = app.db.write().await?;
    let account = store::lock(&mut tx, seat, id).await?;
    let now = tx.now();
    tx.run(
        "UPDATE channel_accounts SET removed_at = $3, state = 'removed', source_id = NULL, settings = $4 WHERE workspace_id = $1 AND id = $2",
        args![seat.ws(), id, now, serde_json::json!({})],
    )
    .await?;
    tx.run("DELETE FROM inbound_addresses WHERE account_id = $1", args![id]).await?;
    if let Some(source) = account.source_id {
        // Whoever is reading for this account may not store any more.
        tx.run("UPDATE sources SET fence = fence + 1 WHERE id = $1", args![source]).await?;
        store::leave(&mut tx, source).await?;
    }
    store::changed(&mut tx, seat.ws(), id, Some(seat.user()), "channel.removed").await?;
    Ok(tx.commit().await?)
}

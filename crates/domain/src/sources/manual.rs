//! The account under which people log what happened away from the screen.

use db::args;
use model::{Id, kinds};

use crate::{App, Result};

/// The account that calls, letters and visits are logged under; made on first use.
pub async fn manual_account(app: &App, ws: Id<kinds::Workspace>) -> Result<Id<kinds::ChannelAccount>> {
    let mut tx = app.db.write().await?;
    let found: Option<(Id<kinds::ChannelAccount>,)> = tx
        .opt(
            "SELECT id FROM channel_accounts WHERE workspace_id = $1 AND channel = 'manual' AND removed_at IS NULL ORDER BY id LIMIT 1",
            args![ws],
        )
        .await?;
    if let Some((id,)) = found {
        return Ok(id);
    }
    let (id, now) = (tx.id(), tx.now());
    tx.run(
        "INSERT INTO channel_accounts (id, workspace_id, channel, name, settings, state, created_at) VALUES ($1, $2, 'manual', 'manual', $3, 'active', $4)",
        args![id, ws, serde_json::json!({}), now],
    )
    .await?;
    tx.commit().await?;
    Ok(id)
}

//! Changing an account: its name, its team, how it is connected.

use db::args;
use model::{Id, kinds};

use super::fields::{self, Values};
use super::{connect, store};
use crate::accounts::Seat;
use crate::{App, Result};

#[derive(Debug, Clone, Default)]
pub struct Change {
    pub name: String,
    pub team: Option<Id<kinds::Team>>,
    /// `None` leaves the connection as it is. A blank secret stays what it was.
    pub values: Option<Values>,
    /// New settings of the account itself (a form's texts).
    pub own: Option<serde_json::Value>,
}

/// Stores the change; the listener starts anew with it. The cursor stays, so nothing is missed in between.
pub async fn change(app: &App, seat: &Seat, id: Id<kinds::ChannelAccount>, change: Change) -> Result<()> {
    let mut tx = app.db.write().await?;
    let account = store::lock(&mut tx, seat, id).await?;
    store::check_team(&mut tx, seat.ws(), change.team).await?;
    let channel = store::channel(&account.channel)?;
    let (mut address, mut source_id) = (account.address.clone(), account.source_id);
    if let (Some(values), Some(source)) = (&change.values, account.source_id) {
        let source = store::source(&mut tx, source).await?;
        let former = store::unseal(app, &source)?;
        let connection = fields::read(channel, values, Some(&former))?;
        address = fields::address(channel, &connection.settings);
        match fields::shared_key(channel, &connection) {
            Some(key) if key == source.source_key => {}
            Some(key) => {
                let shared = store::share(&mut tx, channel, &connection, &key).await?;
                connect::twice(&mut tx, seat.ws(), shared, fields::url_field(channel)).await?;
                source_id = Some(shared);
            }
            None if source.source_key.starts_with("account:") => {
                let (secret, key_id) = store::seal(app, source.id, &connection.secret)?;
                let (state, now) = (store::state(app, channel, &connection), tx.now());
                tx.run(
                    "UPDATE sources SET settings = $2, secret = $3, secret_key_id = $4, state = $5, failures = 0, next_at = $6, fence = fence + 1, revision = revision + 1 WHERE id = $1",
                    args![source.id, connection.settings.clone(), secret, key_id, state, now],
                )
                .await?;
            }
            None => source_id = Some(store::own(&mut tx, app, channel, &connection, id).await?),
        }
        store::take_address(&mut tx, seat.ws(), id, fields::inbound(channel, &connection.settings)).await?;
    }
    let name = store::name(&change.name, address.as_deref(), &account.channel)?;
    tx.run(
        "UPDATE channel_accounts SET name = $3, address = $4, team_id = $5, settings = COALESCE($7, settings),
           caught_up_at = CASE WHEN source_id = $6 THEN caught_up_at END, source_id = $6 WHERE workspace_id = $1 AND id = $2",
        args![seat.ws(), id, name, address, change.team, source_id, change.own],
    )
    .await?;
    if let Some(left) = account.source_id.filter(|former| source_id != Some(*former)) {
        store::leave(&mut tx, left).await?;
    }
    store::changed(&mut tx, seat.ws(), id, Some(seat.user()), "channel.edited").await?;
    Ok(tx.commit().await?)
}

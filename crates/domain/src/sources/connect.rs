//! Connecting an account.

use db::{Tx, args};
use model::{Id, kinds};

use super::fields::{self, Values};
use super::store;
use crate::accounts::{Permission, Seat};
use crate::{App, Error, Result};

/// What the guided form was filled in with.
#[derive(Debug, Clone, Default)]
pub struct NewAccount {
    /// A name of `channels::registry()`.
    pub channel: String,
    /// Empty: what the account's address is.
    pub name: String,
    pub team: Option<Id<kinds::Team>>,
    /// The channel's settings by name.
    pub values: Values,
    /// What belongs to the account and not to its source: a form's texts. `Null` where there is nothing.
    pub own: serde_json::Value,
}

/// Connects an account: from now on, history is not fetched.
///
/// # Errors
/// `InvalidFields` names every wrong setting; `Invalid` when the address receives for another account of this installation already.
pub async fn connect(app: &App, seat: &Seat, new: NewAccount) -> Result<Id<kinds::ChannelAccount>> {
    if !seat.can_everywhere(Permission::ChannelEdit) {
        return Err(Error::Forbidden(Permission::ChannelEdit.name()));
    }
    let mut tx = app.db.write().await?;
    let id = connect_in(&mut tx, app, seat.ws(), Some(seat.user()), new).await?;
    tx.commit().await?;
    Ok(id)
}

/// As [`connect`], inside somebody else's transaction and without a check of rights: for the demo and the command line.
pub async fn connect_in(
    tx: &mut Tx,
    app: &App,
    workspace: Id<kinds::Workspace>,
    actor: Option<Id<kinds::User>>,
    new: NewAccount,
) -> Result<Id<kinds::ChannelAccount>> {
    let channel = store::channel(&new.channel).map_err(|_| Error::invalid("channel", "error-choice"))?;
    let connection = fields::read(channel, &new.values, None)?;
    store::check_team(tx, workspace, new.team).await?;
    let address = fields::address(channel, &connection.settings);
    let name = store::name(&new.name, address.as_deref(), channel.capabilities().name)?;
    let (id, now) = (tx.id::<kinds::ChannelAccount>(), tx.now());
    let source = if channel.capabilities().settings.is_empty() {
        None
    } else if let Some(key) = fields::shared_key(channel, &connection) {
        let source = store::share(tx, channel, &connection, &key).await?;
        twice(tx, workspace, source, fields::url_field(channel)).await?;
        Some(source)
    } else {
        Some(store::own(tx, app, channel, &connection, id).await?)
    };
    let own = if new.own.is_null() { serde_json::json!({}) } else { new.own };
    tx.run(
        "INSERT INTO channel_accounts (id, workspace_id, source_id, channel, name, address, settings, state, team_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8, $9)",
        args![id, workspace, source, channel.capabilities().name, name, address, own, new.team, now],
    )
    .await?;
    store::take_address(tx, workspace, id, fields::inbound(channel, &connection.settings)).await?;
    store::changed(tx, workspace, id, actor, "channel.connected").await?;
    Ok(id)
}

/// One workspace hears a source once.
pub(super) async fn twice(
    tx: &mut Tx,
    workspace: Id<kinds::Workspace>,
    source: Id<kinds::Source>,
    field: Option<&'static str>,
) -> Result<()> {
    let there: Option<(i64,)> = tx
        .opt(
            "SELECT id FROM channel_accounts WHERE workspace_id = $1 AND source_id = $2 AND removed_at IS NULL LIMIT 1",
            args![workspace, source],
        )
        .await?;
    match there {
        Some(_) => Err(Error::invalid(field.unwrap_or("name"), "error-already-connected")),
        None => Ok(()),
    }
}

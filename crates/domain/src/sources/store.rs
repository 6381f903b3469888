//! Rows of accounts and sources, and the sealed secret between them.

use channels::{Channel, Connection};
use db::{Conn, Json, Tx, args, row, sql};
use model::{Id, kinds};
use serde_json::Value;

use crate::accounts::{Permission, Seat};
use crate::{App, Error, Result, events};

row! {
    pub(super) struct AccountRow {
        pub id: Id<kinds::ChannelAccount>,
        pub source_id: Option<Id<kinds::Source>>,
        pub channel: String,
        pub name: String,
        pub address: Option<String>,
        pub team_id: Option<Id<kinds::Team>>,
    }
    pub(super) struct SourceRow {
        pub id: Id<kinds::Source>,
        pub channel: String,
        pub source_key: String,
        pub settings: Json<Value>,
        pub secret: Option<Vec<u8>>,
        pub state: String,
    }
}

/// The account for a change, locked; `NotFound` outside the seat's reach.
pub(super) async fn lock(tx: &mut Tx, seat: &Seat, id: Id<kinds::ChannelAccount>) -> Result<AccountRow> {
    let account: AccountRow = tx
        .opt(
            sql!("SELECT id, source_id, channel, name, address, team_id FROM channel_accounts WHERE workspace_id = $1 AND id = $2 AND removed_at IS NULL" for_update),
            args![seat.ws(), id],
        )
        .await?
        .ok_or(Error::NotFound)?;
    if !seat.reaches(Permission::ChannelRead, account.team_id, account.id)
        && !seat.reaches(Permission::ChannelEdit, account.team_id, account.id)
    {
        return Err(Error::NotFound);
    }
    if !seat.reaches(Permission::ChannelEdit, account.team_id, account.id) {
        return Err(Error::Forbidden(Permission::ChannelEdit.name()));
    }
    Ok(account)
}

pub(super) fn channel(name: &str) -> Result<&'static dyn Channel> {
    channels::by_name(name).ok_or(Error::NotFound)
}

pub(super) fn place(source: Id<kinds::Source>) -> String {
    format!("source:{source}")
}

/// The sealed form of a secret: ciphertext and key id, both NULL when there is none.
pub(super) fn seal(app: &App, source: Id<kinds::Source>, secret: &Value) -> Result<(Option<Vec<u8>>, Option<String>)> {
    if secret.is_null() {
        return Ok((None, None));
    }
    let sealed = app.sealer.seal(&serde_json::to_vec(secret)?, &place(source), app.random())?;
    Ok((Some(sealed.bytes), Some(sealed.key_id)))
}

pub(super) fn unseal(app: &App, source: &SourceRow) -> Result<Connection> {
    let secret = match &source.secret {
        Some(bytes) => serde_json::from_slice(&app.sealer.open(bytes, &place(source.id))?)?,
        None => Value::Null,
    };
    Ok(Connection { settings: source.settings.0.clone(), secret })
}

pub(super) async fn source(conn: &mut Conn, id: Id<kinds::Source>) -> Result<SourceRow> {
    conn.opt("SELECT id, channel, source_key, settings, secret, state FROM sources WHERE id = $1", args![id]).await?.ok_or(Error::NotFound)
}

/// How an account is connected, with its secret unsealed: for sending. Drop it after the call.
pub async fn connection(
    app: &App,
    conn: &mut Conn,
    workspace: Id<kinds::Workspace>,
    account: Id<kinds::ChannelAccount>,
) -> Result<(&'static dyn Channel, Connection)> {
    let (name, source_id): (String, Option<Id<kinds::Source>>) = conn
        .opt(
            "SELECT channel, source_id FROM channel_accounts WHERE workspace_id = $1 AND id = $2 AND removed_at IS NULL",
            args![workspace, account],
        )
        .await?
        .ok_or(Error::NotFound)?;
    let channel = channel(&name)?;
    let connection = match source_id {
        Some(id) => unseal(app, &source(conn, id).await?)?,
        None => Connection::default(),
    };
    Ok((channel, connection))
}

/// Makes the source everybody shares, or finds it; a newcomer wants what is there now, so it is read from the beginning: the others know it.
pub(super) async fn share(tx: &mut Tx, channel: &'static dyn Channel, connection: &Connection, key: &str) -> Result<Id<kinds::Source>> {
    let (id, now) = (tx.id::<kinds::Source>(), tx.now());
    tx.run(
        "INSERT INTO sources (id, channel, source_key, settings, state, next_at, created_at) VALUES ($1, $2, $3, $4, 'active', $5, $5) ON CONFLICT (channel, source_key) DO NOTHING",
        args![id, channel.capabilities().name, key, connection.settings.clone(), now],
    )
    .await?;
    let (id,): (Id<kinds::Source>,) = tx
        .one(sql!("SELECT id FROM sources WHERE channel = $1 AND source_key = $2" for_update), args![channel.capabilities().name, key])
        .await?;
    from_the_beginning(tx, id).await?;
    Ok(id)
}

pub(super) async fn from_the_beginning(tx: &mut Tx, source: Id<kinds::Source>) -> Result<()> {
    let now = tx.now();
    tx.run(
        "UPDATE sources SET cursor = NULL, state = 'active', failures = 0, next_at = $2, fence = fence + 1, revision = revision + 1 WHERE id = $1",
        args![source, now],
    )
    .await?;
    Ok(())
}

/// A source of one account. `handed`: nothing is fetched, things are handed in; it only keeps the credentials.
pub(super) async fn own(
    tx: &mut Tx,
    app: &App,
    channel: &'static dyn Channel,
    connection: &Connection,
    account: Id<kinds::ChannelAccount>,
) -> Result<Id<kinds::Source>> {
    let (id, now) = (tx.id::<kinds::Source>(), tx.now());
    let (secret, key_id) = seal(app, id, &connection.secret)?;
    tx.run(
        "INSERT INTO sources (id, channel, source_key, settings, secret, secret_key_id, state, next_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        args![id, channel.capabilities().name, format!("account:{account}"), connection.settings.clone(), secret, key_id, state(app, channel, connection), now],
    )
    .await?;
    Ok(id)
}

pub(super) fn state(app: &App, channel: &'static dyn Channel, connection: &Connection) -> &'static str {
    if super::fields::is_handed(app, channel, connection) { "handed" } else { "active" }
}

/// Drops a source to which nobody listens any more, with its secret and its lease.
pub(super) async fn leave(tx: &mut Tx, source: Id<kinds::Source>) -> Result<()> {
    tx.opt::<(i64,)>(sql!("SELECT id FROM sources WHERE id = $1" for_update), args![source]).await?;
    tx.run("UPDATE channel_accounts SET source_id = NULL WHERE source_id = $1 AND removed_at IS NOT NULL", args![source]).await?;
    let others: Option<(i64,)> = tx.opt("SELECT id FROM channel_accounts WHERE source_id = $1 LIMIT 1", args![source]).await?;
    if others.is_none() {
        tx.run("DELETE FROM sources WHERE id = $1", args![source]).await?;
        tx.run("DELETE FROM leases WHERE name = $1", args![place(source)]).await?;
    }
    Ok(())
}

/// An inbound address belongs to one account of one workspace, installation-wide.
pub(super) async fn take_address(
    tx: &mut Tx,
    workspace: Id<kinds::Workspace>,
    account: Id<kinds::ChannelAccount>,
    inbound: Option<(&'static str, String)>,
) -> Result<()> {
    let key = inbound.as_ref().map(|(_, address)| crate::fold_key(address));
    tx.run("DELETE FROM inbound_addresses WHERE account_id = $1 AND ($2 IS NULL OR address_key <> $2)", args![account, key.clone()])
        .await?;
    let (Some((field, _)), Some(key)) = (inbound, key) else { return Ok(()) };
    tx.run(
        "INSERT INTO inbound_addresses (address_key, workspace_id, account_id) VALUES ($1, $2, $3) ON CONFLICT (address_key) DO NOTHING",
        args![&key, workspace, account],
    )
    .await?;
    let owner: Option<(Id<kinds::ChannelAccount>,)> =
        tx.opt("SELECT account_id FROM inbound_addresses WHERE address_key = $1", args![&key]).await?;
    if owner == Some((account,)) { Ok(()) } else { Err(Error::invalid(field, "error-address-taken")) }
}

pub(super) async fn check_team(tx: &mut Tx, workspace: Id<kinds::Workspace>, team: Option<Id<kinds::Team>>) -> Result<()> {
    if let Some(team) = team {
        let there: Option<(i64,)> = tx.opt("SELECT id FROM teams WHERE workspace_id = $1 AND id = $2", args![workspace, team]).await?;
        there.ok_or_else(|| Error::invalid("team", "error-choice"))?;
    }
    Ok(())
}

/// The account's name, as given or made of its address.
pub(super) fn name(given: &str, address: Option<&str>, channel: &str) -> Result<String> {
    let given = given.trim();
    let name = if given.is_empty() { address.unwrap_or(channel) } else { given };
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    if given.chars().count() > 120 {
        return Err(Error::invalid("name", "error-name"));
    }
    Ok(name.chars().take(120).collect())
}

pub(super) async fn changed(
    tx: &mut Tx,
    workspace: Id<kinds::Workspace>,
    account: Id<kinds::ChannelAccount>,
    actor: Option<Id<kinds::User>>,
    action: &str,
) -> Result<()> {
    events::record(tx, workspace, "channel.changed", Some(account), actor, serde_json::json!({ "action": action })).await?;
    let entry = crate::audit::Entry {
        workspace: Some(workspace),
        actor,
        action,
        subject_kind: Some("channel_account"),
        subject: Some(account.as_i64()),
        detail: serde_json::json!({}),
    };
    Ok(crate::audit::record(tx, entry).await?)
}

/// The source behind an account; `None` for accounts that are handed things.
pub async fn source_of(conn: &mut Conn, account: Id<kinds::ChannelAccount>) -> Result<Option<Id<kinds::Source>>> {
    let found: Option<(Option<Id<kinds::Source>>,)> =
        conn.opt("SELECT source_id FROM channel_accounts WHERE id = $1", args![account]).await?;
    Ok(found.and_then(|(id,)| id))
}

/// Makes every listener of a channel look now instead of at its next time.
pub async fn look_now(app: &App, channel: &str) -> Result<()> {
    let mut tx = app.db.write_reread().await?;
    let now = tx.now();
    tx.run("UPDATE sources SET next_at = $2, revision = revision + 1 WHERE channel = $1 AND state = 'active'", args![channel, now]).await?;
    let workspaces: Vec<(Id<kinds::Workspace>,)> =
        tx.all("SELECT DISTINCT workspace_id FROM channel_accounts WHERE channel = $1 AND removed_at IS NULL", args![channel]).await?;
    for (workspace,) in workspaces {
        crate::events::record::<kinds::Source>(&mut tx, workspace, "channel.changed", None, None, serde_json::json!({})).await?;
    }
    Ok(tx.commit().await?)
}

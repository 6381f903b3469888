//! Through which account an answer leaves.

use channels::{Channel, Connection, Failure, Mailbox};
use db::{Conn, Json, args};
use model::{Id, kinds};
use serde_json::Value;

use crate::{App, Error, Result};

/// What an answer from this account goes out through, and as whom: the account itself where its channel sends, a form's mail account otherwise.
///
/// # Errors
/// `Upstream` with a `Setting` failure when there is nothing to send with: trying again does not help, connecting a mail account does.
pub async fn sender(
    app: &App,
    workspace: Id<kinds::Workspace>,
    account: Id<kinds::ChannelAccount>,
) -> Result<(&'static dyn Channel, Connection, Mailbox)> {
    let nothing = |field: &str| Error::Upstream(Failure::Setting { field: field.into(), detail: "nothing to send with".into() });
    let mut conn = app.db.read().await?;
    let through = through(&mut conn, workspace, account).await?.ok_or_else(|| nothing("answer_account"))?;
    let (channel, connection) = match super::connection(app, &mut conn, workspace, through).await {
        Err(Error::NotFound) => return Err(nothing("account")),
        found => found?,
    };
    if !channel.capabilities().can_send {
        return Err(nothing("answer_account"));
    }
    let (address,): (Option<String>,) =
        conn.one("SELECT address FROM channel_accounts WHERE workspace_id = $1 AND id = $2", args![workspace, through]).await?;
    let name = connection.settings.get("from_name").and_then(Value::as_str).map(str::trim).filter(|name| !name.is_empty());
    let from = Mailbox { name: name.map(str::to_string), address: address.ok_or_else(|| nothing("from"))? };
    Ok((channel, connection, from))
}

/// The account itself if its channel sends; else the one its setting `answer_account` names; else the workspace's first mail account.
pub async fn through(
    conn: &mut Conn,
    workspace: Id<kinds::Workspace>,
    account: Id<kinds::ChannelAccount>,
) -> Result<Option<Id<kinds::ChannelAccount>>> {
    let (name, Json(settings)): (String, Json<Value>) = conn
        .opt(
            "SELECT channel, settings FROM channel_accounts WHERE workspace_id = $1 AND id = $2 AND removed_at IS NULL",
            args![workspace, account],
        )
        .await?
        .ok_or(Error::NotFound)?;
    if channels::by_name(&name).is_some_and(|channel| channel.capabilities().can_send) {
        return Ok(Some(account));
    }
    let named = settings["answer_account"].as_str().and_then(|id| id.parse::<Id<kinds::ChannelAccount>>().ok());
    let found: Option<(Id<kinds::ChannelAccount>,)> = conn
        .opt(
            "SELECT id FROM channel_accounts WHERE workspace_id = $1 AND channel = 'mail' AND removed_at IS NULL ORDER BY CASE WHEN id = $2 THEN 0 ELSE 1 END, id LIMIT 1",
            args![workspace, named],
        )
        .await?;
    Ok(found.map(|(id,)| id))
}

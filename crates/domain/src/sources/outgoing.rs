//! Through which account an answer leaves.

use channels::{Channel, Connection, Failure, Mailbox};
use db::{Json, args, row};
use model::{Id, kinds};

use crate::{App, Error, Result};

row! {
    struct Account {
        id: Id<kinds::ChannelAccount>,
        channel: String,
        name: String,
        address: Option<String>,
        settings: Json<serde_json::Value>,
        source_id: Option<Id<kinds::Source>>,
    }
    struct Credentials { settings: Json<serde_json::Value>, secret: Option<Vec<u8>> }
}

/// The channel, its unsealed connection and the sender for an answer in a conversation of this account. An account that cannot send
/// (contact form, by hand) names another one in its setting `answer_account`; without it the first mail account sends.
pub async fn sender(app: &App, ws: Id<kinds::Workspace>, account: Id<kinds::ChannelAccount>) -> Result<(&'static dyn Channel, Connection, Mailbox)> {
    let mut conn = app.db.read().await?;
    const ACCOUNT: &str =
        "SELECT id, channel, name, address, settings, source_id FROM channel_accounts WHERE workspace_id = $1 AND id = $2 AND removed_at IS NULL";
    let mut found: Account = conn.opt(ACCOUNT, args![ws, account]).await?.ok_or(Error::NotFound)?;
    let channel_of = |account: &Account| channels::by_name(&account.channel).ok_or_else(|| Error::Internal(format!("no channel {}", account.channel)));
    if !channel_of(&found)?.capabilities().can_send {
        let named = found.settings.0["answer_account"].as_str().and_then(|id| id.parse::<Id<kinds::ChannelAccount>>().ok());
        let other: Option<Account> = match named {
            Some(named) => conn.opt(ACCOUNT, args![ws, named]).await?,
            None => {
                conn.opt(
                    "SELECT id, channel, name, address, settings, source_id FROM channel_accounts WHERE workspace_id = $1 AND channel = 'mail' AND removed_at IS NULL ORDER BY id LIMIT 1",
                    args![ws],
                )
                .await?
            }
        };
        found = other.ok_or_else(|| Error::Upstream(Failure::Setting { field: "answer_account".into(), detail: "no account can send".into() }))?;
    }
    let channel = channel_of(&found)?;
    let source = found.source_id.ok_or_else(|| Error::Internal(format!("account {} has no source", found.id)))?;
    let credentials: Credentials = conn.opt("SELECT settings, secret FROM sources WHERE id = $1", args![source]).await?.ok_or(Error::NotFound)?;
    drop(conn);
    let secret = match credentials.secret {
        Some(sealed) => serde_json::from_slice(&app.sealer.open(&sealed, &format!("source:{source}"))?)?,
        None => serde_json::Value::Null,
    };
    let address = found.address.ok_or_else(|| Error::Upstream(Failure::Setting { field: "address".into(), detail: "missing".into() }))?;
    let from_name = credentials.settings.0["from_name"].as_str().filter(|n| !n.is_empty()).unwrap_or(&found.name).to_string();
    Ok((channel, Connection { settings: credentials.settings.0, secret }, Mailbox { name: Some(from_name), address }))
}

/// The account that calls, letters and visits are logged under; made on first use.
pub async fn manual_account(app: &App, ws: Id<kinds::Workspace>) -> Result<Id<kinds::ChannelAccount>> {
    let mut tx = app.db.write().await?;
    let found: Option<(Id<kinds::ChannelAccount>,)> =
        tx.opt("SELECT id FROM channel_accounts WHERE workspace_id = $1 AND channel = 'manual' AND removed_at IS NULL ORDER BY id LIMIT 1", args![ws]).await?;
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

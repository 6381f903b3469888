//! "Check the connection": tries settings before they are stored, and an account as it is.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use channels::{Channel, Connection, Failure};
use db::args;
use model::{Id, kinds};

use super::fields::{self, Values};
use super::store;
use crate::accounts::{Permission, Seat, sessions};
use crate::{App, Error, Result};

/// Tries per workspace in a quarter of an hour: the button must not become a port scanner.
const TRIES: i64 = 30;
/// However many steps a channel's test takes.
const LONGEST: Duration = Duration::from_secs(45);

/// A secret on its way through a page: sealed, worth something only to this person and this channel.
pub type Kept = String;

/// Seals the secrets among `values`, so that a form that comes back with an error needs no second typing.
pub fn keep_secret(app: &App, seat: &Seat, channel: &str, values: &Values, kept: &str) -> Result<Kept> {
    let secret = secrets(app, seat, channel, values, kept)?.secret;
    if secret.is_null() {
        return Ok(String::new());
    }
    let sealed = app.sealer.seal(&serde_json::to_vec(&secret)?, &place(seat, channel), app.random())?;
    Ok(URL_SAFE_NO_PAD.encode(sealed.bytes))
}

fn place(seat: &Seat, channel: &str) -> String {
    format!("connect:{}:{}:{channel}", seat.ws().as_i64(), seat.user().as_i64())
}

fn secrets(app: &App, seat: &Seat, channel: &str, values: &Values, kept: &str) -> Result<Connection> {
    let mut secret = serde_json::Map::new();
    let opened = URL_SAFE_NO_PAD.decode(kept).ok().and_then(|bytes| app.sealer.open(&bytes, &place(seat, channel)).ok());
    if let Some(serde_json::Value::Object(known)) = opened.and_then(|plain| serde_json::from_slice(&plain).ok()) {
        secret = known;
    }
    for setting in store::channel(channel)?.capabilities().settings.iter().filter(|setting| setting.kind == channels::SettingKind::Secret) {
        if let Some((_, value)) = values.iter().rev().find(|(name, value)| name == setting.name && !value.is_empty()) {
            secret.insert(setting.name.into(), value.clone().into());
        }
    }
    Ok(Connection { settings: serde_json::Value::Null, secret: if secret.is_empty() { serde_json::Value::Null } else { secret.into() } })
}

/// `values` with the secrets that were kept.
fn with_kept(app: &App, seat: &Seat, channel: &str, values: &Values, kept: &str) -> Result<Values> {
    let mut values = values.clone();
    if let serde_json::Value::Object(secret) = secrets(app, seat, channel, &values, kept)?.secret {
        for (name, value) in secret {
            values.push((name, value.as_str().unwrap_or_default().to_string()));
        }
    }
    Ok(values)
}

/// Tries settings that are not stored yet. `Ok` holds what the far side said of itself and the values with the kept secrets filled in.
pub async fn test_new(app: &App, seat: &Seat, channel: &str, values: &Values, kept: &str, really: bool) -> Result<(String, Values)> {
    seat.require(Permission::ChannelEdit)?;
    let found = store::channel(channel)?;
    let values = with_kept(app, seat, channel, values, kept)?;
    let connection = fields::read(found, &values, None)?;
    if !really || found.capabilities().settings.is_empty() {
        return Ok((String::new(), values));
    }
    Ok((attempt(app, seat, found, &connection).await?, values))
}

/// Tries an account as it is connected; if that goes well, it is looked at at once.
pub async fn test_account(app: &App, seat: &Seat, id: Id<kinds::ChannelAccount>) -> Result<String> {
    let mut conn = app.db.read().await?;
    let account = super::one(&mut conn, seat, id).await?;
    if !seat.reaches(Permission::ChannelEdit, account.team_id, account.id) {
        return Err(Error::Forbidden(Permission::ChannelEdit.name()));
    }
    let (channel, connection) = super::connection(app, &mut conn, seat.ws(), id).await?;
    // Given back before another server is asked: that may take long.
    drop(conn);
    let said = attempt(app, seat, channel, &connection).await?;
    if let Some(source) = account.source_id {
        let mut tx = app.db.write().await?;
        let now = tx.now();
        tx.run(
            "UPDATE sources SET next_at = $2, state = CASE WHEN state = 'gone' THEN 'active' ELSE state END, revision = revision + 1 WHERE id = $1",
            args![source, now],
        )
        .await?;
        crate::events::record(
            &mut tx,
            seat.ws(),
            "channel.changed",
            Some(id),
            Some(seat.user()),
            serde_json::json!({ "action": "channel.tested" }),
        )
        .await?;
        tx.commit().await?;
    }
    Ok(said)
}

async fn attempt(app: &App, seat: &Seat, channel: &'static dyn Channel, connection: &Connection) -> Result<String> {
    if fields::is_handed(app, channel, connection) {
        return Ok(String::new());
    }
    sessions::count_attempt(&app.db, &format!("channel-test:{}", seat.ws()), TRIES).await?;
    let said = tokio::time::timeout(LONGEST, channel.test(&app.channels, connection)).await;
    let said = said.unwrap_or_else(|_| Err(Failure::Unreachable { detail: format!("no answer within {} s", LONGEST.as_secs()) }))?;
    Ok(said.chars().filter(|c| !c.is_control()).take(200).collect())
}

//! Accounts as the settings pages show them.

use db::{Conn, Json, args, row};
use i18n::Sentence;
use model::{Id, Timestamp, kinds};
use serde_json::Value;

use super::{Health, Level};
use crate::accounts::{Permission, Seat};
use crate::{Error, Result};

row! {
    pub struct Account {
        pub id: Id<kinds::ChannelAccount>,
        pub channel: String,
        pub name: String,
        pub address: Option<String>,
        /// `active` or `paused`.
        pub state: String,
        pub team_id: Option<Id<kinds::Team>>,
        pub team_name: Option<String>,
        /// Everything that ever came through it.
        pub items: i64,
        pub last_activity_at: Option<Timestamp>,
        pub created_at: Timestamp,
        /// The account's own settings (a form's texts).
        pub settings: Json<Value>,
        pub source_id: Option<Id<kinds::Source>>,
        /// `active`, `handed` or `gone`; nothing for accounts without a source.
        pub source_state: Option<String>,
        pub source_settings: Option<Json<Value>>,
        pub health: Option<Json<Health>>,
        pub next_at: Option<Timestamp>,
        pub last_ok_at: Option<Timestamp>,
        /// Whether a password or token is kept (sealed).
        pub has_secret: bool,
    }
}

impl Account {
    pub fn is_paused(&self) -> bool {
        self.state == "paused"
    }
    /// Whether something is fetched for it, so that there is a next look.
    pub fn is_polled(&self) -> bool {
        self.source_state.as_deref() == Some("active") && !self.is_paused()
    }
    /// How it is, whatever the reason.
    pub fn condition(&self) -> (Level, Sentence) {
        if self.is_paused() {
            return (Level::Ok, Sentence::new("health-paused"));
        }
        match (&self.health, self.source_state.as_deref()) {
            (_, None | Some("handed")) => (Level::Ok, Sentence::new("health-ready")),
            (Some(Json(health)), _) => (health.level, health.why.clone()),
            (None, _) => (Level::Ok, Sentence::new("health-waiting")),
        }
    }
    pub fn needs_someone(&self) -> bool {
        self.condition().0 != Level::Ok
    }
}

const COLUMNS: &str = "SELECT a.id, a.channel, a.name, a.address, a.state, a.team_id, t.name AS team_name, a.items, a.last_activity_at, a.created_at, a.settings, a.source_id,
      s.state AS source_state, s.settings AS source_settings, s.health, s.next_at, s.last_ok_at, (s.secret IS NOT NULL) AS has_secret
    FROM channel_accounts a LEFT JOIN sources s ON s.id = a.source_id LEFT JOIN teams t ON t.workspace_id = a.workspace_id AND t.id = a.team_id
    WHERE a.workspace_id = $1 AND a.removed_at IS NULL";

/// All accounts of the workspace within the seat's reach, by name.
pub async fn list(conn: &mut Conn, seat: &Seat) -> Result<Vec<Account>> {
    let text = format!("{COLUMNS} ORDER BY a.name, a.id");
    let accounts: Vec<Account> = conn.all_built(text.clone(), text, args![seat.ws()]).await?;
    Ok(accounts.into_iter().filter(|account| reaches(seat, account)).collect())
}

pub async fn one(conn: &mut Conn, seat: &Seat, id: Id<kinds::ChannelAccount>) -> Result<Account> {
    let text = format!("{COLUMNS} AND a.id = $2");
    let account: Option<Account> = conn.all_built(text.clone(), text, args![seat.ws(), id]).await?.into_iter().next();
    account.filter(|account| reaches(seat, account)).ok_or(Error::NotFound)
}

fn reaches(seat: &Seat, account: &Account) -> bool {
    seat.reaches(Permission::ChannelRead, account.team_id, account.id)
}

/// A setting of the source as text, for the form that changes it. Secrets are not among them.
pub fn settings_of(account: &Account, name: &str) -> String {
    match account.source_settings.as_ref().and_then(|Json(settings)| settings.get(name)) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(on)) => on.to_string(),
        Some(Value::Number(n)) => n.to_string(),
        _ => String::new(),
    }
}

/// The workspace's teams, to choose from.
pub async fn teams(conn: &mut Conn, workspace: Id<kinds::Workspace>) -> Result<Vec<(Id<kinds::Team>, String)>> {
    Ok(conn.all("SELECT id, name FROM teams WHERE workspace_id = $1 ORDER BY name, id", args![workspace]).await?)
}

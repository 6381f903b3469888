//! How an account is, in words that say what happened, what was kept and what to do.

use channels::Failure;
use db::{Json, Tx, args};
use i18n::Sentence;
use model::{Id, Timestamp, kinds};
use serde::{Deserialize, Serialize};

use crate::{Result, events};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Ok,
    /// It will most likely pass by itself.
    Slow,
    /// A person has to do something.
    Bad,
}

impl Level {
    pub const fn name(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Slow => "slow",
            Level::Bad => "bad",
        }
    }
}

/// Stored with the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    pub level: Level,
    pub why: Sentence,
    /// Since when it has been like this.
    pub since: Timestamp,
}

/// Failed looks after which even a passing failure needs a person.
const PATIENCE: i64 = 6;

impl Health {
    pub fn ok(since: Timestamp) -> Self {
        Self { level: Level::Ok, why: Sentence::new("health-ok"), since }
    }

    /// After `failures` failed looks in a row.
    pub fn failed(failure: &Failure, failures: i64, since: Timestamp) -> Self {
        let passes = matches!(failure, Failure::TooMany { .. }) || (failure.is_temporary() && failures < PATIENCE);
        Self { level: if passes { Level::Slow } else { Level::Bad }, why: sentence(failure), since }
    }

    /// The program itself could not store what came.
    pub(super) fn internal(since: Timestamp) -> Self {
        Self { level: Level::Bad, why: Sentence::new("health-internal"), since }
    }

    fn is_like(&self, other: &Health) -> bool {
        self.level == other.level && self.why.key == other.why.key
    }
}

/// What a failure means to the person who looks after the account.
pub fn sentence(failure: &Failure) -> Sentence {
    let with = |key: &str, detail: &str| {
        let plain: String = detail.chars().filter(|c| !c.is_control()).take(200).collect();
        Sentence::new(key).with("detail", plain)
    };
    match failure {
        Failure::Unreachable { detail } => with("health-unreachable", detail),
        Failure::Tls { detail } => with("health-tls", detail),
        Failure::SignIn { detail } => with("health-sign-in", detail),
        Failure::Status { status: 404 } => Sentence::new("health-not-there"),
        Failure::Status { status: status @ (401 | 403) } => Sentence::new("health-forbidden").with("status", status.to_string()),
        Failure::Status { status } => Sentence::new("health-status").with("status", status.to_string()),
        Failure::Garbage { detail } => with("health-garbage", detail),
        Failure::Gone => Sentence::new("health-gone"),
        Failure::TooMany { seconds } => Sentence::new("health-too-many").with("minutes", i64::try_from(seconds.div_ceil(60)).unwrap_or(1)),
        Failure::Refused { detail } => with("health-refused", detail),
        Failure::Setting { field, .. } => with("health-setting", field),
        Failure::TooLarge => Sentence::new("health-too-large"),
        Failure::Rejected { detail } => with("health-rejected", detail),
        Failure::Unsure { detail } => with("health-unsure", detail),
    }
}

/// Writes a source's health and tells every account that listens to it, if it is another one than before.
pub(super) async fn note(tx: &mut Tx, source: Id<kinds::Source>, mut health: Health) -> Result<()> {
    let former: Option<(Option<Json<Health>>,)> = tx.opt("SELECT health FROM sources WHERE id = $1", args![source]).await?;
    let former = former.and_then(|(health,)| health).map(|Json(health)| health);
    let alike = former.as_ref().is_some_and(|former| former.is_like(&health));
    if let Some(former) = former {
        if former == (Health { since: former.since, ..health.clone() }) {
            return Ok(());
        }
        // The same trouble that has become worse, or tells other details, is as old as it was.
        if former.why.key == health.why.key {
            health.since = former.since;
        }
    }
    tx.run("UPDATE sources SET health = $2 WHERE id = $1", args![source, serde_json::to_value(&health)?]).await?;
    if alike {
        return Ok(());
    }
    let accounts: Vec<(Id<kinds::ChannelAccount>, Id<kinds::Workspace>)> =
        tx.all("SELECT id, workspace_id FROM channel_accounts WHERE source_id = $1 AND removed_at IS NULL", args![source]).await?;
    for (account, workspace) in accounts {
        events::record(tx, workspace, "account.health", Some(account), None, serde_json::json!({ "level": health.level })).await?;
    }
    Ok(())
}

//! What whoever runs the installation wants to know: numbers and states, never content.

use std::collections::BTreeMap;
use std::path::Path;

use db::{Conn, Json, args};

use crate::sources::Health;
use crate::{App, Result, events};

/// Numbers for the metrics page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Jobs by state.
    pub jobs: BTreeMap<String, i64>,
    /// Conversations that are open, in all workspaces.
    pub open_conversations: i64,
    /// Sources by level of health; paused ones count as `paused`, ones never looked at as `new`.
    pub sources: BTreeMap<String, i64>,
    /// Where the settled events end.
    pub events_position: i64,
}

/// # Errors
/// Those of the database.
pub async fn figures(conn: &mut Conn) -> Result<Figures> {
    let jobs: Vec<(String, i64)> = conn.all("SELECT state, COUNT(*) FROM jobs GROUP BY state", vec![]).await?;
    let (open_conversations,): (i64,) = conn.one("SELECT COUNT(*) FROM conversations WHERE status = 'open'", vec![]).await?;
    let mut sources = BTreeMap::new();
    for source in source_states(conn).await? {
        *sources.entry(source.level).or_insert(0) += 1;
    }
    let events_position = events::newest(conn).await?.0;
    Ok(Figures { jobs: jobs.into_iter().collect(), open_conversations, sources, events_position })
}

/// Below this many bytes nothing large can be kept any more; whoever runs the installation has to act now.
pub const LEAST_ROOM: u64 = 16 << 20;

/// Free bytes where database and files lie, the smaller of the two. `None` where the system does not tell.
pub fn room(app: &App) -> Option<u64> {
    let free = |path: &Path| {
        // The folder for files is made with the first file.
        let there = path.ancestors().find(|folder| folder.exists())?;
        let found = rustix::fs::statvfs(there).ok()?;
        Some(found.f_bavail.saturating_mul(found.f_frsize))
    };
    [app.db.sqlite_path(), Some(app.blobs.root())].into_iter().flatten().filter_map(free).min()
}

/// How one source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceState {
    pub id: i64,
    pub channel: String,
    /// `ok`, `slow`, `bad`, `paused`, `new` or a state of its own such as `gone`.
    pub level: String,
    /// The key of the sentence that says why.
    pub why: Option<String>,
}

/// Every source of the installation.
pub async fn source_states(conn: &mut Conn) -> Result<Vec<SourceState>> {
    let rows: Vec<(i64, String, String, Option<Json<Health>>)> =
        conn.all("SELECT id, channel, state, health FROM sources ORDER BY id", vec![]).await?;
    Ok(rows
        .into_iter()
        .map(|(id, channel, state, health)| {
            let health = health.map(|Json(health)| health);
            let level = match (state.as_str(), &health) {
                ("active", Some(health)) => health.level.name().to_string(),
                ("active", None) => "new".into(),
                _ => state,
            };
            SourceState { id, channel, level, why: health.map(|h| h.why.key.to_string()) }
        })
        .collect())
}

/// Jobs that have given up, by kind.
pub async fn failed_jobs(conn: &mut Conn) -> Result<Vec<(String, i64)>> {
    Ok(conn.all("SELECT kind, COUNT(*) FROM jobs WHERE state = 'failed' GROUP BY kind ORDER BY kind", vec![]).await?)
}

/// Which key sealed the credentials of this database; `None` before the first start.
pub async fn sealing_key_id(conn: &mut Conn) -> Result<Option<String>> {
    let row: Option<(Json<String>,)> = conn.opt("SELECT value FROM settings WHERE key = 'sealing_key_id'", args![]).await?;
    Ok(row.map(|(Json(id),)| id))
}

//! Background work as administrators see it: what waits, runs, is done or failed, and what they may do about it.

use db::{Conn, Json, args, row};
use jobs::{Failure, JobState};
use model::{Id, Timestamp, kinds};

use crate::accounts::members::{record, require_everywhere};
use crate::accounts::{Permission, Seat};
use crate::{App, Error, Result};

row! {
    pub struct Work {
        pub id: Id<kinds::Job>,
        /// `None`: the installation's own, such as system mail.
        pub workspace_id: Option<Id<kinds::Workspace>>,
        pub kind: String,
        pub state: JobState,
        pub run_at: Timestamp,
        pub attempts: i64,
        pub max_attempts: i64,
        pub failure: Option<Json<Failure>>,
        pub finished_at: Option<Timestamp>,
    }
}

/// The workspace's jobs, newest first; the installation's own too for its administrators. Payloads stay out of sight.
pub async fn list(conn: &mut Conn, seat: &Seat, state: Option<JobState>, before: Option<Id<kinds::Job>>, limit: i64) -> Result<Vec<Work>> {
    require_everywhere(seat, Permission::JobAdmin)?;
    Ok(conn
        .all(
            "SELECT id, workspace_id, kind, state, run_at, attempts, max_attempts, failure, finished_at FROM jobs
             WHERE (workspace_id = $1 OR ($2 AND workspace_id IS NULL)) AND ($3 IS NULL OR state = $3) AND ($4 IS NULL OR id < $4) ORDER BY id DESC LIMIT $5",
            args![seat.ws(), seat.person.is_installation_admin, state.map(|s| s.name().to_string()), before, limit],
        )
        .await?)
}

async fn within_reach(conn: &mut Conn, seat: &Seat, id: Id<kinds::Job>) -> Result<()> {
    let found: Option<(i64,)> = conn
        .opt(
            "SELECT id FROM jobs WHERE id = $1 AND (workspace_id = $2 OR ($3 AND workspace_id IS NULL))",
            args![id, seat.ws(), seat.person.is_installation_admin],
        )
        .await?;
    found.map(|_| ()).ok_or(Error::NotFound)
}

/// Tries a failed job again, with all its attempts. `NotFound` for jobs of other workspaces and for those that did not fail.
pub async fn retry(app: &App, seat: &Seat, id: Id<kinds::Job>) -> Result<()> {
    require_everywhere(seat, Permission::JobAdmin)?;
    let mut tx = app.db.write().await?;
    within_reach(&mut tx, seat, id).await?;
    if !jobs::retry(&mut tx, id).await? {
        return Err(Error::NotFound);
    }
    record(&mut tx, seat, "job.retried", "job", id.as_i64(), serde_json::json!({})).await?;
    Ok(tx.commit().await?)
}

/// Throws a failed job away. `NotFound` as in [`retry`].
pub async fn discard(app: &App, seat: &Seat, id: Id<kinds::Job>) -> Result<()> {
    require_everywhere(seat, Permission::JobAdmin)?;
    let mut tx = app.db.write().await?;
    within_reach(&mut tx, seat, id).await?;
    if !jobs::discard(&mut tx, id).await? {
        return Err(Error::NotFound);
    }
    record(&mut tx, seat, "job.discarded", "job", id.as_i64(), serde_json::json!({})).await?;
    Ok(tx.commit().await?)
}

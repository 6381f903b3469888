use std::str::FromStr;
use std::time::Duration;

use db::{Conn, Json, Result, Tx, args, row, sql};
use model::{Id, Timestamp, kinds};
use serde::{Deserialize, Serialize};

/// Why a job did not do what it should: a key and arguments, said to people in their language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub key: String,
    #[serde(default)]
    pub args: Vec<(String, String)>,
}

impl Failure {
    pub fn new(key: &str) -> Self {
        Self { key: key.into(), args: Vec::new() }
    }
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.args.push((name.into(), value.to_string()));
        self
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    Ready,
    Running,
    Done,
    Failed,
}

impl JobState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}
impl FromStr for JobState {
    type Err = ();
    fn from_str(name: &str) -> std::result::Result<Self, ()> {
        [Self::Ready, Self::Running, Self::Done, Self::Failed].into_iter().find(|s| s.name() == name).ok_or(())
    }
}
db::text_column!(JobState);

pub struct NewJob {
    pub kind: &'static str,
    pub workspace: Option<Id<kinds::Workspace>>,
    pub payload: serde_json::Value,
    /// Not before this moment; `None` is now.
    pub run_at: Option<Timestamp>,
    /// Jobs with the same key run one after the other, in the order they were made.
    pub order_key: Option<String>,
    pub max_attempts: u32,
}

impl NewJob {
    pub fn new(kind: &'static str, payload: serde_json::Value) -> Self {
        Self { kind, workspace: None, payload, run_at: None, order_key: None, max_attempts: 12 }
    }
}

/// Writes a job inside the transaction that wants it done.
pub async fn enqueue(tx: &mut Tx, job: NewJob) -> Result<Id<kinds::Job>> {
    let (id, now) = (tx.id(), tx.now());
    tx.run(
        "INSERT INTO jobs (id, workspace_id, kind, payload, state, run_at, order_key, max_attempts, created_at) VALUES ($1, $2, $3, $4, 'ready', $5, $6, $7, $8)",
        args![id, job.workspace, job.kind, job.payload, job.run_at.unwrap_or(now), job.order_key, job.max_attempts, now],
    )
    .await?;
    Ok(id)
}

row! {
    /// A job taken by this process. Whoever holds an older `fence` can no longer end it.
    pub struct Claimed {
        pub id: Id<kinds::Job>,
        pub workspace_id: Option<Id<kinds::Workspace>>,
        pub kind: String,
        pub payload: Json<serde_json::Value>,
        pub attempts: i64,
        pub max_attempts: i64,
        pub fence: i64,
    }
    pub struct JobRow {
        pub id: Id<kinds::Job>,
        pub workspace_id: Option<Id<kinds::Workspace>>,
        pub kind: String,
        pub state: JobState,
        pub run_at: Timestamp,
        pub attempts: i64,
        pub max_attempts: i64,
        pub failure: Option<Json<Failure>>,
        pub created_at: Timestamp,
        pub finished_at: Option<Timestamp>,
    }
}

/// The lease was lost: somebody else has the job by now. Nothing may be written on its behalf.
#[derive(Debug, thiserror::Error)]
pub enum LostLease {
    #[error("the job was taken over by another process")]
    Lost,
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// Takes the next job of one of `kinds` that is due, or whose holder went silent. Leases run on the database's clock; `now` decides only what is due.
pub async fn claim(tx: &mut Tx, kinds: &[String], lease: Duration) -> Result<Option<Claimed>> {
    if kinds.is_empty() {
        return Ok(None);
    }
    let holder = tx.env().holder.clone();
    let now = tx.now();
    let lease = i64::try_from(lease.as_micros()).unwrap_or(i64::MAX);
    tx.opt(
        sql!("UPDATE jobs SET state = 'running', holder = $2, fence = fence + 1, attempts = attempts + 1, lease_until = " db_now " + $3 WHERE id =
              (SELECT j.id FROM jobs j WHERE j.kind IN " [texts "$1"] " AND ((j.state = 'ready' AND j.run_at <= $4) OR (j.state = 'running' AND j.lease_until < " db_now "))
               AND (j.order_key IS NULL OR NOT EXISTS (SELECT 1 FROM jobs e WHERE e.order_key = j.order_key AND e.id < j.id AND e.state IN ('ready', 'running')))
               ORDER BY j.run_at, j.id LIMIT 1" skip_locked ")
              RETURNING id, workspace_id, kind, payload, attempts, max_attempts, fence"),
        args![kinds, holder, lease, now],
    )
    .await
}

/// Prolongs the lease of a running job. `false`: it was lost.
pub async fn renew(tx: &mut Tx, job: &Claimed, lease: Duration) -> Result<bool> {
    let lease = i64::try_from(lease.as_micros()).unwrap_or(i64::MAX);
    let n = tx
        .run(
            sql!("UPDATE jobs SET lease_until = " db_now " + $3 WHERE id = $1 AND fence = $2 AND state = 'running'"),
            args![job.id, job.fence, lease],
        )
        .await?;
    Ok(n == 1)
}

/// Ends a job inside the handler's own transaction, so that its effect and its end are one. Fails when the lease was lost: roll back then.
pub async fn settle(
    tx: &mut Tx,
    job: &Claimed,
    outcome: &crate::Outcome,
    random: &dyn model::Random,
) -> std::result::Result<(), LostLease> {
    let now = tx.now();
    let (state, run_at, failure, finished) = match outcome {
        crate::Outcome::Done => (JobState::Done, now, None, Some(now)),
        crate::Outcome::Failed(why) => (JobState::Failed, now, Some(why), Some(now)),
        crate::Outcome::Retry { why, .. } if job.attempts >= job.max_attempts => (JobState::Failed, now, Some(why), Some(now)),
        crate::Outcome::Retry { at, why } => {
            let wait = crate::backoff(u32::try_from(job.attempts - 1).unwrap_or(0), random);
            (JobState::Ready, at.unwrap_or(now + wait), Some(why), None)
        }
    };
    let failure = failure.map(|f| serde_json::to_value(f).unwrap_or_default());
    let n = tx
        .run(
            "UPDATE jobs SET state = $3, run_at = $4, failure = $5, finished_at = $6, holder = NULL, lease_until = NULL WHERE id = $1 AND fence = $2 AND state = 'running'",
            args![job.id, job.fence, state, run_at, failure, finished],
        )
        .await?;
    if n == 1 { Ok(()) } else { Err(LostLease::Lost) }
}

/// Gives a running job back untouched (graceful stop): the attempt does not count.
pub async fn hand_back(tx: &mut Tx, job: &Claimed) -> Result<()> {
    tx.run(
        "UPDATE jobs SET state = 'ready', attempts = attempts - 1, holder = NULL, lease_until = NULL WHERE id = $1 AND fence = $2 AND state = 'running'",
        args![job.id, job.fence],
    )
    .await?;
    Ok(())
}

/// The administrator's "try again": a failed job gets all its attempts back. `false`: there is no such failed job.
pub async fn retry(tx: &mut Tx, id: Id<kinds::Job>) -> Result<bool> {
    let now = tx.now();
    Ok(tx
        .run(
            "UPDATE jobs SET state = 'ready', run_at = $2, attempts = 0, finished_at = NULL WHERE id = $1 AND state = 'failed'",
            args![id, now],
        )
        .await?
        == 1)
}

/// The administrator's "throw away".
pub async fn discard(tx: &mut Tx, id: Id<kinds::Job>) -> Result<bool> {
    Ok(tx.run("DELETE FROM jobs WHERE id = $1 AND state = 'failed'", args![id]).await? == 1)
}

/// The newest jobs for the admin page; `workspace = None` shows all.
pub async fn list(conn: &mut Conn, workspace: Option<Id<kinds::Workspace>>, state: Option<JobState>, limit: i64) -> Result<Vec<JobRow>> {
    let state = state.map(|s| s.name().to_string());
    conn.all(
        "SELECT id, workspace_id, kind, state, run_at, attempts, max_attempts, failure, created_at, finished_at FROM jobs
         WHERE ($1 IS NULL OR workspace_id = $1) AND ($2 IS NULL OR state = $2) ORDER BY id DESC LIMIT $3",
        args![workspace, state, limit],
    )
    .await
}

/// Jobs by state: for metrics and health.
pub async fn waiting(conn: &mut Conn) -> Result<Vec<(String, i64)>> {
    conn.all("SELECT state, COUNT(*) FROM jobs GROUP BY state ORDER BY state", vec![]).await
}

/// Frees what a process that died had taken. Only where this process is certainly alone, as in a SQLite folder whose lock it holds; with
/// several nodes the leases end by themselves.
pub async fn free_all(tx: &mut Tx) -> Result<u64> {
    tx.run("UPDATE leases SET expires_at = 0", vec![]).await?;
    tx.run("UPDATE jobs SET lease_until = 0 WHERE state = 'running'", vec![]).await
}

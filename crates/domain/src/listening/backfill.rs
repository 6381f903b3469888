//! Taking a watch back over the archive. Runs as a job in batches, newest posts first; the cursor is stored with each batch's hits, so that
//! after a crash it goes on where it was, and a batch done twice adds nothing.

use db::{Conn, Durability, Turn, args, row};
use jobs::{Claimed, Failure, NewJob, Outcome};
use model::{Id, Timestamp, kinds};
use serde::{Deserialize, Serialize};

use super::matcher;
use super::posts::{Place, Stretch};
use crate::accounts::{Permission, Seat};
use crate::{App, Error, Result, audit, events, intake};

pub const KIND: &str = "backfill";
/// Posts read in one step; hits written in one transaction, which must end within 20 ms.
const PAGE: i64 = 500;
const HITS: usize = 40;

row! {
    pub struct Backfill {
        pub id: Id<kinds::Backfill>,
        pub watch_id: Id<kinds::Watch>,
        /// `running`, `done`, or `stopped`: the watch was archived or no longer parses.
        pub state: String,
        /// Posts that may match, counted at the start.
        pub total: i64,
        pub done: i64,
        pub found: i64,
        pub cursor_at: Option<Timestamp>,
        pub cursor_id: Option<Id<kinds::Post>>,
        pub created_at: Timestamp,
        pub finished_at: Option<Timestamp>,
    }
}

impl Backfill {
    pub fn is_running(&self) -> bool {
        self.state == "running"
    }
    /// 0 to 100.
    pub fn percent(&self) -> i64 {
        if self.total <= 0 || self.state == "done" { 100 } else { (self.done * 100 / self.total).min(100) }
    }
}

#[derive(Serialize, Deserialize)]
struct Payload {
    backfill: Id<kinds::Backfill>,
}

/// Starts one. While one of the same watch runs, that one is returned.
pub async fn start(app: &App, seat: &Seat, watch: Id<kinds::Watch>) -> Result<Id<kinds::Backfill>> {
    seat.require(Permission::WatchEdit)?;
    let mut conn = app.db.read().await?;
    let known = super::watches::open(&mut conn, seat, watch).await?;
    if known.archived_at.is_some() {
        return Err(Error::NotFound);
    }
    let query = matcher::compiled(&mut conn, seat.ws(), watch).await?.ok_or_else(|| Error::invalid("query", "error-watch-broken"))?;
    let total = everything(seat.ws()).count(&mut conn, &query.required_terms()).await?;
    drop(conn);
    let mut tx = app.db.write().await?;
    let running: Option<(Id<kinds::Backfill>,)> = tx
        .opt(
            "SELECT id FROM backfills WHERE workspace_id = $1 AND watch_id = $2 AND state = 'running' ORDER BY id DESC LIMIT 1",
            args![seat.ws(), watch],
        )
        .await?;
    if let Some((id,)) = running {
        return Ok(id);
    }
    let (id, now) = (tx.id::<kinds::Backfill>(), tx.now());
    tx.run(
        "INSERT INTO backfills (id, workspace_id, watch_id, state, total, created_at) VALUES ($1, $2, $3, 'running', $4, $5)",
        args![id, seat.ws(), watch, total, now],
    )
    .await?;
    let job = NewJob {
        workspace: Some(seat.ws()),
        order_key: Some(format!("backfill:{watch}")),
        ..NewJob::new(KIND, serde_json::to_value(Payload { backfill: id })?)
    };
    jobs::enqueue(&mut tx, job).await?;
    events::record(
        &mut tx,
        seat.ws(),
        "backfill.progress",
        Some(watch),
        Some(seat.user()),
        serde_json::json!({ "done": 0, "total": total }),
    )
    .await?;
    let entry = audit::Entry {
        workspace: Some(seat.ws()),
        actor: Some(seat.user()),
        action: "watch.backfill-started",
        subject_kind: Some("watch"),
        subject: Some(watch.as_i64()),
        detail: serde_json::json!({}),
    };
    audit::record(&mut tx, entry).await?;
    tx.commit().await?;
    Ok(id)
}

/// The newest one of a watch.
pub async fn newest(conn: &mut Conn, seat: &Seat, watch: Id<kinds::Watch>) -> Result<Option<Backfill>> {
    seat.require(Permission::ListenRead)?;
    Ok(conn
        .opt(
            "SELECT id, watch_id, state, total, done, found, cursor_at, cursor_id, created_at, finished_at FROM backfills
             WHERE workspace_id = $1 AND watch_id = $2 ORDER BY id DESC LIMIT 1",
            args![seat.ws(), watch],
        )
        .await?)
}

/// The job's handler.
pub async fn run(app: App, job: Claimed) -> Outcome {
    let Some(workspace) = job.workspace_id else { return Outcome::Failed(Failure::new("job-payload")) };
    let Ok(payload) = serde_json::from_value::<Payload>(job.payload.0.clone()) else { return Outcome::Failed(Failure::new("job-payload")) };
    loop {
        match step(&app, workspace, payload.backfill).await {
            Ok(Step::More) => tokio::task::yield_now().await,
            Ok(Step::End) => return Outcome::Done,
            // Somebody else has it by now.
            Ok(Step::Overtaken) => return Outcome::Retry { at: None, why: Failure::new("job-overtaken") },
            Err(error) => {
                tracing::warn!(%error, "a back-fill was interrupted; it goes on from its cursor");
                return Outcome::Retry { at: None, why: Failure::new("job-interrupted") };
            }
        }
    }
}

/// How one batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    More,
    End,
    Overtaken,
}

fn everything(workspace: Id<kinds::Workspace>) -> Stretch {
    Stretch { workspace, all: true, accounts: Vec::new(), since: Timestamp(i64::MIN), until: Timestamp(i64::MAX) }
}

/// One batch: reads a page behind the cursor, writes its hits and the new cursor.
pub async fn step(app: &App, workspace: Id<kinds::Workspace>, id: Id<kinds::Backfill>) -> Result<Step> {
    let mut conn = app.db.read().await?;
    let Some(backfill) = load(&mut conn, workspace, id).await?.filter(Backfill::is_running) else { return Ok(Step::End) };
    let Some(query) = matcher::compiled(&mut conn, workspace, backfill.watch_id).await? else {
        drop(conn);
        return write(app, workspace, &backfill, &[], None, "stopped").await;
    };
    let before: Option<Place> = backfill.cursor_at.zip(backfill.cursor_id);
    let page = everything(workspace).candidates(&mut conn, &query.required_terms(), before, PAGE).await?;
    drop(conn);
    let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
    let looked: Vec<(Place, bool)> = page.iter().map(|post| ((post.sort_at, post.id), query.matches(&post.tokenised()))).collect();
    // As many posts as hold one transaction's worth of hits.
    let mut hits = 0;
    let fits = looked
        .iter()
        .take_while(|(_, hit)| {
            hits += usize::from(*hit);
            hits <= HITS
        })
        .count();
    let (batch, rest) = looked.split_at(fits);
    let state = if is_last && rest.is_empty() { "done" } else { "running" };
    write(app, workspace, &backfill, batch, batch.last().map(|(place, _)| *place), state).await
}

async fn load(conn: &mut Conn, workspace: Id<kinds::Workspace>, id: Id<kinds::Backfill>) -> Result<Option<Backfill>> {
    Ok(conn
        .opt(
            "SELECT id, watch_id, state, total, done, found, cursor_at, cursor_id, created_at, finished_at FROM backfills WHERE workspace_id = $1 AND id = $2",
            args![workspace, id],
        )
        .await?)
}

async fn write(
    app: &App,
    workspace: Id<kinds::Workspace>,
    backfill: &Backfill,
    batch: &[(Place, bool)],
    cursor: Option<Place>,
    state: &str,
) -> Result<Step> {
    // What is lost in a crash is read again.
    let mut tx = app.db.write_as(Turn::Background, Durability::Reread).await?;
    let hits: Vec<intake::Hit> = batch
        .iter()
        .filter(|(_, hit)| *hit)
        .map(|((sort_at, post), _)| intake::Hit { watch: backfill.watch_id, post: *post, sort_at: *sort_at })
        .collect();
    // History: readable, but no alarm rings for it.
    let found = intake::hit(&mut tx, workspace, &hits, true).await?;
    let now = tx.now();
    let (done, found) = (i64::try_from(batch.len()).unwrap_or(0), i64::try_from(found).unwrap_or(0));
    let finished = (state != "running").then_some(now);
    let moved = tx
        .run(
            "UPDATE backfills SET state = $3, done = done + $4, found = found + $5, cursor_at = COALESCE($6, cursor_at), cursor_id = COALESCE($7, cursor_id), finished_at = $8
             WHERE workspace_id = $1 AND id = $2 AND state = 'running' AND cursor_at IS NOT DISTINCT FROM $9 AND cursor_id IS NOT DISTINCT FROM $10",
            args![workspace, backfill.id, state, done, found, cursor.map(|(at, _)| at), cursor.map(|(_, id)| id), finished, backfill.cursor_at, backfill.cursor_id],
        )
        .await?;
    if moved == 0 {
        return Ok(Step::Overtaken);
    }
    let detail =
        serde_json::json!({ "done": backfill.done + done, "total": backfill.total, "found": backfill.found + found, "state": state });
    events::record(&mut tx, workspace, "backfill.progress", Some(backfill.watch_id), None, detail).await?;
    tx.commit().await?;
    Ok(if state == "running" { Step::More } else { Step::End })
}

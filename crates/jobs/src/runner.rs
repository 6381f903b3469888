use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use db::{Db, Durability, Turn};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{Claimed, Failure, LostLease, Outcome, Schedule, claim, due, hand_back, renew, settle};

const LEASE: Duration = Duration::from_secs(60);
const RENEW: Duration = Duration::from_secs(20);
/// How long a stop waits for running handlers before their jobs are handed back.
const GRACE: Duration = Duration::from_secs(10);

pub type Handler = Arc<dyn Fn(Claimed) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync>;

/// Which kinds of job this process can do, and how many of each at a time.
#[derive(Default, Clone)]
pub struct Registry {
    kinds: HashMap<&'static str, (usize, Handler)>,
    schedules: Vec<Schedule>,
}

impl Registry {
    pub fn on<F, Fut>(mut self, kind: &'static str, concurrency: usize, handler: F) -> Self
    where
        F: Fn(Claimed) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        self.kinds.insert(kind, (concurrency, Arc::new(move |job| Box::pin(handler(job)))));
        self
    }
    pub fn every(mut self, name: &'static str, kind: &'static str, every: Duration) -> Self {
        self.schedules.push(Schedule { name, kind, every });
        self
    }
}

/// Claims and runs jobs until told to stop.
pub struct Runner {
    db: Db,
    registry: Registry,
    running: Arc<HashMap<&'static str, AtomicUsize>>,
    claimed: Arc<Mutex<HashMap<i64, Claimed>>>,
    tasks: TaskTracker,
}

impl Runner {
    pub fn new(db: Db, registry: Registry) -> Self {
        let running = registry.kinds.keys().map(|kind| (*kind, AtomicUsize::new(0))).collect();
        Self { db, registry, running: Arc::new(running), claimed: Arc::default(), tasks: TaskTracker::new() }
    }

    /// Runs until `stop`; then waits for what is running, and hands back what does not end in time.
    pub async fn run(self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(Duration::from_secs(2));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let finished = Arc::new(tokio::sync::Notify::new());
        loop {
            if let Err(error) = self.round(&finished).await {
                tracing::warn!(%error, "the queue could not be read; trying again");
                tokio::select! { () = stop.cancelled() => break, () = tokio::time::sleep(Duration::from_secs(1)) => continue }
            }
            tokio::select! {
                () = stop.cancelled() => break,
                _ = ticks.tick() => {}
                () = self.db.committed() => {}
                () = finished.notified() => {}
            }
        }
        self.tasks.close();
        if tokio::time::timeout(GRACE, self.tasks.wait()).await.is_err() {
            let left: Vec<Claimed> = self.claimed.lock().unwrap_or_else(|p| p.into_inner()).drain().map(|(_, job)| job).collect();
            for job in left {
                let handed_back = async {
                    let mut tx = self.db.write().await?;
                    hand_back(&mut tx, &job).await?;
                    tx.commit().await
                };
                if let Err(error) = handed_back.await {
                    tracing::warn!(%error, job = %job.id, "not handed back; its lease will end");
                }
            }
        }
    }

    /// Runs what is due now, one after the other, until nothing is: for tests and commands.
    pub async fn run_due(&self) -> db::Result<usize> {
        let mut count = 0;
        let kinds: Vec<String> = self.registry.kinds.keys().map(ToString::to_string).collect();
        loop {
            let mut tx = self.db.write().await?;
            let Some(job) = claim(&mut tx, &kinds, LEASE).await? else { return Ok(count) };
            tx.commit().await?;
            let Some((_, handler)) = self.registry.kinds.get(job.kind.as_str()) else { return Ok(count) };
            let outcome = handler(job.clone()).await;
            finish(&self.db, &job, outcome).await;
            count += 1;
        }
    }

    async fn round(&self, finished: &Arc<tokio::sync::Notify>) -> db::Result<()> {
        for schedule in &self.registry.schedules {
            // A look costs a read; only who might win pays for a write.
            let mut conn = self.db.read().await?;
            let now = conn.now();
            let waiting: Option<(i64,)> = conn
                .opt(
                    "SELECT next_at FROM schedules WHERE name = $1 AND next_at > $2 AND next_at <= $3",
                    db::args![schedule.name, now, now + schedule.every],
                )
                .await?;
            drop(conn);
            if waiting.is_none() {
                let mut tx = self.db.write_reread().await?;
                due(&mut tx, schedule).await?;
                tx.commit().await?;
            }
        }
        loop {
            let free: Vec<String> = self
                .registry
                .kinds
                .iter()
                .filter(|(kind, (most, _))| self.running[*kind].load(Ordering::Relaxed) < *most)
                .map(|(kind, _)| kind.to_string())
                .collect();
            if free.is_empty() || !self.anything_due(&free).await? {
                return Ok(());
            }
            let mut tx = self.db.write_as(Turn::Background, Durability::Full).await?;
            let Some(job) = claim(&mut tx, &free, LEASE).await? else { return Ok(()) };
            tx.commit().await?;
            self.start(job, finished.clone());
        }
    }

    async fn anything_due(&self, kinds: &[String]) -> db::Result<bool> {
        let mut conn = self.db.read().await?;
        let now = conn.now();
        let found: Option<(i64,)> = conn
            .opt(
                db::sql!("SELECT id FROM jobs WHERE kind IN " [texts "$1"] " AND ((state = 'ready' AND run_at <= $2) OR (state = 'running' AND lease_until < " db_now ")) LIMIT 1"),
                db::args![kinds, now],
            )
            .await?;
        Ok(found.is_some())
    }

    fn start(&self, job: Claimed, finished: Arc<tokio::sync::Notify>) {
        let Some((kind, (_, handler))) = self.registry.kinds.get_key_value(job.kind.as_str()) else { return };
        let (db, handler, running, kind) = (self.db.clone(), handler.clone(), self.running.clone(), *kind);
        running[kind].fetch_add(1, Ordering::Relaxed);
        let claimed = self.claimed.clone();
        claimed.lock().unwrap_or_else(|p| p.into_inner()).insert(job.id.as_i64(), job.clone());
        self.tasks.spawn(async move {
            let work = tokio::spawn(handler(job.clone()));
            let abort = work.abort_handle();
            let outcome = tokio::select! {
                outcome = work => match outcome {
                    Ok(outcome) => Some(outcome),
                    Err(panic) => {
                        tracing::error!(job = %job.id, kind = %job.kind, %panic, "a handler panicked");
                        Some(Outcome::Retry { at: None, why: Failure::new("job-failure-internal") })
                    }
                },
                () = keep_lease(&db, &job) => { abort.abort(); None }
            };
            claimed.lock().unwrap_or_else(|p| p.into_inner()).remove(&job.id.as_i64());
            if let Some(outcome) = outcome {
                finish(&db, &job, outcome).await;
            }
            running[kind].fetch_sub(1, Ordering::Relaxed);
            finished.notify_one();
        });
    }
}

/// Returns only when the lease is lost.
async fn keep_lease(db: &Db, job: &Claimed) {
    loop {
        tokio::time::sleep(RENEW).await;
        let renewed = async {
            let mut tx = db.write().await?;
            let renewed = renew(&mut tx, job, LEASE).await?;
            tx.commit().await?;
            Ok::<bool, db::Error>(renewed)
        };
        match renewed.await {
            Ok(true) => {}
            Ok(false) => return tracing::warn!(job = %job.id, "lease lost; the work is stopped"),
            Err(error) => tracing::warn!(%error, job = %job.id, "lease not renewed"),
        }
    }
}

/// Writes the end. A handler that has settled its job itself, in its own transaction, is not ended twice: the fence and the state say so.
async fn finish(db: &Db, job: &Claimed, outcome: Outcome) {
    if let Outcome::Failed(why) | Outcome::Retry { why, .. } = &outcome {
        tracing::warn!(job = %job.id, kind = %job.kind, attempt = job.attempts, why = %why.key, "job not done");
    }
    for attempt in 0..5 {
        let written = async {
            let mut tx = db.write_as(Turn::Background, Durability::Full).await?;
            settle(&mut tx, job, &outcome, &*db.env().random).await?;
            tx.commit().await?;
            Ok::<_, LostLease>(())
        };
        match written.await {
            Ok(()) | Err(LostLease::Lost) => return,
            Err(LostLease::Db(error)) => {
                tracing::warn!(%error, job = %job.id, attempt, "the end of a job could not be written");
                tokio::time::sleep(Duration::from_millis(200 << attempt)).await;
            }
        }
    }
}

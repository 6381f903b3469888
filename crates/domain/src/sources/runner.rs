//! The source runner: one task per source that somebody listens to. A broken account backs off alone; a slow database slows polling and
//! loses nothing, because the cursor moves with what it covers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use channels::{Failure, Listener};
use db::{Durability, Json, Turn, args, row, sql};
use model::{Id, Timestamp, kinds};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Health, fields, health, store};
use crate::intake::{self, Lot};
use crate::{App, Error, Result};

/// Looks at the same time, over all sources.
const AT_ONCE: usize = 16;
/// Of sources that failed last time: sixteen servers that hang must not make the healthy ones wait.
const SHAKY_AT_ONCE: usize = 4;
/// How long a source stays ours without a word; renewed together every [`ROUND`].
const LEASE: Duration = Duration::from_secs(120);
/// How often the table is read again when no event tells of a change.
const ROUND: Duration = Duration::from_secs(10);
/// A look that takes longer hangs.
const LONGEST_LOOK: Duration = Duration::from_secs(15 * 60);
/// Waiting for somebody else's lease to end.
const ELSEWHERE: Duration = Duration::from_secs(60);
/// A refused sign-in is not repeated more often: servers lock accounts.
const STUBBORN: Duration = Duration::from_secs(15 * 60);
/// How long a stop waits for looks that are under way.
const GRACE: Duration = Duration::from_secs(10);

struct Limits {
    steady: Semaphore,
    shaky: Semaphore,
}

/// Runs until `stop`; then waits a moment for looks that are under way. What they would have brought is read again next time.
pub async fn run(app: App, stop: CancellationToken) {
    let limits = Arc::new(Limits { steady: Semaphore::new(AT_ONCE), shaky: Semaphore::new(SHAKY_AT_ONCE) });
    let mut tasks: HashMap<i64, Task> = HashMap::new();
    let mut events = app.feed.listen();
    while !stop.is_cancelled() {
        match supervise(&app, &limits, &mut tasks).await {
            Ok(()) => {}
            Err(error) => tracing::warn!(%error, "the sources could not be read; trying again"),
        }
        let changed = async {
            loop {
                match events.recv().await {
                    Ok(event) if event.kind == "channel.changed" => return,
                    Ok(_) => {}
                    Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => return,
                    Err(tokio::sync::broadcast::error::RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(ROUND) => {}
            () = changed => {}
        }
    }
    let mut handles = Vec::new();
    for task in tasks.into_values() {
        task.stop.cancel();
        handles.push(task.handle);
    }
    if tokio::time::timeout(GRACE, futures::future::join_all(handles)).await.is_err() {
        tracing::warn!("some sources were still being read; what they bring is read again");
    }
    // Others may go on at once.
    let released = async {
        let mut tx = app.db.write_reread().await?;
        let holder = tx.env().holder.clone();
        tx.run("UPDATE leases SET expires_at = 0 WHERE holder = $1 AND name >= 'source:' AND name < 'source;'", args![holder]).await?;
        tx.commit().await
    };
    if let Err(error) = released.await {
        tracing::warn!(%error, "the sources were not handed back; their leases will end");
    }
}

struct Task {
    revision: i64,
    stop: CancellationToken,
    handle: JoinHandle<()>,
}

async fn supervise(app: &App, limits: &Arc<Limits>, tasks: &mut HashMap<i64, Task>) -> Result<()> {
    let wanted: Vec<(Id<kinds::Source>, i64)> = app
        .db
        .read()
        .await?
        .all(
            "SELECT s.id, s.revision FROM sources s WHERE s.state = 'active' AND EXISTS
               (SELECT 1 FROM channel_accounts a WHERE a.source_id = s.id AND a.state = 'active' AND a.removed_at IS NULL)",
            vec![],
        )
        .await?;
    let wanted: HashMap<i64, i64> = wanted.into_iter().map(|(id, revision)| (id.as_i64(), revision)).collect();
    tasks.retain(|id, task| {
        let stays = wanted.get(id) == Some(&task.revision) && !task.handle.is_finished();
        if !stays {
            task.stop.cancel();
        }
        stays
    });
    if !tasks.is_empty() {
        // One statement for all: a thousand feeds must not cost a thousand writes. Whoever lost a lease is told by the fence.
        let mut tx = app.db.write_reread().await?;
        let holder = tx.env().holder.clone();
        let lasts = i64::try_from(LEASE.as_micros()).unwrap_or(i64::MAX);
        tx.run(
            sql!("UPDATE leases SET expires_at = " db_now " + $2 WHERE holder = $1 AND name >= 'source:' AND name < 'source;' AND expires_at > " db_now),
            args![holder, lasts],
        )
        .await?;
        tx.commit().await?;
    }
    for (id, revision) in wanted {
        tasks.entry(id).or_insert_with(|| {
            let stop = CancellationToken::new();
            let ear = Ear::new(Id::from_i64(id), revision);
            let handle = tokio::spawn(listen(app.clone(), limits.clone(), ear, stop.clone()));
            Task { revision, stop, handle }
        });
    }
    Ok(())
}

/// One source's life: look, store, wait.
async fn listen(app: App, limits: Arc<Limits>, mut ear: Ear, stop: CancellationToken) {
    let mut database_away = 0_u32;
    // A source that is not due yet waits for its time; that its server was restarted is no reason to ask.
    let mut next = match ear.due(&app).await {
        Ok(Some(at)) => Next::At(at),
        Ok(None) => return,
        Err(_) => Next::At(app.now()),
    };
    loop {
        match next {
            Next::Stop => return,
            Next::Elsewhere => tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(ELSEWHERE) => {} },
            Next::At(at) => {
                let pause = at.since(app.now());
                tokio::select! { () = stop.cancelled() => return, () = ear.wait(pause) => {} }
            }
        }
        let permit = if ear.failures > 0 { limits.shaky.acquire() } else { limits.steady.acquire() };
        let permit = tokio::select! { () = stop.cancelled() => return, permit = permit => permit };
        let looked = tokio::select! { () = stop.cancelled() => return, looked = ear.look(&app) => looked };
        drop(permit);
        next = match looked {
            Ok(next) => {
                database_away = 0;
                next
            }
            Err(error) => {
                // Not the account's fault: its health stays, and what it brought is read again from the stored cursor.
                tracing::warn!(%error, source = %ear.source, "nothing could be stored; polling waits");
                database_away = (database_away + 1).min(6);
                let pause = Duration::from_secs(1 << database_away);
                tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(pause) => {} }
                Next::At(app.now())
            }
        };
    }
}

/// When to look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    At(Timestamp),
    /// Another process has the source.
    Elsewhere,
    /// Gone, removed, paused, or changed: somebody else begins anew if it is to go on.
    Stop,
}

/// An open ear on one source; keeps the channel's listener between looks.
pub struct Ear {
    source: Id<kinds::Source>,
    revision: i64,
    failures: i64,
    listener: Option<Box<dyn Listener>>,
}

row! {
    struct Taken { fence: i64, channel: String, settings: Json<Value>, secret: Option<Vec<u8>>, cursor: Option<Json<Value>>, failures: i64, source_key: String, state: String, health: Option<Json<Health>> }
}

impl Ear {
    pub fn new(source: Id<kinds::Source>, revision: i64) -> Self {
        Self { source, revision, failures: 0, listener: None }
    }

    async fn due(&mut self, app: &App) -> Result<Option<Timestamp>> {
        let row: Option<(Timestamp, i64)> = app
            .db
            .read()
            .await?
            .opt("SELECT next_at, failures FROM sources WHERE id = $1 AND revision = $2", args![self.source, self.revision])
            .await?;
        Ok(row.map(|(next_at, failures)| {
            self.failures = failures;
            next_at
        }))
    }

    /// Waits until something may be new. A connection that breaks while waiting is opened anew by the next look, which also finds out why.
    async fn wait(&mut self, at_most: Duration) {
        let Some(listener) = self.listener.as_mut().filter(|_| self.failures == 0 && !at_most.is_zero()) else {
            return tokio::time::sleep(at_most).await;
        };
        if listener.wait(at_most).await.is_err() {
            self.listener = None;
            tokio::time::sleep(Duration::from_secs(5).min(at_most)).await;
        }
    }

    /// Takes the source, asks the network, stores what came with the cursor, and notes how it went.
    ///
    /// # Errors
    /// Only when the database could not do its part; what the network does wrong becomes the account's health.
    pub async fn look(&mut self, app: &App) -> Result<Next> {
        let Some(taken) = self.take(app).await? else { return Ok(Next::Elsewhere) };
        let Some(taken) = taken else { return Ok(Next::Stop) };
        self.failures = taken.failures;
        let channel = store::channel(&taken.channel)?;
        if self.listener.is_none() {
            let row = store::SourceRow {
                id: self.source,
                channel: taken.channel.clone(),
                source_key: taken.source_key.clone(),
                settings: taken.settings.clone(),
                secret: taken.secret.clone(),
                state: taken.state.clone(),
            };
            let Ok(connection) = store::unseal(app, &row) else {
                let failure = Failure::Setting { field: "secret".into(), detail: "does not open".into() };
                return self.failed(app, &taken, &failure).await;
            };
            self.listener = channel.listen(&app.channels, &connection);
        }
        let mut cursor = taken.cursor.clone().map(|Json(cursor)| cursor);
        loop {
            let Some(listener) = self.listener.as_mut() else { return Ok(Next::Stop) };
            let polled = tokio::time::timeout(LONGEST_LOOK, listener.poll(cursor.as_ref())).await;
            let polled = polled.unwrap_or_else(|_| Err(Failure::Unreachable { detail: "hangs".into() }));
            let batch = match polled {
                Ok(batch) => batch,
                Err(failure) => {
                    self.listener = None;
                    return self.failed(app, &taken, &failure).await;
                }
            };
            let now = app.now();
            let next_at = if batch.more { now } else { now + batch.next };
            cursor = Some(batch.cursor.clone());
            let lot = Lot {
                source: self.source,
                fence: Some(taken.fence),
                items: batch.items,
                cursor: Some(batch.cursor),
                imported: batch.imported,
                more: batch.more,
                next_at: Some(next_at),
                turn: Turn::Background,
                durability: Durability::Reread,
            };
            match intake::ingest(app, lot).await {
                Ok(_) => {}
                // Somebody took the source or moved its cursor: nothing was stored, so the look begins anew from what stands there now.
                Err(Error::Conflict(_)) => {
                    self.listener = None;
                    return Ok(Next::At(now));
                }
                Err(Error::Db(error)) if error.is_temporary() => return Err(error.into()),
                Err(error) => {
                    tracing::error!(%error, source = %self.source, "what came could not be stored");
                    self.listener = None;
                    return self.note_failure(app, &taken, Health::internal(now), STUBBORN).await;
                }
            }
            if batch.more {
                continue;
            }
            self.well(app, &taken).await?;
            if let Some(to) = batch.note.moved_to
                && self.move_to(app, &taken, &to).await?
            {
                return Ok(Next::Stop);
            }
            return Ok(Next::At(next_at));
        }
    }

    /// The lease, and with it a new fence. Outer `None`: somebody else has it; inner: there is nothing to listen to any more.
    async fn take(&mut self, app: &App) -> Result<Option<Option<Taken>>> {
        let mut tx = app.db.write_reread().await?;
        if ::jobs::lease(&mut tx, &store::place(self.source), LEASE).await?.is_none() {
            return Ok(None);
        }
        let taken = tx
            .opt(
                "UPDATE sources SET fence = fence + 1 WHERE id = $1 AND revision = $2 AND state = 'active' AND EXISTS
                   (SELECT 1 FROM channel_accounts a WHERE a.source_id = sources.id AND a.state = 'active' AND a.removed_at IS NULL)
                 RETURNING fence, channel, settings, secret, cursor, failures, source_key, state, health",
                args![self.source, self.revision],
            )
            .await?;
        tx.commit().await?;
        Ok(Some(taken))
    }

    async fn well(&mut self, app: &App, taken: &Taken) -> Result<()> {
        if taken.failures == 0 && taken.health.as_ref().is_some_and(|Json(health)| health.level == super::Level::Ok) {
            return Ok(());
        }
        let mut tx = app.db.write_reread().await?;
        let now = tx.now();
        if tx.run("UPDATE sources SET failures = 0 WHERE id = $1 AND fence = $2", args![self.source, taken.fence]).await? == 1 {
            health::note(&mut tx, self.source, Health::ok(now)).await?;
        }
        tx.commit().await?;
        self.failures = 0;
        Ok(())
    }

    async fn failed(&mut self, app: &App, taken: &Taken, failure: &Failure) -> Result<Next> {
        let attempts = u32::try_from(taken.failures).unwrap_or(0);
        let usual = ::jobs::backoff(attempts, app.random());
        let pause = match failure {
            Failure::TooMany { seconds } => Duration::from_secs(*seconds).max(Duration::from_secs(1)),
            failure if failure.is_temporary() => usual,
            _ => usual.max(STUBBORN),
        };
        self.note_failure_of(app, taken, Health::failed(failure, taken.failures + 1, app.now()), pause, *failure == Failure::Gone).await
    }

    async fn note_failure(&mut self, app: &App, taken: &Taken, health: Health, pause: Duration) -> Result<Next> {
        self.note_failure_of(app, taken, health, pause, false).await
    }

    async fn note_failure_of(&mut self, app: &App, taken: &Taken, health: Health, pause: Duration, gone: bool) -> Result<Next> {
        let mut tx = app.db.write_reread().await?;
        let next_at = tx.now() + pause;
        let state = if gone { "gone" } else { "active" };
        let n = tx
            .run(
                "UPDATE sources SET failures = failures + 1, next_at = $3, state = $4 WHERE id = $1 AND fence = $2",
                args![self.source, taken.fence, next_at, state],
            )
            .await?;
        if n == 1 {
            health::note(&mut tx, self.source, health).await?;
        }
        tx.commit().await?;
        self.failures = taken.failures + 1;
        Ok(if gone { Next::Stop } else { Next::At(next_at) })
    }

    /// The source has a new address for good (HTTP 301, 308): it is asked there from now on. If that one is known already, the two become one.
    async fn move_to(&mut self, app: &App, taken: &Taken, to: &str) -> Result<bool> {
        let channel = store::channel(&taken.channel)?;
        let Some(field) = fields::url_field(channel) else { return Ok(false) };
        let mut settings = taken.settings.0.clone();
        settings[field] = Value::String(to.into());
        let connection = channels::Connection { settings, secret: Value::Null };
        let Some(key) = fields::shared_key(channel, &connection).filter(|key| *key != taken.source_key) else { return Ok(false) };
        let mut tx = app.db.write_reread().await?;
        let ours: Option<(i64,)> = tx.opt(sql!("SELECT fence FROM sources WHERE id = $1" for_update), args![self.source]).await?;
        if ours != Some((taken.fence,)) {
            return Ok(false);
        }
        let other: Option<(Id<kinds::Source>,)> =
            tx.opt("SELECT id FROM sources WHERE channel = $1 AND source_key = $2", args![&taken.channel, &key]).await?;
        match other {
            Some((other,)) => {
                tx.run(
                    "UPDATE channel_accounts SET source_id = $2, address = $3, caught_up_at = NULL WHERE source_id = $1 AND removed_at IS NULL",
                    args![self.source, other, to],
                )
                .await?;
                store::from_the_beginning(&mut tx, other).await?;
                store::leave(&mut tx, self.source).await?;
            }
            None => {
                tx.run(
                    "UPDATE sources SET source_key = $2, settings = $3, fence = fence + 1, revision = revision + 1 WHERE id = $1",
                    args![self.source, &key, connection.settings],
                )
                .await?;
                tx.run("UPDATE channel_accounts SET address = $2 WHERE source_id = $1 AND removed_at IS NULL", args![self.source, to])
                    .await?;
            }
        }
        tx.commit().await?;
        tracing::info!(source = %self.source, "the source moved to another address");
        Ok(true)
    }
}

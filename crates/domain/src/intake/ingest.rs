use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use channels::Inbound;
use db::{Durability, Engine, Json, Turn, Tx, args, row, sql};
use i18n::Sentence;
use model::{Id, Timestamp, kinds};

use super::{message, post};
use crate::{App, Blobs, Error, Result};

/// Background transactions end after about this, so that a person's write never waits longer (ARCHITECTURE.md, "Durability"): on SQLite for the
/// one writer, on PostgreSQL only for the rows that are written.
const fn aim(engine: Engine) -> Duration {
    match engine {
        Engine::Sqlite => Duration::from_millis(12),
        Engine::Postgres => Duration::from_millis(50),
    }
}
/// Items of the first slice; the following ones grow or shrink with the time that one took.
const SIZE_FIRST: usize = 32;
const SIZE_MAX: usize = 256;
/// How often a slice is tried again after two processes met at the same rows.
const RACES: u32 = 5;

/// What one look at a source brought.
pub struct Lot {
    pub source: Id<kinds::Source>,
    /// `sources.fence` at the time of polling: the transaction fails when somebody else has the source by now.
    pub fence: Option<i64>,
    pub items: Vec<Inbound>,
    pub cursor: Option<serde_json::Value>,
    /// History: arrives closed and starts nothing. Of a source that several hear, only for those who do not know it yet.
    pub imported: bool,
    /// There is more to fetch at once.
    pub more: bool,
    pub next_at: Option<Timestamp>,
    pub turn: Turn,
    pub durability: Durability,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    pub new: u64,
    pub edited: u64,
    pub known: u64,
    /// Transactions it took.
    pub slices: u64,
}

row! {
    pub(super) struct Subscriber {
        pub id: Id<kinds::ChannelAccount>,
        pub workspace_id: Id<kinds::Workspace>,
        pub channel: String,
        pub name: String,
        pub address: Option<String>,
        pub team_id: Option<Id<kinds::Team>>,
        pub settings: Json<serde_json::Value>,
        /// When it had read through what a shared source held before it joined; what is read again for somebody else is news to it.
        pub caught_up_at: Option<Timestamp>,
    }
}

/// Stores a batch for every workspace that listens to the source. The same item twice is stored once (invariant 2). The cursor moves in the
/// last slice's transaction: if the process dies before, what the earlier slices stored is recognised when it is read again.
pub async fn ingest(app: &App, mut lot: Lot) -> Result<Report> {
    // What is older gets the smaller id. Feeds list the newest first; mail comes as it arrived, questions before their answers, whatever its dates say.
    if lot.items.iter().all(|item| item.kind.is_public()) {
        lot.items.sort_by_key(|item| item.published_at.unwrap_or(Timestamp(i64::MAX)));
    }
    let mut conn = app.db.read().await?;
    let subscribers: Vec<Subscriber> =
        conn.all("SELECT id, workspace_id, channel, name, address, team_id, settings, caught_up_at FROM channel_accounts WHERE source_id = $1 AND state = 'active' AND removed_at IS NULL ORDER BY id", args![lot.source]).await?;
    for subscriber in &subscribers {
        app.watches().refresh(&mut conn, subscriber.workspace_id).await?;
    }
    drop(conn);
    let mut report = Report::default();
    let mut rest: VecDeque<(&Subscriber, &[Inbound])> =
        subscribers.iter().map(|subscriber| (subscriber, lot.items.as_slice())).filter(|(_, items)| !items.is_empty()).collect();
    let mut size = SIZE_FIRST;
    loop {
        let mut slice = None;
        if let Some((subscriber, items)) = rest.front_mut() {
            let (now, later) = items.split_at(distinct(items, lot.source, size));
            *items = later;
            slice = Some(prepare(app, now, subscriber, Some(lot.source)).await?);
        }
        while rest.front().is_some_and(|(_, items)| items.is_empty()) {
            rest.pop_front();
        }
        let mut races = Races::default();
        let took = loop {
            match write(app, &lot, slice.as_ref(), rest.is_empty()).await {
                Ok(Some((stored, took))) => {
                    report = report + stored;
                    break took;
                }
                Ok(None) => {}
                Err(error) => races.lost(app, error).await?,
            }
        };
        if rest.is_empty() {
            return Ok(report);
        }
        size = fitting(size, took, aim(app.db.engine()));
    }
}

/// One transaction; how long it held the writer. `None`: see [`post::store`].
async fn write(app: &App, lot: &Lot, slice: Option<&Slice<'_>>, is_last: bool) -> Result<Option<(Report, Duration)>> {
    let mut tx = app.db.write_as(lot.turn, lot.durability).await?;
    holds(&mut tx, lot).await?;
    let started = Instant::now();
    let mut report = Report::default();
    if let Some(slice) = slice {
        let imported = lot.imported && slice.subscriber.caught_up_at.is_none();
        let Some(stored) = slice.store(&mut tx, imported).await? else { return Ok(None) };
        report = stored;
    }
    if is_last {
        end(&mut tx, lot).await?;
    }
    tx.commit().await?;
    Ok(Some((report, started.elapsed())))
}

/// How many items the next slice may hold, after one of `size` took so long.
fn fitting(size: usize, took: Duration, aim: Duration) -> usize {
    let scaled = aim.as_micros() * size as u128 / took.as_micros().max(1);
    usize::try_from(scaled).unwrap_or(SIZE_MAX).clamp(size / 2, size * 2).clamp(1, SIZE_MAX)
}

/// How many of the first `size` items share no key: what names the same post twice is stored one after the other.
fn distinct(items: &[Inbound], source: Id<kinds::Source>, size: usize) -> usize {
    let mut seen = HashSet::new();
    items.iter().take(size).take_while(|item| post::keys(item, Some(source)).all(|key| seen.insert(key))).count()
}

/// Moves the source on.
async fn end(tx: &mut Tx, lot: &Lot) -> Result<()> {
    let now = tx.now();
    let came = (!lot.items.is_empty()).then_some(now);
    tx.run(
        "UPDATE sources SET cursor = COALESCE($2, cursor), next_at = COALESCE($3, next_at), last_ok_at = $4, last_item_at = COALESCE($5, last_item_at) WHERE id = $1",
        args![lot.source, lot.cursor.clone(), lot.next_at, now, came],
    )
    .await?;
    if lot.imported && !lot.more {
        // A mailbox has one listener, and says of each mail itself whether it is history.
        tx.run(
            "UPDATE channel_accounts SET caught_up_at = $2 WHERE source_id = $1 AND caught_up_at IS NULL AND state = 'active'
               AND EXISTS (SELECT 1 FROM sources s WHERE s.id = $1 AND s.source_key NOT LIKE 'account:%')",
            args![lot.source, now],
        )
        .await?;
    }
    Ok(())
}

/// Takes one item handed in from outside (delivery door, form, by hand). On disk when it returns: the far side may forget it.
pub async fn deliver(
    app: &App,
    workspace: Id<kinds::Workspace>,
    account: Id<kinds::ChannelAccount>,
    item: Inbound,
) -> Result<Option<Id<kinds::Conversation>>> {
    let mut conn = app.db.read().await?;
    let subscriber: Subscriber = conn
        .opt("SELECT id, workspace_id, channel, name, address, team_id, settings, caught_up_at FROM channel_accounts WHERE workspace_id = $1 AND id = $2 AND removed_at IS NULL", args![workspace, account])
        .await?
        .ok_or(Error::NotFound)?;
    app.watches().refresh(&mut conn, workspace).await?;
    drop(conn);
    let slice = prepare(app, std::slice::from_ref(&item), &subscriber, None).await?;
    let mut races = Races::default();
    loop {
        match deliver_once(app, &subscriber, &slice).await {
            Ok(Some(conversation)) => return Ok(conversation),
            Ok(None) => {}
            Err(error) => races.lost(app, error).await?,
        }
    }
}

/// `None`: see [`post::store`].
async fn deliver_once(app: &App, subscriber: &Subscriber, slice: &Slice<'_>) -> Result<Option<Option<Id<kinds::Conversation>>>> {
    let mut tx = app.db.write_as(Turn::Background, Durability::Full).await?;
    let Some(_) = slice.store(&mut tx, false).await? else { return Ok(None) };
    let conversation = message::known(&mut tx, subscriber, &slice.messages).await?.first().copied().flatten();
    tx.commit().await?;
    Ok(Some(conversation))
}

/// How often this slice met another process at the same rows.
#[derive(Default)]
struct Races(u32);

impl Races {
    /// Waits before the transaction is tried again; any other error, and one race too many, is given back.
    async fn lost(&mut self, app: &App, error: Error) -> Result<()> {
        match error {
            Error::Db(error) if error.is_race() && self.0 < RACES => {
                self.0 += 1;
                // By chance, or the two that met would meet again.
                tokio::time::sleep(Duration::from_millis(app.random().below(20 << self.0).into())).await;
                Ok(())
            }
            error => Err(error),
        }
    }
}

impl std::ops::Add for Report {
    type Output = Report;
    fn add(self, more: Report) -> Report {
        Report {
            new: self.new + more.new,
            edited: self.edited + more.edited,
            known: self.known + more.known,
            slices: self.slices + more.slices,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    New,
    Edited,
    Known,
}

/// Items of one workspace, ready to be stored.
struct Slice<'a> {
    subscriber: &'a Subscriber,
    blobs: &'a Blobs,
    posts: Vec<post::Prepared<'a>>,
    messages: Vec<message::Prepared<'a>>,
}

/// Everything that needs no transaction: language, search document, watches; files go to disk before any row names them.
async fn prepare<'a>(
    app: &'a App,
    items: &'a [Inbound],
    subscriber: &'a Subscriber,
    source: Option<Id<kinds::Source>>,
) -> Result<Slice<'a>> {
    let mut slice = Slice { subscriber, blobs: &app.blobs, posts: Vec::new(), messages: Vec::new() };
    for item in items {
        if item.kind.is_public() {
            slice.posts.push(post::prepare(app, item, subscriber, source));
        } else {
            slice.messages.push(message::prepare(app, item, subscriber).await?);
        }
    }
    Ok(slice)
}

impl Slice<'_> {
    /// `None`: see [`post::store`].
    async fn store(&self, tx: &mut Tx, imported: bool) -> Result<Option<Report>> {
        let Some(mut stored) = post::store(tx, self.subscriber, &self.posts, imported).await? else { return Ok(None) };
        if !self.messages.is_empty() {
            stored.extend(message::store(tx, self.blobs, self.subscriber, &self.messages, imported).await?);
        }
        let count = |what| stored.iter().filter(|s| **s == what).count() as u64;
        let report = Report { new: count(Stored::New), edited: count(Stored::Edited), known: count(Stored::Known), slices: 1 };
        if report.new > 0 {
            let now = tx.now();
            tx.run(
                "UPDATE channel_accounts SET items = items + $2, last_activity_at = $3 WHERE id = $1",
                args![self.subscriber.id, i64::try_from(report.new).unwrap_or(i64::MAX), now],
            )
            .await?;
        }
        Ok(Some(report))
    }
}

/// Fencing: the source must still be ours, or nothing of this batch may be written.
async fn holds(tx: &mut Tx, lot: &Lot) -> Result<()> {
    let Some(fence) = lot.fence else { return Ok(()) };
    let current: Option<(i64,)> = tx.opt(sql!("SELECT fence FROM sources WHERE id = $1" for_update), args![lot.source]).await?;
    if current == Some((fence,)) { Ok(()) } else { Err(Error::Conflict(Sentence::new("error-source-taken"))) }
}

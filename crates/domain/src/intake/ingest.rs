use std::time::{Duration, Instant};

use channels::Inbound;
use db::{Durability, Json, Turn, Tx, args, row, sql};
use i18n::Sentence;
use model::{Id, Timestamp, kinds};

use super::message::{self, Routed};
use super::post::{self, Prepared};
use crate::{App, Error, Result};

/// Background transactions end after this, so that a person's write never waits longer (ARCHITECTURE.md, "Durability").
const SLICE: Duration = Duration::from_millis(15);

/// What one look at a source brought.
pub struct Lot {
    pub source: Id<kinds::Source>,
    /// `sources.fence` at the time of polling: the transaction fails when somebody else has the source by now.
    pub fence: Option<i64>,
    pub items: Vec<Inbound>,
    pub cursor: Option<serde_json::Value>,
    /// History asked for on connecting: arrives closed and starts nothing.
    pub imported: bool,
    pub next_at: Option<Timestamp>,
    pub turn: Turn,
    pub durability: Durability,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    pub new: u64,
    pub edited: u64,
    pub known: u64,
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
    }
}

/// Stores a batch for every workspace that listens to the source. The same item twice is stored once (invariant 2). The cursor moves in the
/// last slice's transaction: if the process dies before, what the earlier slices stored is recognised when it is read again.
pub async fn ingest(app: &App, lot: Lot) -> Result<Report> {
    let mut conn = app.db.read().await?;
    let subscribers: Vec<Subscriber> =
        conn.all("SELECT id, workspace_id, channel, name, address, team_id, settings FROM channel_accounts WHERE source_id = $1 AND state = 'active' AND removed_at IS NULL ORDER BY id", args![lot.source]).await?;
    for subscriber in &subscribers {
        app.watches().refresh(&mut conn, subscriber.workspace_id).await?;
    }
    drop(conn);
    let mut work = Vec::with_capacity(lot.items.len() * subscribers.len());
    for item in &lot.items {
        for subscriber in &subscribers {
            work.push((item, subscriber, prepare(app, item, subscriber).await?));
        }
    }
    let mut report = Report::default();
    let mut rest = work.into_iter().peekable();
    loop {
        let mut tx = app.db.write_as(lot.turn, lot.durability).await?;
        holds(&mut tx, &lot).await?;
        let started = Instant::now();
        let mut counts: Vec<(Id<kinds::ChannelAccount>, i64)> = Vec::new();
        while rest.peek().is_some() && started.elapsed() < SLICE {
            let Some((item, subscriber, prepared)) = rest.next() else { break };
            match store(&mut tx, item, subscriber, prepared, lot.imported, Some(lot.source)).await?.0 {
                Stored::New => {
                    report.new += 1;
                    match counts.iter_mut().find(|(id, _)| *id == subscriber.id) {
                        Some((_, n)) => *n += 1,
                        None => counts.push((subscriber.id, 1)),
                    }
                }
                Stored::Edited => report.edited += 1,
                Stored::Known => report.known += 1,
            }
        }
        let now = tx.now();
        for (account, n) in counts {
            tx.run("UPDATE channel_accounts SET items = items + $2, last_activity_at = $3 WHERE id = $1", args![account, n, now]).await?;
        }
        let last = rest.peek().is_none();
        if last {
            let came = (!lot.items.is_empty()).then_some(now);
            tx.run(
                "UPDATE sources SET cursor = COALESCE($2, cursor), next_at = COALESCE($3, next_at), last_ok_at = $4, last_item_at = COALESCE($5, last_item_at) WHERE id = $1",
                args![lot.source, lot.cursor.clone(), lot.next_at, now, came],
            )
            .await?;
        }
        tx.commit().await?;
        if last {
            return Ok(report);
        }
    }
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
        .opt("SELECT id, workspace_id, channel, name, address, team_id, settings FROM channel_accounts WHERE workspace_id = $1 AND id = $2 AND removed_at IS NULL", args![workspace, account])
        .await?
        .ok_or(Error::NotFound)?;
    app.watches().refresh(&mut conn, workspace).await?;
    drop(conn);
    let prepared = prepare(app, &item, &subscriber).await?;
    let mut tx = app.db.write_as(Turn::Background, Durability::Full).await?;
    let (stored, conversation) = store(&mut tx, &item, &subscriber, prepared, false, None).await?;
    if stored == Stored::New {
        let now = tx.now();
        tx.run("UPDATE channel_accounts SET items = items + 1, last_activity_at = $2 WHERE id = $1", args![subscriber.id, now]).await?;
    }
    tx.commit().await?;
    Ok(conversation)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    New,
    Edited,
    Known,
}

enum Ready {
    Post(Prepared),
    Message(Routed),
}

/// Everything that needs no transaction: language, search document, watches; files go to disk before any row names them.
async fn prepare(app: &App, item: &Inbound, subscriber: &Subscriber) -> Result<Ready> {
    Ok(if item.kind.is_public() {
        Ready::Post(post::prepare(app, item, subscriber))
    } else {
        Ready::Message(message::prepare(app, item, subscriber).await?)
    })
}

async fn store(
    tx: &mut Tx,
    item: &Inbound,
    subscriber: &Subscriber,
    ready: Ready,
    imported: bool,
    source: Option<Id<kinds::Source>>,
) -> Result<(Stored, Option<Id<kinds::Conversation>>)> {
    match ready {
        Ready::Post(prepared) => Ok((post::store(tx, item, subscriber, &prepared, imported, source).await?, None)),
        Ready::Message(routed) => message::store(tx, item, subscriber, routed, imported).await,
    }
}

/// Fencing: the source must still be ours, or nothing of this batch may be written.
async fn holds(tx: &mut Tx, lot: &Lot) -> Result<()> {
    let Some(fence) = lot.fence else { return Ok(()) };
    let current: Option<(i64,)> = tx.opt(sql!("SELECT fence FROM sources WHERE id = $1" for_update), args![lot.source]).await?;
    if current == Some((fence,)) { Ok(()) } else { Err(Error::Conflict(Sentence::new("error-source-taken"))) }
}

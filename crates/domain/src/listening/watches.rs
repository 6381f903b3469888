//! Watches: what a workspace listens for.

use db::{Conn, Tx, args, row, sql};
use i18n::Sentence;
use model::{Id, Timestamp, kinds};

use super::{Checked, matcher};
use crate::accounts::{Permission, Seat};
use crate::{App, Error, Result, audit, events};

row! {
    pub struct Watch {
        pub id: Id<kinds::Watch>,
        pub name: String,
        pub query: String,
        /// One of [`KINDS`].
        pub kind: String,
        pub hits: i64,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
        pub archived_at: Option<Timestamp>,
    }
}

/// What a watch is about; groups the list.
pub const KINDS: [&str; 5] = ["brand", "product", "competitor", "topic", "person"];

/// A watch with its last days.
#[derive(Debug, Clone)]
pub struct Listed {
    pub watch: Watch,
    /// Hits of the last [`DAYS`] days, oldest first, by days of 24 hours that end now.
    pub days: Vec<i64>,
}

impl Listed {
    /// Hits of the last seven days.
    pub fn week(&self) -> i64 {
        self.days.iter().rev().take(7).sum()
    }
}

pub const DAYS: usize = 14;
const DAY: i64 = 24 * 3600 * 1_000_000;

/// The active watches, by kind in the order of [`KINDS`], then by name.
pub async fn list(conn: &mut Conn, seat: &Seat) -> Result<Vec<Listed>> {
    seat.require(Permission::ListenRead)?;
    let mut watches: Vec<Watch> = conn
        .all(
            "SELECT id, name, query, kind, hits, created_at, updated_at, archived_at FROM watches WHERE workspace_id = $1 AND archived_at IS NULL ORDER BY name, id",
            args![seat.ws()],
        )
        .await?;
    let now = conn.now();
    let since = Timestamp(now.micros() - DAYS as i64 * DAY);
    let counts: Vec<(Id<kinds::Watch>, i64, i64)> = conn
        .all(
            // Watch by watch: what is older than these days is not looked at.
            "SELECT h.watch_id, ($3 - h.sort_at) / $4 AS ago, COUNT(*) FROM watches w CROSS JOIN watch_hits h
             WHERE w.workspace_id = $1 AND w.archived_at IS NULL AND h.workspace_id = w.workspace_id AND h.watch_id = w.id AND h.sort_at > $2 AND h.sort_at <= $3
             GROUP BY h.watch_id, ($3 - h.sort_at) / $4",
            args![seat.ws(), since, now, DAY],
        )
        .await?;
    let order = |kind: &str| KINDS.iter().position(|k| *k == kind).unwrap_or(KINDS.len());
    watches.sort_by_key(|w| order(&w.kind));
    let mut listed: Vec<Listed> = watches.into_iter().map(|watch| Listed { watch, days: vec![0; DAYS] }).collect();
    for (watch, ago, count) in counts {
        let day = usize::try_from(ago).ok().and_then(|ago| (DAYS - 1).checked_sub(ago));
        if let Some(slot) = listed.iter_mut().find(|l| l.watch.id == watch).zip(day).and_then(|(l, day)| l.days.get_mut(day)) {
            *slot += count;
        }
    }
    Ok(listed)
}

/// Those that ended, by name.
pub async fn archived(conn: &mut Conn, seat: &Seat) -> Result<Vec<Watch>> {
    seat.require(Permission::ListenRead)?;
    Ok(conn
        .all(
            "SELECT id, name, query, kind, hits, created_at, updated_at, archived_at FROM watches WHERE workspace_id = $1 AND archived_at IS NOT NULL ORDER BY name, id",
            args![seat.ws()],
        )
        .await?)
}

/// `NotFound` for those of other workspaces. Archived ones open too.
pub async fn open(conn: &mut Conn, seat: &Seat, id: Id<kinds::Watch>) -> Result<Watch> {
    seat.require(Permission::ListenRead)?;
    conn.opt(
        "SELECT id, name, query, kind, hits, created_at, updated_at, archived_at FROM watches WHERE workspace_id = $1 AND id = $2",
        args![seat.ws(), id],
    )
    .await?
    .ok_or(Error::NotFound)
}

/// What a person writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    pub name: String,
    pub query: String,
    pub kind: String,
}

impl Draft {
    fn checked(self) -> Result<Self> {
        let name = model::text::clean(&self.name).split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() || name.chars().count() > 120 {
            return Err(Error::invalid("name", "error-watch-name"));
        }
        // In a query the name stands in quotes.
        if name.contains(['"', '„', '“', '”', '«', '»']) {
            return Err(Error::invalid("name", "error-watch-name-quotes"));
        }
        if !KINDS.contains(&self.kind.as_str()) {
            return Err(Error::invalid("kind", "error-choice"));
        }
        Ok(Self { name, query: self.query.replace("\r\n", "\n").trim().to_string(), kind: self.kind })
    }
}

/// A new watch. The inner error lists everything that is wrong with the query.
///
/// # Errors
/// `Invalid` for the name or the kind.
pub async fn create(app: &App, seat: &Seat, draft: Draft) -> Result<Checked<Id<kinds::Watch>>> {
    seat.require(Permission::WatchEdit)?;
    let draft = draft.checked()?;
    let mut tx = app.db.write().await?;
    lock(&mut tx, seat).await?;
    free(&mut tx, seat, &draft.name, None).await?;
    if let Err(errors) = matcher::check(&mut tx, seat.ws(), None, &draft.name, &draft.query).await? {
        return Ok(Err(errors));
    }
    let (id, now) = (tx.id::<kinds::Watch>(), tx.now());
    tx.run(
        "INSERT INTO watches (id, workspace_id, name, query, kind, owner_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        args![id, seat.ws(), &draft.name, &draft.query, &draft.kind, seat.user(), now],
    )
    .await?;
    note(&mut tx, seat, id, "watch.created").await?;
    finish(app, seat, tx).await?;
    Ok(Ok(id))
}

/// Renames, regroups, changes the query. Hits of before stay.
///
/// # Errors
/// As [`create`]; `Conflict` when other watches name it and the name changes.
pub async fn change(app: &App, seat: &Seat, id: Id<kinds::Watch>, draft: Draft) -> Result<Checked<()>> {
    seat.require(Permission::WatchEdit)?;
    let draft = draft.checked()?;
    let mut tx = app.db.write().await?;
    lock(&mut tx, seat).await?;
    let watch = open(&mut tx, seat, id).await?;
    if watch.archived_at.is_some() {
        return Err(Error::NotFound);
    }
    free(&mut tx, seat, &draft.name, Some(id)).await?;
    if watch.name != draft.name {
        unused(&mut tx, seat, &watch.name).await?;
    }
    if let Err(errors) = matcher::check(&mut tx, seat.ws(), Some(id), &draft.name, &draft.query).await? {
        return Ok(Err(errors));
    }
    let now = tx.now();
    tx.run(
        "UPDATE watches SET name = $3, query = $4, kind = $5, updated_at = $6 WHERE workspace_id = $1 AND id = $2",
        args![seat.ws(), id, &draft.name, &draft.query, &draft.kind, now],
    )
    .await?;
    note(&mut tx, seat, id, "watch.changed").await?;
    finish(app, seat, tx).await?;
    Ok(Ok(()))
}

/// Ends a watch: nothing new is found, what was found stays readable.
pub async fn archive(app: &App, seat: &Seat, id: Id<kinds::Watch>) -> Result<()> {
    seat.require(Permission::WatchEdit)?;
    let mut tx = app.db.write().await?;
    lock(&mut tx, seat).await?;
    let watch = open(&mut tx, seat, id).await?;
    unused(&mut tx, seat, &watch.name).await?;
    let now = tx.now();
    tx.run(
        "UPDATE watches SET archived_at = COALESCE(archived_at, $3), updated_at = $3 WHERE workspace_id = $1 AND id = $2",
        args![seat.ws(), id, now],
    )
    .await?;
    note(&mut tx, seat, id, "watch.archived").await?;
    finish(app, seat, tx).await
}

/// Takes an ended watch up again: it finds what comes from now on; a back-fill looks for what came meanwhile.
///
/// # Errors
/// `Conflict` when its name is taken by now, or when its query does not hold any more (a watch it names has ended).
pub async fn resume(app: &App, seat: &Seat, id: Id<kinds::Watch>) -> Result<()> {
    seat.require(Permission::WatchEdit)?;
    let mut tx = app.db.write().await?;
    lock(&mut tx, seat).await?;
    let watch = open(&mut tx, seat, id).await?;
    if watch.archived_at.is_none() {
        return Ok(());
    }
    if let Err(Error::Invalid { why, .. }) = free(&mut tx, seat, &watch.name, Some(id)).await {
        return Err(Error::Conflict(why));
    }
    if let Err(errors) = matcher::check(&mut tx, seat.ws(), Some(id), &watch.name, &watch.query).await? {
        let why = errors.first().map_or_else(|| Sentence::new("fault-conflict"), matcher::sentence);
        return Err(Error::Conflict(why));
    }
    let now = tx.now();
    tx.run("UPDATE watches SET archived_at = NULL, updated_at = $3 WHERE workspace_id = $1 AND id = $2", args![seat.ws(), id, now]).await?;
    note(&mut tx, seat, id, "watch.resumed").await?;
    finish(app, seat, tx).await
}

/// Watches name each other, so changes to a workspace's watches happen one after the other.
async fn lock(tx: &mut Tx, seat: &Seat) -> Result<()> {
    tx.opt::<(i64,)>(sql!("SELECT id FROM workspaces WHERE id = $1" for_update), args![seat.ws()]).await?.ok_or(Error::NotFound)?;
    Ok(())
}

async fn free(tx: &mut Tx, seat: &Seat, name: &str, own: Option<Id<kinds::Watch>>) -> Result<()> {
    let taken: Option<(i64,)> = tx
        .opt(
            "SELECT id FROM watches WHERE workspace_id = $1 AND name = $2 AND archived_at IS NULL AND ($3 IS NULL OR id <> $3)",
            args![seat.ws(), name, own],
        )
        .await?;
    if taken.is_some() { Err(Error::invalid("name", "error-watch-name-taken")) } else { Ok(()) }
}

async fn unused(tx: &mut Tx, seat: &Seat, name: &str) -> Result<()> {
    let users = matcher::users_of(tx, seat.ws(), name).await?;
    if users.is_empty() { Ok(()) } else { Err(Error::Conflict(Sentence::new("error-watch-used").with("names", users.join(", ")))) }
}

async fn note(tx: &mut Tx, seat: &Seat, id: Id<kinds::Watch>, action: &'static str) -> Result<()> {
    events::record(tx, seat.ws(), "watch.changed", Some(id), Some(seat.user()), serde_json::json!({})).await?;
    let entry = audit::Entry {
        workspace: Some(seat.ws()),
        actor: Some(seat.user()),
        action,
        subject_kind: Some("watch"),
        subject: Some(id.as_i64()),
        detail: serde_json::json!({}),
    };
    Ok(audit::record(tx, entry).await?)
}

/// This process need not wait for its own event.
async fn finish(app: &App, seat: &Seat, tx: Tx) -> Result<()> {
    tx.commit().await?;
    let mut conn = app.db.read().await?;
    app.watches().reload(&mut conn, seat.ws()).await
}

//! What happened, for live pages and reports: ids and codes, never names, addresses or text.

use std::time::Duration;

use db::{Conn, Db, Json, Many, Tx, args, row, sql};
use model::{Id, Timestamp, kinds};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::Result;

/// Where a reader is: the order in which transactions became visible, then the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Position(pub i64, pub i64);

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}
impl std::str::FromStr for Position {
    type Err = ();
    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        let (a, b) = text.split_once('.').ok_or(())?;
        Ok(Position(a.parse().map_err(|_| ())?, b.parse().map_err(|_| ())?))
    }
}

row! {
    pub struct Event {
        pub position: i64,
        pub id: Id<kinds::Event>,
        pub workspace_id: Id<kinds::Workspace>,
        pub at: Timestamp,
        /// `conversation.message`, `conversation.changed`, `hit.new`, `account.health` …
        pub kind: String,
        pub subject_id: Option<i64>,
        pub actor_id: Option<Id<kinds::User>>,
        pub detail: Json<serde_json::Value>,
    }
}

impl Event {
    pub fn place(&self) -> Position {
        Position(self.position, self.id.as_i64())
    }
}

/// Writes an event inside the transaction of what happened.
pub async fn record<T>(
    tx: &mut Tx,
    workspace: Id<kinds::Workspace>,
    kind: &str,
    subject: Option<Id<T>>,
    actor: Option<Id<kinds::User>>,
    detail: serde_json::Value,
) -> db::Result<()> {
    record_all(tx, workspace, kind, actor, vec![(subject, detail)]).await
}

/// Writes events of one kind, each with its subject and detail.
pub async fn record_all<T>(
    tx: &mut Tx,
    workspace: Id<kinds::Workspace>,
    kind: &str,
    actor: Option<Id<kinds::User>>,
    events: Vec<(Option<Id<T>>, serde_json::Value)>,
) -> db::Result<()> {
    const EVENTS: Many = Many {
        into: "INSERT INTO events (id, workspace_id, at, kind, subject_id, actor_id, detail)",
        row: sql!("($1, $2, $3, $4, $5, $6, $7)"),
        end: "",
    };
    let now = tx.now();
    let rows = events
        .into_iter()
        .map(|(subject, detail)| args![tx.id::<kinds::Event>(), workspace, now, kind, subject.map(Id::as_i64), actor, detail])
        .collect();
    tx.run_many(&EVENTS, rows).await?;
    Ok(())
}

/// Events behind `after` whose transactions have all ended, oldest first.
pub async fn behind(conn: &mut Conn, workspace: Option<Id<kinds::Workspace>>, after: Position, limit: i64) -> Result<Vec<Event>> {
    Ok(conn
        .all(
            sql!("SELECT position, id, workspace_id, at, kind, subject_id, actor_id, detail FROM events
                  WHERE (position, id) > ($1, $2) AND ($3 IS NULL OR workspace_id = $3) AND " settled " ORDER BY position, id LIMIT $4"),
            args![after.0, after.1, workspace, limit],
        )
        .await?)
}

/// Where the settled events end now.
pub async fn newest(conn: &mut Conn) -> Result<Position> {
    let row: Option<(i64, i64)> =
        conn.opt(sql!("SELECT position, id FROM events WHERE " settled " ORDER BY position DESC, id DESC LIMIT 1"), vec![]).await?;
    Ok(row.map_or(Position::default(), |(p, id)| Position(p, id)))
}

/// How much longer than its own clock says a transaction may take, another node's clock included, to be seen by whoever begins at a moment.
const SLACK: Duration = Duration::from_secs(30);

/// Where a reader goes on who heard of an event; if that is gone by now, at its moment.
pub async fn from_id(conn: &mut Conn, id: Id<kinds::Event>) -> Result<Position> {
    let known: Option<(i64, i64)> = conn.opt("SELECT position, id FROM events WHERE id = $1", args![id]).await?;
    match known {
        Some((position, id)) => Ok(Position(position, id)),
        None => from_moment(conn, id.made_at()).await,
    }
}

/// Where a reader begins who knows a moment: a little before it, so that what happened while a page was being made is told twice rather than
/// never.
pub async fn from_moment(conn: &mut Conn, at: Timestamp) -> Result<Position> {
    let before = Id::<kinds::Event>::lowest_at(at - SLACK);
    let row: Option<(i64, i64)> =
        conn.opt(sql!("SELECT position, id FROM events WHERE id < $1 AND " settled " ORDER BY id DESC LIMIT 1"), args![before]).await?;
    Ok(row.map_or(Position::default(), |(p, id)| Position(p, id)))
}

/// One reader per process that hands every event to all open screens. Falls back on nothing but the table: a wake-up is only a hint.
#[derive(Clone)]
pub struct Feed {
    sender: broadcast::Sender<std::sync::Arc<Event>>,
    ended: CancellationToken,
}

impl Default for Feed {
    fn default() -> Self {
        Self { sender: broadcast::channel(1024).0, ended: CancellationToken::new() }
    }
}

impl Feed {
    /// Events from now on. A receiver that lags reads the table from its own position again.
    pub fn listen(&self) -> broadcast::Receiver<std::sync::Arc<Event>> {
        self.sender.subscribe()
    }

    /// Returns when this process stops: open screens are let go and come back to whoever serves next.
    pub async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// Reads until `stop`.
    pub async fn run(&self, db: Db, stop: CancellationToken) {
        let mut at: Option<Position> = None;
        loop {
            match self.round(&db, &mut at).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "events could not be read"),
            }
            tokio::select! {
                () = stop.cancelled() => return self.ended.cancel(),
                () = db.committed() => {}
                () = tokio::time::sleep(Duration::from_secs(2)) => {}
            }
        }
    }

    /// `true`: there was a full page, look again at once.
    async fn round(&self, db: &Db, at: &mut Option<Position>) -> Result<bool> {
        let mut conn = db.read().await?;
        let Some(from) = *at else {
            *at = Some(newest(&mut conn).await?);
            return Ok(false);
        };
        let events = behind(&mut conn, None, from, 500).await?;
        let full = events.len() == 500;
        for event in events {
            *at = Some(event.place());
            // Nobody listening is no error.
            let _ = self.sender.send(std::sync::Arc::new(event));
        }
        Ok(full)
    }
}

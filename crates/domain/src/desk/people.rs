//! Who and what a conversation can be given.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use db::{Conn, args};
use model::{Id, Timestamp, kinds};

use crate::accounts::Seat;
use crate::{App, Result};

/// What stands in the menus of every conversation of a workspace.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    pub members: Vec<(Id<kinds::User>, String)>,
    pub teams: Vec<(Id<kinds::Team>, String)>,
    pub labels: Vec<String>,
}

/// How long [`choices`] may miss what another process wrote.
const FRESH: Duration = Duration::from_secs(5);

/// The choices of each workspace as they were read last, with the count of commits they are valid for.
#[derive(Clone, Default)]
pub struct ChoicesRead(Arc<Mutex<HashMap<Id<kinds::Workspace>, (i64, Timestamp, Arc<Choices>)>>>);

/// The choices of the seat's workspace. Several hundred rows for every page of a conversation are read again only once this process has
/// written something, or after five seconds.
pub async fn choices(app: &App, conn: &mut Conn, seat: &Seat) -> Result<Arc<Choices>> {
    // Taken before reading: what is committed meanwhile makes it outdated.
    let (commits, now) = (conn.env().hint(), conn.now());
    let kept = app.choices_read().0.lock().unwrap_or_else(PoisonError::into_inner).get(&seat.ws()).cloned();
    if let Some((valid_for, at, choices)) = kept
        && valid_for == commits
        && now >= at
        && now.since(at) < FRESH
    {
        return Ok(choices);
    }
    let choices =
        Arc::new(Choices { members: assignable(conn, seat).await?, teams: teams(conn, seat).await?, labels: labels(conn, seat).await? });
    let mut all = app.choices_read().0.lock().unwrap_or_else(PoisonError::into_inner);
    all.insert(seat.ws(), (commits, now, choices.clone()));
    Ok(choices)
}

/// Members, by name.
async fn assignable(conn: &mut Conn, seat: &Seat) -> Result<Vec<(Id<kinds::User>, String)>> {
    Ok(conn
        .all(
            "SELECT u.id, u.name FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.workspace_id = $1 AND u.disabled_at IS NULL ORDER BY u.name, u.id",
            args![seat.ws()],
        )
        .await?)
}

/// Teams, by name.
async fn teams(conn: &mut Conn, seat: &Seat) -> Result<Vec<(Id<kinds::Team>, String)>> {
    Ok(conn.all("SELECT id, name FROM teams WHERE workspace_id = $1 ORDER BY name, id", args![seat.ws()]).await?)
}

/// Labels in use by name, at most 200. Nothing is counted: with a million labelled conversations a count reads them all, while this jumps
/// through the index from one label to the next, once for each different label.
async fn labels(conn: &mut Conn, seat: &Seat) -> Result<Vec<String>> {
    let found: Vec<(String,)> = conn
        .all(
            "WITH RECURSIVE keys (label_key) AS (
               SELECT MIN(label_key) FROM conversation_labels WHERE workspace_id = $1 AND label_key > ''
               UNION ALL
               SELECT (SELECT MIN(l.label_key) FROM conversation_labels l WHERE l.workspace_id = $1 AND l.label_key > keys.label_key) FROM keys WHERE keys.label_key IS NOT NULL
             )
             SELECT (SELECT l.label FROM conversation_labels l WHERE l.workspace_id = $1 AND l.label_key = keys.label_key ORDER BY l.conversation_id DESC LIMIT 1)
             FROM keys WHERE keys.label_key IS NOT NULL LIMIT 200",
            args![seat.ws()],
        )
        .await?;
    Ok(found.into_iter().map(|(label,)| label).collect())
}

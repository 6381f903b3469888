//! The compiled watches of every workspace, as arriving posts meet them.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use db::{Conn, args};
use matching::{Matcher, Post, Query, QueryError, link, parse, parse_archive, tokenise};
use model::{Id, kinds};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::Checked;
use crate::{App, Result};

type Workspace = Id<kinds::Workspace>;

/// A snapshot for each workspace. Matching goes on over the old one while a new one is made; then it is exchanged.
#[derive(Clone, Default)]
pub struct WatchSet(Arc<RwLock<HashMap<Workspace, Arc<Snapshot>>>>);

struct Snapshot {
    stamp: Stamp,
    /// Of two loads that ran at once, the one that began later stays.
    began: i64,
    matcher: Matcher<Id<kinds::Watch>>,
}

/// Watches, active ones, newest change: differs when anything changed.
type Stamp = (i64, i64, i64);

impl WatchSet {
    /// The active watches that want this post. Empty for a workspace that was never loaded: see [`refresh`](Self::refresh).
    pub fn matches(&self, workspace: Workspace, post: &Post) -> Vec<Id<kinds::Watch>> {
        match self.snapshot(workspace) {
            Some(snapshot) if !snapshot.matcher.is_empty() => snapshot.matcher.matches(&tokenise(post)),
            _ => Vec::new(),
        }
    }

    fn snapshot(&self, workspace: Workspace) -> Option<Arc<Snapshot>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&workspace).cloned()
    }

    /// Loads the workspace if anything changed since the last time, also on another node: one cheap question. Intake asks it once a batch, so
    /// that no post slips past a watch that was made before the batch.
    pub async fn refresh(&self, conn: &mut Conn, workspace: Workspace) -> Result<()> {
        let stamp = stamp(conn, workspace).await?;
        if self.snapshot(workspace).is_some_and(|s| s.stamp == stamp) {
            return Ok(());
        }
        self.reload(conn, workspace).await
    }

    /// Compiles the workspace's active watches anew. One that no longer parses is left out and logged; the editor shows it.
    pub async fn reload(&self, conn: &mut Conn, workspace: Workspace) -> Result<()> {
        // Ids only grow within a process, so they tell which load began later.
        let began = conn.id::<()>().as_i64();
        let stamp = stamp(conn, workspace).await?;
        let mut matcher = Matcher::new();
        for (id, query) in compile(conn, workspace).await? {
            match query {
                Ok(query) => matcher.set(id, query),
                Err(errors) => tracing::warn!(watch = %id, errors = errors.len(), "a watch cannot be compiled and finds nothing"),
            }
        }
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if all.get(&workspace).is_none_or(|s| s.began < began) {
            all.insert(workspace, Arc::new(Snapshot { stamp, began, matcher }));
        }
        Ok(())
    }

    /// Loads everything, then whatever `watch.changed` names, until `stop`. Looks over all of it now and then: an event may fall between the
    /// first load and the feed's first look.
    pub async fn run(&self, app: App, stop: CancellationToken) {
        let mut events = app.feed.listen();
        let mut pause = Duration::ZERO;
        loop {
            let event = tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => None,
                event = events.recv() => match event {
                    Ok(event) if event.kind == "watch.changed" => Some(event),
                    Ok(_) => continue,
                    Err(RecvError::Lagged(_)) => None,
                    Err(RecvError::Closed) => return,
                },
            };
            let load = async {
                let mut conn = app.db.read().await?;
                match event {
                    Some(event) => self.reload(&mut conn, event.workspace_id).await,
                    None => self.refresh_all(&mut conn).await,
                }
            };
            pause = match load.await {
                Ok(()) => Duration::from_secs(30),
                Err(error) => {
                    tracing::warn!(%error, "watches could not be loaded; trying again");
                    Duration::from_secs(1)
                }
            };
        }
    }

    async fn refresh_all(&self, conn: &mut Conn) -> Result<()> {
        let workspaces: Vec<(Workspace,)> = conn.all("SELECT DISTINCT workspace_id FROM watches", vec![]).await?;
        for (workspace,) in workspaces {
            self.refresh(conn, workspace).await?;
        }
        Ok(())
    }
}

async fn stamp(conn: &mut Conn, workspace: Workspace) -> Result<Stamp> {
    Ok(conn
        .one("SELECT COUNT(*), COUNT(*) FILTER (WHERE archived_at IS NULL), COALESCE(MAX(updated_at), 0) FROM watches WHERE workspace_id = $1", args![workspace])
        .await?)
}

type Named = (Id<kinds::Watch>, String, String);

async fn active(conn: &mut Conn, workspace: Workspace) -> Result<Vec<Named>> {
    Ok(conn
        .all("SELECT id, name, query FROM watches WHERE workspace_id = $1 AND archived_at IS NULL ORDER BY id", args![workspace])
        .await?)
}

/// Every active watch, linked with those it names, or why it cannot be.
pub(super) async fn compile(conn: &mut Conn, workspace: Workspace) -> Result<Vec<(Id<kinds::Watch>, Checked<Query>)>> {
    let watches = active(conn, workspace).await?;
    let parsed: Vec<Checked<Query>> = watches.iter().map(|(_, _, query)| parse(query)).collect();
    let named: Vec<(&str, Option<&Query>)> =
        watches.iter().zip(&parsed).map(|((_, name, _), query)| (name.as_str(), query.as_ref().ok())).collect();
    let linked = link(&named);
    Ok(watches.iter().zip(parsed).zip(linked).map(|(((id, ..), parsed), linked)| (*id, parsed.and(linked))).collect())
}

/// One active watch, ready to match.
pub(super) async fn compiled(conn: &mut Conn, workspace: Workspace, watch: Id<kinds::Watch>) -> Result<Option<Query>> {
    Ok(compile(conn, workspace).await?.into_iter().find(|(id, _)| *id == watch).and_then(|(_, query)| query.ok()))
}

/// A query somebody is writing, linked with the other watches. `own`: the watch it will replace.
pub async fn check(
    conn: &mut Conn,
    workspace: Workspace,
    own: Option<Id<kinds::Watch>>,
    name: &str,
    query: &str,
) -> Result<Checked<Query>> {
    Ok(match parse(query) {
        Ok(query) => with_others(conn, workspace, own, name, query).await?,
        Err(errors) => Err(errors),
    })
}

/// As [`check`], for the archive's search.
pub(super) async fn check_archive(conn: &mut Conn, workspace: Workspace, query: &str) -> Result<Checked<Query>> {
    Ok(match parse_archive(query) {
        Ok(query) => with_others(conn, workspace, None, "", query).await?,
        Err(errors) => Err(errors),
    })
}

async fn with_others(
    conn: &mut Conn,
    workspace: Workspace,
    own: Option<Id<kinds::Watch>>,
    name: &str,
    query: Query,
) -> Result<Checked<Query>> {
    if query.watches().is_empty() {
        return Ok(Ok(query));
    }
    let others: Vec<Named> = active(conn, workspace).await?.into_iter().filter(|(id, ..)| Some(*id) != own).collect();
    let parsed: Vec<Option<Query>> = others.iter().map(|(_, _, query)| parse(query).ok()).collect();
    let mut named: Vec<(&str, Option<&Query>)> = vec![(name, Some(&query))];
    named.extend(others.iter().zip(&parsed).map(|((_, name, _), query)| (name.as_str(), query.as_ref())));
    Ok(link(&named).swap_remove(0))
}

/// The active watches that name this one.
pub(super) async fn users_of(conn: &mut Conn, workspace: Workspace, name: &str) -> Result<Vec<String>> {
    let uses = |query: &str| parse(query).is_ok_and(|q| q.watches().iter().any(|(used, _)| used == name));
    Ok(active(conn, workspace).await?.into_iter().filter(|(_, own, query)| own != name && uses(query)).map(|(_, name, _)| name).collect())
}

/// The sentence for an error of a query, with its fix: `query-error-<key>`.
pub fn sentence(error: &QueryError) -> i18n::Sentence {
    let mut sentence = i18n::Sentence::new(format!("query-error-{}", error.problem.key()));
    for (name, value) in error.problem.args() {
        sentence = sentence.with(name, value);
    }
    sentence
}

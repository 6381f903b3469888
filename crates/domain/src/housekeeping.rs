//! What happens by the clock: snoozed conversations come back, what has expired goes. In small transactions, so that people never wait.

use std::time::Duration;

use db::args;
use jobs::{Claimed, Failure, Outcome};
use model::{Id, kinds};
use serde_json::json;

use crate::intake::expired;
use crate::privacy::retention;
use crate::{App, Result, events};

/// Every minute.
pub const WAKE: &str = "wake-snoozed";
/// Every hour.
pub const CLEAN: &str = "clean-up";

/// Rows of one transaction.
const STEP: i64 = 200;
/// Done jobs are kept this long, for whoever looks after something that happened.
const DONE_JOBS: Duration = Duration::from_secs(7 * 24 * 3600);
/// Events are kept this long: live screens need minutes, reports read roll-ups.
const EVENTS: Duration = Duration::from_secs(400 * 24 * 3600);
/// A file nobody names may belong to a message that is being written.
const ORPHANS: Duration = Duration::from_secs(24 * 3600);

pub async fn wake(app: App, _job: Claimed) -> Outcome {
    ended(wake_due(&app).await.map(|_| ()))
}

pub async fn clean(app: App, _job: Claimed) -> Outcome {
    ended(clean_up(&app).await)
}

fn ended(result: Result<()>) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::Retry { at: None, why: Failure::new("job-failure-internal").with("detail", error) },
    }
}

/// Opens conversations whose time has come; how many.
pub async fn wake_due(app: &App) -> Result<u64> {
    let mut woken = 0;
    loop {
        let mut tx = app.db.write_as(db::Turn::Background, db::Durability::Full).await?;
        let now = tx.now();
        let due: Vec<(Id<kinds::Workspace>, Id<kinds::Conversation>)> =
            tx.all("SELECT workspace_id, id FROM conversations WHERE status = 'snoozed' AND snoozed_until <= $1 ORDER BY snoozed_until LIMIT $2", args![now, STEP]).await?;
        for (workspace, id) in &due {
            tx.run(
                "UPDATE conversations SET status = 'open', snoozed_until = NULL, last_message_at = $3 WHERE workspace_id = $1 AND id = $2",
                args![*workspace, *id, now],
            )
            .await?;
            events::record(&mut tx, *workspace, "conversation.changed", Some(*id), None, json!({ "action": "woke" })).await?;
        }
        tx.commit().await?;
        woken += due.len() as u64;
        if (due.len() as i64) < STEP {
            return Ok(woken);
        }
    }
}

/// Takes away what has expired.
pub async fn clean_up(app: &App) -> Result<()> {
    expire_posts(&app.db).await?;
    retention::forget_profiles(&app.db).await?;
    let mut tx = app.db.write_reread().await?;
    let now = tx.now();
    tx.run("DELETE FROM jobs WHERE state = 'done' AND finished_at < $1", args![now - DONE_JOBS]).await?;
    tx.run("DELETE FROM sessions WHERE expires_at < $1", args![now]).await?;
    tx.run("DELETE FROM one_time_links WHERE expires_at < $1", args![now]).await?;
    tx.run("DELETE FROM expired_post_keys WHERE expired_at < $1", args![now - expired::REMEMBERED]).await?;
    tx.run("DELETE FROM form_suspects WHERE expires_at <= $1", args![now]).await?;
    tx.run("DELETE FROM rate_limits WHERE window_start < $1", args![now - Duration::from_secs(24 * 3600)]).await?;
    tx.commit().await?;
    forget_events(&app.db).await?;
    orphans(app).await
}

/// Events that no open page can still want. Ids grow with time.
async fn forget_events(db: &db::Db) -> Result<()> {
    loop {
        let mut tx = db.write_reread().await?;
        let before = Id::<kinds::Event>::lowest_at(tx.now() - EVENTS);
        let gone = tx
            .run("DELETE FROM events WHERE id IN (SELECT id FROM events WHERE id < $1 ORDER BY id LIMIT $2)", args![before, STEP])
            .await?;
        tx.commit().await?;
        if gone < STEP as u64 {
            return Ok(());
        }
    }
}

/// Posts nobody wanted, with their search documents.
pub async fn expire_posts(db: &db::Db) -> Result<()> {
    loop {
        let mut tx = db.write_reread().await?;
        let now = tx.now();
        let expired: Vec<(Id<kinds::Post>,)> = tx
            .all(
                "SELECT p.id FROM posts p WHERE p.expires_at <= $1 AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.workspace_id = p.workspace_id AND m.post_id = p.id) ORDER BY p.expires_at LIMIT $2",
                args![now, STEP],
            )
            .await?;
        let ids: Vec<Id<kinds::Post>> = expired.into_iter().map(|(id,)| id).collect();
        expired::remember(&mut tx, &ids).await?;
        tx.run(db::sql!("DELETE FROM posts_fts WHERE rowid IN " [ids "$1"]), args![ids.as_slice()]).await?;
        tx.run(db::sql!("DELETE FROM posts WHERE id IN " [ids "$1"]), args![ids.as_slice()]).await?;
        tx.commit().await?;
        if (ids.len() as i64) < STEP {
            return Ok(());
        }
    }
}

/// Files whose last message is gone, with their rows. They are looked for beside the writer, however many files there are.
async fn orphans(app: &App) -> Result<()> {
    let before = app.db.now() - ORPHANS;
    let unused: Vec<(Id<kinds::Workspace>, String)> = app
        .db
        .read()
        .await?
        .all(
            "SELECT workspace_id, sha256 FROM blobs b WHERE created_at < $1 AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.workspace_id = b.workspace_id AND a.sha256 = b.sha256)",
            args![before],
        )
        .await?;
    for (workspace, sha256) in unused {
        let mut tx = app.db.write_as(db::Turn::Background, db::Durability::Full).await?;
        // Perhaps somebody sent the same file meanwhile.
        let gone = tx
            .run(
                "DELETE FROM blobs WHERE workspace_id = $1 AND sha256 = $2 AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.workspace_id = $1 AND a.sha256 = $2)",
                args![workspace, &sha256],
            )
            .await?;
        // Before the commit: whoever sends the same file in this moment waits for it, and sees that the file must be kept again.
        if gone == 1 {
            app.blobs.erase(workspace, &sha256)?;
        }
        tx.commit().await?;
    }
    Ok(())
}

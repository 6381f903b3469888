//! What was taken away must not come back through an old archive. Every ending stands in the audit log already, by its ids; here the endings
//! are kept in a file too, outside of every archive, and done again in the database that a restore makes (GDPR Art. 5 (1) (e), 17).

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use db::{Conn, Db, Json, Tx, args, row};
use model::{Id, Timestamp, kinds};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::accounts::members;
use crate::crm::addresses;
use crate::privacy::links;
use crate::{Error, Result, sources};

/// In the data folder.
pub const FILE: &str = "tombstones.jsonl";
/// Between two looks at the audit log.
const LOOK: Duration = Duration::from_secs(5);
/// On PostgreSQL an entry may become visible this much later than its id says.
const LATE: Duration = Duration::from_secs(3600);

row! {
    /// An entry of the audit log that ended something: ids and codes only.
    #[derive(PartialEq, Serialize, Deserialize)]
    pub struct Ending {
        pub id: Id<kinds::AuditEvent>,
        pub workspace_id: Id<kinds::Workspace>,
        pub at: Timestamp,
        pub actor_id: Option<Id<kinds::User>>,
        pub action: String,
        pub subject_kind: Option<String>,
        pub subject_id: i64,
        pub detail: Json<serde_json::Value>,
    }
}

/// The endings from `after` on, oldest first. The actions are those that [`replay`] knows.
async fn endings(conn: &mut Conn, after: Id<kinds::AuditEvent>) -> Result<Vec<Ending>> {
    Ok(conn
        .all(
            "SELECT id, workspace_id, at, actor_id, action, subject_kind, subject_id, detail FROM audit_events
             WHERE workspace_id IN (SELECT id FROM workspaces) AND subject_id IS NOT NULL AND id > $1
               AND action IN ('contact.address-removed', 'link.closed', 'member.removed', 'channel.removed') ORDER BY id",
            args![after],
        )
        .await?)
}

/// Does again what the database, restored from an older archive, does not know of; how many endings those were. What it knows already
/// changes nothing, even if it has been undone since (somebody left and came back).
pub async fn replay(tx: &mut Tx, endings: &[Ending]) -> Result<u64> {
    let mut done = 0;
    for ending in endings {
        let ws = ending.workspace_id;
        let fresh = tx
            .run(
                "INSERT INTO audit_events (id, workspace_id, at, actor_id, action, subject_kind, subject_id, detail)
                 SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM workspaces WHERE id = $2 ON CONFLICT (id) DO NOTHING",
                args![
                    ending.id,
                    ws,
                    ending.at,
                    ending.actor_id,
                    &ending.action,
                    ending.subject_kind.as_deref(),
                    ending.subject_id,
                    ending.detail.0.clone()
                ],
            )
            .await?;
        if fresh == 0 {
            continue;
        }
        done += 1;
        match ending.action.as_str() {
            "contact.address-removed" => {
                addresses::take_off(tx, ws, Id::from_i64(ending.subject_id), address(ending)?).await.map(|_| ())?
            }
            "link.closed" => links::shut(tx, ws, Id::from_i64(ending.subject_id), ending.at, ending.actor_id).await.map(|_| ())?,
            "member.removed" => members::let_go(tx, ws, Id::from_i64(ending.subject_id)).await.map(|_| ())?,
            "channel.removed" => sources::take_away(tx, ws, Id::from_i64(ending.subject_id), ending.at).await?,
            other => return Err(Error::Internal(format!("{FILE} holds {other:?}, which this release does not know"))),
        }
    }
    Ok(done)
}

fn address(ending: &Ending) -> Result<Id<kinds::Address>> {
    let named = ending.detail.0.get("address").and_then(|id| id.as_str()).and_then(|id| id.parse().ok());
    named.ok_or_else(|| Error::Internal(format!("{FILE}: entry {} names no address", ending.id)))
}

/// Reads the file. A line that was being written when the power went is not counted.
///
/// # Errors
/// When the file cannot be read, or a line that is not the last is no ending.
pub fn read(file: &Path) -> std::io::Result<Vec<Ending>> {
    let text = std::fs::read_to_string(file)?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(at, line)| {
            serde_json::from_str(line).map_err(|error| std::io::Error::other(format!("{}, line {}: {error}", file.display(), at + 1)))
        })
        .collect()
}

/// Keeps the file up to date until told to stop. Lines are only ever added: the file outlives the database.
pub async fn keep(db: Db, file: std::path::PathBuf, stop: CancellationToken) {
    let mut keeper = Keeper { known: None, after: Id::from_i64(0) };
    loop {
        if let Err(error) = keeper.look(&db, &file).await {
            tracing::warn!(%error, file = %file.display(), "the list of what was taken away could not be kept");
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    let _ = keeper.look(&db, &file).await;
}

struct Keeper {
    known: Option<HashSet<Id<kinds::AuditEvent>>>,
    after: Id<kinds::AuditEvent>,
}

impl Keeper {
    async fn look(&mut self, db: &Db, file: &Path) -> Result<()> {
        let found = endings(&mut db.read().await?, self.after).await?;
        if self.known.is_none() {
            let read = match read(file) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
                other => other?,
            };
            self.known = Some(read.into_iter().map(|ending| ending.id).collect());
        }
        let known = self.known.get_or_insert_default();
        let fresh: Vec<&Ending> = found.iter().filter(|ending| !known.contains(&ending.id)).collect();
        if !fresh.is_empty() {
            append(file, &fresh)?;
            known.extend(fresh.iter().map(|ending| ending.id));
        }
        self.after = Id::lowest_at(db.now() - LATE).max(self.after);
        Ok(())
    }
}

/// On disk when it returns; readable by its owner only.
fn append(file: &Path, endings: &[&Ending]) -> Result<()> {
    let mut text = String::new();
    for ending in endings {
        text.push_str(&serde_json::to_string(ending)?);
        text.push('\n');
    }
    let mut file = File::options().create(true).read(true).append(true).mode(0o600).open(file)?;
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    // Half a line of an earlier life is shut off from the next.
    let begin = if last == [b'\n'] { "" } else { "\n" };
    file.write_all(format!("{begin}{text}").as_bytes())?;
    file.sync_data()?;
    Ok(())
}

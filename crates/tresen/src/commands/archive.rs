use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use domain::privacy::tombstones;
use domain::{Blobs, Sealer};

use super::say;
use crate::archive;
use crate::config::Config;
use crate::wiring;

/// Works beside a running `serve`.
pub async fn backup(config: &Config, file: &Path) -> Result<ExitCode> {
    let db = wiring::open_beside(config, db::Access::Read).await?;
    let blobs = Blobs::in_folder(config.store.data.join("blobs"));
    let written = archive::write(&db, &blobs, file).await;
    db.close().await;
    let written = written?;
    say(format_args!("{}: {} rows, {} files", file.display(), written.rows, written.blobs));
    for name in &written.missing {
        eprintln!("tresen: {name} is missing or damaged and is not in the archive");
    }
    say(format_args!("The sealing key is not in it: keep a copy of {} in another place.", wiring::key_path(config).display()));
    Ok(ExitCode::SUCCESS)
}

/// What was taken away since the archive was made is taken away again: `named`, or the list in the data folder.
pub async fn restore(config: &Config, file: &Path, named: Option<&Path>) -> Result<ExitCode> {
    let key_path = wiring::key_path(config);
    let given = match std::fs::read_to_string(&key_path) {
        Ok(text) => Some(Sealer::from_text(&text).with_context(|| format!("{} holds no sealing key", key_path.display()))?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| key_path.display().to_string()),
    };
    let list = named.map_or_else(|| wiring::tombstones(config), Path::to_path_buf);
    let endings = match tombstones::read(&list) {
        Ok(endings) => Some(endings),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => None,
        Err(error) => return Err(error).with_context(|| list.display().to_string()),
    };
    let db = wiring::open_db(config).await?;
    let blobs = Blobs::in_folder(config.store.data.join("blobs"));
    let restored = archive::restore(&db, &blobs, given.as_ref().map(Sealer::key_id), file, endings.as_deref().unwrap_or_default()).await;
    if restored.is_ok() {
        domain::housekeeping::expire_posts(&db).await?;
    }
    db.close().await;
    let restored = restored.context("nothing was restored")?;
    say(format_args!(
        "restored from {} ({}): {} rows, {} files, {} search documents",
        restored.manifest.made_at, restored.manifest.engine, restored.rows, restored.blobs, restored.documents
    ));
    match endings {
        Some(_) => say(format_args!("{} of the things listed in {} were taken away again", restored.endings, list.display())),
        None => eprintln!(
            "tresen: there is no {}: what was taken away after {} is back. With the former installation's list (--tombstones), restore into an empty folder once more",
            list.display(),
            restored.manifest.made_at
        ),
    }
    for name in &restored.manifest.missing_blobs {
        eprintln!("tresen: {name} was not in the archive");
    }
    if let (Some(key), None) = (&restored.manifest.sealing_key_id, given) {
        say(format_args!("Before `tresen serve`: put the sealing key {key} of the former installation at {}.", key_path.display()));
    }
    say(format_args!("If the former installation still runs, stop it first: both would send what is waiting to be sent."));
    Ok(ExitCode::SUCCESS)
}

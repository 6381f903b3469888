use std::process::ExitCode;

use anyhow::Result;

use super::say;
use crate::config::Config;
use crate::wiring;

/// Opening migrates; SQLite's file is copied first.
pub async fn run(config: &Config) -> Result<ExitCode> {
    let db = wiring::open_db(config).await?;
    let version = db::schema_version(&mut db.read().await?).await?;
    db.close().await;
    say(format_args!("the database has schema {version}, as this release needs it"));
    Ok(ExitCode::SUCCESS)
}

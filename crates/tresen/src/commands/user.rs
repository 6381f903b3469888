use std::process::ExitCode;

use anyhow::{Result, bail};
use domain::accounts::resets;

use super::say;
use crate::config::Config;
use crate::wiring;

/// Prints a link for a new password; works while `serve` runs.
pub async fn reset_link(config: &Config, email: &str) -> Result<ExitCode> {
    let public_url = config
        .server
        .public_url
        .as_deref()
        .map_or_else(|| format!("http://{}", config.server.listen), |url| url.trim_end_matches('/').into());
    let db = wiring::open_beside(config, db::Access::Write).await?;
    let app = wiring::app_on(db, config, public_url, false).await?;
    let link = resets::link_for(&app, email).await;
    app.db.clone().close().await;
    match link {
        Ok(url) => {
            say(url);
            Ok(ExitCode::SUCCESS)
        }
        Err(domain::Error::NotFound) => bail!("nobody signs in with the address {email}"),
        Err(error) => Err(error.into()),
    }
}

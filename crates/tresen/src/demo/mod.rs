//! The example company: 90 days of past, and a small town on loopback in which people go on writing. Conveniences live here only (invariant 11).

mod clock;
mod seed;
mod smtp;
mod story;
mod town;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use model::{Clock, SystemClock, SystemRandom};
use tokio::net::TcpListener;

use crate::cli::ServeArgs;
use crate::commands::{say, serve};
use crate::config::Config;
use crate::wiring;

pub async fn run(mut config: Config, args: ServeArgs, seed: u64, pace: u32) -> Result<ExitCode> {
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    ensure!(config.server.listen.ip().is_loopback(), "the demo listens on loopback only: {} would show it to others", config.server.listen);
    ensure!(args.store.database.is_none(), "the demo brings its own database; --database is for `serve`");
    // A folder of its own each time, unless one is named.
    let own = args.store.data.is_none().then(|| tempfile::Builder::new().prefix("tresen-demo-").tempdir()).transpose()?;
    config.store.data = args.store.data.clone().unwrap_or_else(|| own.as_ref().map(|d| d.path().to_path_buf()).unwrap_or_default());
    config.store.database = None;
    config.network.allow_private = vec!["127.0.0.0/8".into(), "::1/128".into()];
    config.server.public_url = None;
    let there = config.store.data.join("tresen.sqlite").exists();

    let (listener, public_url) = serve::bind(&config).await?;
    let loopback = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
    let ports = Ports::read(&config.store.data)?;
    let web = TcpListener::bind(loopback(ports.web)).await.context("the town's web server")?;
    let smtp = TcpListener::bind(loopback(ports.smtp)).await.context("the town's mail server")?;
    let lmtp = TcpListener::bind(loopback(ports.lmtp)).await.context("the delivery door")?;
    let ports = Ports { web: web.local_addr()?.port(), smtp: smtp.local_addr()?.port(), lmtp: lmtp.local_addr()?.port() };
    ports.keep(&config.store.data)?;

    let clock = clock::DemoClock::default();
    let db = wiring::open_db_with(&config, Arc::new(clock.clone()), Arc::new(SystemRandom)).await?;
    let app = wiring::app_on(db, &config, public_url, true).await?;
    let story = story::Story::read()?;
    let start = SystemClock.now();
    let town = town::Town::new(story, &ports, start, seed, pace);
    let serving_town = tokio::spawn(town.clone().serve(web));
    let post_office = tokio::spawn(smtp::serve(smtp, town.clone()));
    if there {
        seed::resume(&app).await?;
    } else {
        seed::past(&app, &town, &clock).await?;
    }
    clock.live();

    let life = town.clone();
    let code = serve::serve(app.clone(), &config, listener, Some(lmtp), move |address| {
        say(format_args!("Kaffee Nordwind is open. Sign in with one click: http://{address}/demo"));
        tokio::spawn(life.live(app));
        Ok(())
    })
    .await;
    serving_town.abort();
    post_office.abort();
    // Removed with what was in it.
    drop(own);
    code
}

/// The town's ports, kept in the data folder so that addresses stay the same when the demo goes on.
#[derive(Debug, Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
pub struct Ports {
    pub web: u16,
    pub smtp: u16,
    pub lmtp: u16,
}

impl Ports {
    fn read(data: &std::path::Path) -> Result<Self> {
        match std::fs::read_to_string(data.join("demo-ports.json")) {
            Ok(text) => Ok(serde_json::from_str(&text)?),
            Err(_) => Ok(Self::default()),
        }
    }
    fn keep(&self, data: &std::path::Path) -> Result<()> {
        std::fs::create_dir_all(data)?;
        std::fs::write(data.join("demo-ports.json"), serde_json::to_string(self)?)?;
        Ok(())
    }
}

/// How long the town waits between two looks at its calendar.
const TICK: Duration = Duration::from_secs(2);

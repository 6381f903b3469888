//! Puts the parts together.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use db::{Db, OpenOptions};
use domain::{App, Blobs, Parts, Sealer, SystemMail};
use model::{Clock, Random, SystemClock, SystemRandom};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cli::StoreArgs;
use crate::config::Config;

/// Command line over settings.
pub fn with_args(mut config: Config, args: &StoreArgs) -> Config {
    if let Some(data) = &args.data {
        config.store.data.clone_from(data);
    }
    if let Some(database) = &args.database {
        config.store.database = Some(database.clone());
    }
    config
}

pub async fn open_db(config: &Config) -> Result<Db> {
    open_db_with(config, Arc::new(SystemClock), Arc::new(SystemRandom)).await
}

/// As [`open_db`], with a clock and randomness of the caller's.
pub async fn open_db_with(config: &Config, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<Db> {
    let options = OpenOptions { clock, random, connections: config.store.connections };
    std::fs::create_dir_all(&config.store.data)
        .with_context(|| format!("the data folder {} cannot be made", config.store.data.display()))?;
    Ok(match &config.store.database {
        Some(url) => Db::open_postgres(url, options).await.context("PostgreSQL could not be opened")?,
        None => Db::open_sqlite(&config.store.data, options).await.context("the database could not be opened")?,
    })
}

/// Opens the database beside a running `serve`; nothing is made or migrated.
pub async fn open_beside(config: &Config, access: db::Access) -> Result<Db> {
    let options = OpenOptions { clock: Arc::new(SystemClock), random: Arc::new(SystemRandom), connections: 2 };
    Ok(match &config.store.database {
        Some(url) => Db::open_postgres_beside(url, access, options).await.context("PostgreSQL could not be opened")?,
        None => {
            let file = config.store.data.join("tresen.sqlite");
            anyhow::ensure!(file.exists(), "there is no database in {} (see --data)", config.store.data.display());
            Db::open_sqlite_beside(&config.store.data, access, options).await.context("the database could not be opened")?
        }
    })
}

/// Where what was taken away is noted, outside of every archive.
pub fn tombstones(config: &Config) -> std::path::PathBuf {
    config.store.data.join(domain::privacy::tombstones::FILE)
}

/// Where the sealing key is.
pub fn key_path(config: &Config) -> std::path::PathBuf {
    config.store.key_file.clone().unwrap_or_else(|| config.store.data.join("sealing.key"))
}

/// What adapters are handed, with the network as the settings allow it.
pub fn channels_context(config: &Config, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<channels::Context> {
    let allow_private = config
        .network
        .allow_private
        .iter()
        .map(|range| range.parse().map_err(|e| anyhow::anyhow!("network.allow_private: {e}")))
        .collect::<Result<Vec<_>>>()?;
    let policy = channels::net::NetPolicy { allow_private, extra_ca: config.network.extra_ca.clone() };
    policy.check().map_err(|e| anyhow::anyhow!("network.extra_ca: {e}"))?;
    Ok(channels::Context { clock, random, net: channels::net::Net::new(policy), limits: channels::Limits::default() })
}

/// Reads the sealing key, or makes it on first start: readable by its owner only.
pub fn sealer(config: &Config) -> Result<Sealer> {
    let path = key_path(config);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = Sealer::new_key(&SystemRandom as &dyn Random);
            write_private(&path, &key).with_context(|| format!("the sealing key {} cannot be written", path.display()))?;
            tracing::info!(path = %path.display(), "a new sealing key was made; keep a copy apart from the backups");
            key
        }
        Err(error) => return Err(error).with_context(|| format!("the sealing key {} cannot be read", path.display())),
    };
    Sealer::from_text(&text).with_context(|| format!("{} holds no sealing key (32 bytes in base 64)", path.display()))
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

/// Everything a command or the server needs. Refuses a wrong sealing key.
pub async fn app(config: &Config, public_url: String) -> Result<App> {
    app_on(open_db(config).await?, config, public_url, false).await
}

/// As [`app`], on a database that is open already.
pub async fn app_on(db: Db, config: &Config, public_url: String, demo: bool) -> Result<App> {
    let sealer = sealer(config)?;
    if let Err(wrong) = sealer.check(&db).await? {
        bail!("{wrong}. Put the right key file in place (see store.key_file), or every account would look as if it had lost its password");
    }
    let env = db.env().clone();
    let context = channels_context(config, env.clock.clone(), env.random.clone())?;
    Ok(App::new(Parts {
        blobs: Blobs::in_folder(config.store.data.join("blobs")),
        db,
        sealer,
        channels: context,
        feed: domain::events::Feed::default(),
        presence: domain::desk::presence::Presence::default(),
        config: domain::Config { public_url, system_mail: system_mail(config), demo },
    }))
}

fn system_mail(config: &Config) -> Option<SystemMail> {
    let mail = &config.mail;
    let (host, from) = (mail.host.as_ref()?, mail.from.as_ref()?);
    let settings = json!({
        "from": from, "from_name": "Tresen", "smtp_host": host, "smtp_port": mail.port.to_string(), "smtp_security": mail.security, "smtp_user": mail.user.clone().unwrap_or_default(),
    });
    let connection = channels::Connection { settings, secret: json!({ "password": mail.password.clone().unwrap_or_default() }) };
    Some(SystemMail { connection, from: channels::Mailbox { name: Some("Tresen".into()), address: from.clone() } })
}

/// Which jobs this process does.
pub fn registry(app: &App) -> jobs::Registry {
    macro_rules! handler {
        ($handler:path) => {{
            let app = app.clone();
            move |job| $handler(app.clone(), job)
        }};
    }
    let registry = jobs::Registry::default()
        .on(domain::desk::deliver::KIND, 4, handler!(domain::desk::deliver::run))
        .on(domain::listening::backfill::KIND, 1, handler!(domain::listening::backfill::run))
        .on(domain::housekeeping::WAKE, 1, handler!(domain::housekeeping::wake))
        .on(domain::housekeeping::CLEAN, 1, handler!(domain::housekeeping::clean))
        .every("wake-snoozed", domain::housekeeping::WAKE, std::time::Duration::from_secs(60))
        .every("clean-up", domain::housekeeping::CLEAN, std::time::Duration::from_secs(3600))
        .on("system-mail", 2, handler!(domain::system_mail::run));
    domain::sources::jobs(registry, app)
}

/// Starts everything that runs beside the web server, the delivery door `lmtp` among it; it ends when `stop` is cancelled.
pub fn start_workers(app: &App, config: &Config, lmtp: Option<TcpListener>, stop: &CancellationToken, tasks: &TaskTracker) {
    tasks.spawn({
        let (app, stop) = (app.clone(), stop.clone());
        async move { app.feed.run(app.db.clone(), stop).await }
    });
    tasks.spawn(jobs::Runner::new(app.db.clone(), registry(app)).run(stop.clone()));
    tasks.spawn(domain::sources::runner::run(app.clone(), stop.clone()));
    tasks.spawn({
        let (app, stop) = (app.clone(), stop.clone());
        async move { app.watches().run(app.clone(), stop).await }
    });
    tasks.spawn(domain::privacy::tombstones::keep(app.db.clone(), tombstones(config), stop.clone()));
    tasks.spawn(keep_node(app.clone(), stop.clone()));
    if let Some(door) = lmtp {
        tasks.spawn(domain::sources::lmtp::serve(app.clone(), door, stop.clone()));
    }
}

async fn keep_node(app: App, stop: CancellationToken) {
    loop {
        tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(std::time::Duration::from_secs(20)) => {} }
        if let Err(error) = app.db.keep_node().await {
            tracing::warn!(%error, "the node number could not be kept");
        }
    }
}

use std::path::Path;
use std::process::ExitCode;

use db::{Access, Db};
use domain::{Sealer, operation};

use super::say;
use crate::cli::StoreArgs;
use crate::config::Config;
use crate::wiring;

/// Free space below which the doctor warns, and below which he fails, in bytes.
const SPACE_LOW: u64 = 2 << 30;
const SPACE_NONE: u64 = 200 << 20;

/// Findings in the order they were made, printed as they come.
#[derive(Default)]
struct Visit {
    failed: bool,
}

impl Visit {
    fn ok(&self, what: &str) {
        say(format_args!("OK    {what}"));
    }
    fn warn(&self, what: &str, remedy: &str) {
        say(format_args!("WARN  {what}\n      → {remedy}"));
    }
    fn fail(&mut self, what: &str, remedy: &str) {
        self.failed = true;
        say(format_args!("FAIL  {what}\n      → {remedy}"));
    }
}

/// Looks at everything without changing anything; works beside a running `serve`.
pub async fn run(file: Option<&Path>, args: &StoreArgs) -> ExitCode {
    let mut visit = Visit::default();
    match Config::read(file) {
        Ok(config) => {
            let config = wiring::with_args(config, args);
            visit.ok(&format!("settings: {}", file.map_or_else(|| "defaults and environment".into(), |f| f.display().to_string())));
            settings(&mut visit, &config);
            folder(&mut visit, &config);
            database(&mut visit, &config).await;
        }
        Err(error) => {
            visit.fail(&format!("settings: {error:#}"), "mend the file or the variable; `tresen config example` shows every setting")
        }
    }
    if visit.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn settings(visit: &mut Visit, config: &Config) {
    match config.server.public_url.as_deref() {
        None => visit.warn("server.public_url is not set", "set it to the address people type; links in mails begin with it"),
        Some(url) => match url::Url::parse(url) {
            Ok(parsed) if parsed.scheme() == "https" => visit.ok(&format!("public address: {url}")),
            Ok(parsed) if parsed.scheme() == "http" => visit.warn(
                &format!("public address {url} is not https"),
                "put a reverse proxy with TLS before Tresen (docs/operations) and set an https address",
            ),
            _ => visit.fail(&format!("server.public_url {url:?} is no web address"), "write it as https://tresen.example.org"),
        },
    }
    if config.server.listen.ip().is_unspecified() {
        visit.warn(
            &format!("listening on all addresses ({})", config.server.listen),
            "listen on 127.0.0.1 and let a reverse proxy with TLS face the network",
        );
    }
    let mail = &config.mail;
    match (&mail.host, &mail.from) {
        (Some(host), Some(from)) if from.contains('@') => visit.ok(&format!("system mail: {from} through {host}:{}", mail.port)),
        (Some(_), _) => {
            visit.fail("mail.host is set, but mail.from is no address", "set mail.from to the sender of invitations and resets")
        }
        (None, _) => visit.warn("no system mail", "set mail.host and mail.from, or hand out links with `tresen user reset-link`"),
    }
    match i18n::TimeZone::get("Europe/Berlin") {
        Ok(_) => visit.ok("time zones"),
        Err(error) => visit.fail(&format!("time zones are missing: {error}"), "install the system's tzdata package"),
    }
    if let Err(error) = wiring::channels_context(config, std::sync::Arc::new(model::SystemClock), std::sync::Arc::new(model::SystemRandom))
    {
        visit.fail(
            &format!("{error:#}"),
            "network.extra_ca is a readable PEM file, network.allow_private a list of ranges such as \"192.168.10.0/24\"",
        );
    } else if let Some(path) = &config.network.extra_ca {
        visit.ok(&format!("further certificate authorities: {}", path.display()));
    }
}

fn folder(visit: &mut Visit, config: &Config) {
    let data = &config.store.data;
    let there = data.is_dir();
    // A relative path's last ancestor is the empty one: the folder we are in.
    let nearest = data.ancestors().find(|p| p.exists()).unwrap_or(Path::new("."));
    if !nearest.is_dir() {
        return visit.fail(&format!("{} is no folder", nearest.display()), "name a folder with --data or store.data");
    }
    match tempfile::tempfile_in(nearest) {
        Ok(_) if there => visit.ok(&format!("data folder {} can be written", data.display())),
        Ok(_) => visit.warn(
            &format!("data folder {} does not exist yet", data.display()),
            "`tresen serve` makes it; or name the right one with --data",
        ),
        Err(error) => {
            return visit.fail(
                &format!("data folder {} cannot be written: {error}", data.display()),
                "give it to the user Tresen runs as, with write permission",
            );
        }
    }
    if let Ok(space) = rustix::fs::statvfs(nearest) {
        let free = space.f_bavail.saturating_mul(space.f_frsize);
        let line = format!("{} MB free", free >> 20);
        match free {
            ..SPACE_NONE => visit.fail(&line, "make room: with a full disk nothing can be stored"),
            SPACE_NONE..SPACE_LOW => visit.warn(&line, "make room soon"),
            _ => visit.ok(&line),
        }
    }
}

async fn database(visit: &mut Visit, config: &Config) {
    if config.store.database.is_none() && !config.store.data.join("tresen.sqlite").exists() {
        visit.warn("no database yet", "`tresen serve` makes it on its first start");
        return;
    }
    let db = match wiring::open_beside(config, Access::Read).await {
        Ok(db) => db,
        Err(error) => {
            visit.fail(
                &format!("{error:#}"),
                "check store.database and that the server runs; for another schema run `tresen migrate` or the newer release",
            );
            return;
        }
    };
    match examine(visit, config, &db).await {
        Ok(()) => {}
        Err(error) => {
            visit.fail(&format!("the database could not be read: {error:#}"), "see the message; restore a backup if the file is damaged")
        }
    }
    db.close().await;
}

async fn examine(visit: &mut Visit, config: &Config, db: &Db) -> anyhow::Result<()> {
    let mut conn = db.read().await?;
    visit.ok(&format!("database answers, schema {}", db::schema_version(&mut conn).await?));
    let path = wiring::key_path(config);
    let given = std::fs::read_to_string(&path).map(|text| Sealer::from_text(&text).map(|sealer| sealer.key_id().to_string()));
    match (operation::sealing_key_id(&mut conn).await?, given) {
        (None, Err(error)) if error.kind() == std::io::ErrorKind::NotFound => visit.ok("the sealing key is made on first start"),
        (Some(stored), Ok(Some(given))) if stored == given => {
            private(visit, &path);
            visit.ok("the sealing key fits");
        }
        (None, Ok(Some(_))) => visit.ok("a sealing key is ready"),
        (Some(stored), Ok(Some(given))) => visit.fail(
            &format!("the credentials were sealed with key {stored}, {} is key {given}", path.display()),
            "put the right key file in place",
        ),
        (_, Ok(None)) => visit.fail(&format!("{} holds no sealing key", path.display()), "put the copy of the key file in place"),
        (_, Err(error)) => visit
            .fail(&format!("sealing key {}: {error}", path.display()), "put the copy of the key file in place, readable by Tresen only"),
    }
    let sources = operation::source_states(&mut conn).await?;
    for source in sources.iter().filter(|s| s.level == "bad" || s.level == "gone") {
        let why = source.why.as_deref().unwrap_or("unknown");
        visit.warn(&format!("source {} ({}) fails: {why}", source.id, source.channel), "see Settings → Channels, which says what to do");
    }
    if !sources.iter().any(|s| s.level == "bad" || s.level == "gone") {
        visit.ok(&format!("{} sources, none failing", sources.len()));
    }
    let failed = operation::failed_jobs(&mut conn).await?;
    for (kind, count) in &failed {
        visit.warn(&format!("{count} background jobs of kind {kind} have failed"), "see Settings → Background work: try again or discard");
    }
    if failed.is_empty() {
        visit.ok("no failed background work");
    }
    Ok(())
}

fn private(visit: &mut Visit, path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0) {
        visit.warn(&format!("others may read the sealing key {}", path.display()), &format!("chmod 600 {}", path.display()));
    }
}

//! Typed settings: file, then environment. The doc comments make `tresen.example.toml`; a test fails when that file is stale.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context;
use confique::Config as _;
use confique::meta::FieldKind;

/// Settings of Tresen. Everything has a sensible default; a file is not needed.
#[derive(Debug, Clone, confique::Config)]
pub struct Config {
    #[config(nested)]
    pub server: Server,
    #[config(nested)]
    pub store: Store,
    #[config(nested)]
    pub network: Network,
    #[config(nested)]
    pub lmtp: Lmtp,
    #[config(nested)]
    pub mail: Mail,
    #[config(nested)]
    pub log: Log,
}

/// How people reach Tresen.
#[derive(Debug, Clone, confique::Config)]
pub struct Server {
    /// Address and port to listen on. Put a reverse proxy with TLS before it.
    #[config(default = "127.0.0.1:8420", env = "TRESEN_LISTEN")]
    pub listen: SocketAddr,
    /// The address people type, without a slash at the end. Links in mails begin with it; with https, cookies are marked Secure.
    #[config(env = "TRESEN_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// IP addresses of reverse proxies whose X-Forwarded-For is believed.
    #[config(default = [])]
    pub trusted_proxies: Vec<IpAddr>,
    /// With a token, whoever shows it as `Authorization: Bearer …` may read /metrics. Without one, only this machine, and no proxy.
    #[config(env = "TRESEN_METRICS_TOKEN")]
    pub metrics_token: Option<String>,
}

/// Where things are kept.
#[derive(Debug, Clone, confique::Config)]
pub struct Store {
    /// Folder for the SQLite database, files and the sealing key.
    #[config(default = "tresen-data", env = "TRESEN_DATA_DIR")]
    pub data: PathBuf,
    /// PostgreSQL (15 or later) instead of SQLite: postgres://user:password@host/database
    #[config(env = "TRESEN_DATABASE")]
    pub database: Option<String>,
    /// File with the sealing key for credentials. Default: `sealing.key` in the data folder. Keep a copy apart from backups.
    #[config(env = "TRESEN_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// Database connections at most.
    #[config(default = 8, env = "TRESEN_CONNECTIONS")]
    pub connections: u32,
}

/// What Tresen may connect to.
#[derive(Debug, Clone, confique::Config)]
pub struct Network {
    /// Private address ranges that feeds and mail servers may lie in, such as ["192.168.10.0/24"]. All others are refused.
    #[config(default = [], env = "TRESEN_ALLOW_PRIVATE", parse_env = comma_separated)]
    pub allow_private: Vec<String>,
    /// PEM file with further certificate authorities, such as the company's own.
    #[config(env = "TRESEN_EXTRA_CA")]
    pub extra_ca: Option<PathBuf>,
}

/// The delivery door: mail handed in by a local mail server.
#[derive(Debug, Clone, confique::Config)]
pub struct Lmtp {
    /// Address and port for LMTP (RFC 2033). Off when not set. Not for the open network: it trusts who connects.
    #[config(env = "TRESEN_LMTP_LISTEN")]
    pub listen: Option<SocketAddr>,
}

/// How invitations and password resets leave. Without it, `tresen user reset-link` prints links.
#[derive(Debug, Clone, confique::Config)]
pub struct Mail {
    /// SMTP server.
    #[config(env = "TRESEN_MAIL_HOST")]
    pub host: Option<String>,
    /// Port.
    #[config(default = 587, env = "TRESEN_MAIL_PORT")]
    pub port: u16,
    /// tls, starttls or none.
    #[config(default = "starttls", env = "TRESEN_MAIL_SECURITY")]
    pub security: String,
    /// User name, if the server wants one.
    #[config(env = "TRESEN_MAIL_USER")]
    pub user: Option<String>,
    /// Password. Better in the environment than in the file.
    #[config(env = "TRESEN_MAIL_PASSWORD")]
    pub password: Option<String>,
    /// Sender address.
    #[config(env = "TRESEN_MAIL_FROM")]
    pub from: Option<String>,
}

/// What is written to standard error.
#[derive(Debug, Clone, confique::Config)]
pub struct Log {
    /// Level or filter, as in "info" or "info,domain=debug". No customer's text is ever logged.
    #[config(default = "info", env = "TRESEN_LOG")]
    pub filter: String,
    /// text or json.
    #[config(default = "text", env = "TRESEN_LOG_FORMAT")]
    pub format: String,
}

fn comma_separated(text: &str) -> Result<Vec<String>, std::convert::Infallible> {
    Ok(text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(Into::into).collect())
}

fn unknown(meta: &confique::meta::Meta, table: &toml::Table) -> Option<String> {
    table.iter().find_map(|(name, value)| match (meta.fields.iter().find(|field| field.name == name).map(|field| field.kind), value) {
        (None, _) => Some(name.clone()),
        (Some(FieldKind::Nested { meta }), toml::Value::Table(table)) => unknown(meta, table).map(|inner| format!("{name}.{inner}")),
        _ => None,
    })
}

impl Config {
    /// Environment over file over defaults.
    pub fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let mut builder = Config::builder().env();
        if let Some(file) = file {
            let text = std::fs::read_to_string(file).with_context(|| format!("the settings file {}", file.display()))?;
            // A misspelt setting would silently be the default.
            if let Ok(table) = toml::from_str(&text)
                && let Some(unknown) = unknown(&<Config as confique::Config>::META, &table)
            {
                anyhow::bail!("{} has a setting {unknown}, which this release does not know", file.display());
            }
            builder = builder.file(file);
        }
        Ok(builder.load()?)
    }

    /// The example file, made from the doc comments above.
    pub fn example() -> String {
        confique::toml::template::<Config>(confique::toml::FormatOptions::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_file_is_fresh() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tresen.example.toml");
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(kept == Config::example(), "tresen.example.toml is stale: tresen config example > tresen.example.toml");
    }

    #[test]
    fn the_example_file_says_what_holds_without_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("t.toml");
        std::fs::write(&file, Config::example()).expect("written");
        let (with, without) = (Config::builder().file(&file).load().expect("reads"), Config::builder().load().expect("reads"));
        assert_eq!(format!("{with:?}"), format!("{without:?}"));
    }
}

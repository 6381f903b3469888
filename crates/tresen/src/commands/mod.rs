//! One file per command.

pub mod archive;
pub mod doctor;
pub mod mail;
pub mod match_posts;
pub mod migrate;
pub mod serve;
pub mod try_channel;
pub mod user;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;

use crate::cli::{ChannelCommand, Cli, Command, ConfigCommand, MailCommand, UserCommand};
use crate::config::Config;
use crate::wiring;

pub async fn run(cli: Cli) -> Result<ExitCode> {
    // A mail server takes any other failure than 75 for a reason to send the mail back: settings must not come in between.
    if let Command::Mail(MailCommand::Deliver { lmtp, from, recipients }) = cli.command {
        return Ok(mail::deliver(&lmtp, &from, &recipients).await);
    }
    if let Command::Config(ConfigCommand::Example) = cli.command {
        print!("{}", Config::example());
        return Ok(ExitCode::SUCCESS);
    }
    if let Command::Match { searches, posts, threads, stats } = cli.command {
        return match_posts::run(&match_posts::Options { searches, posts, threads: usize::from(threads), stats });
    }
    if let Command::Doctor(args) = &cli.command {
        return Ok(doctor::run(cli.config.as_deref(), args).await);
    }
    let mut config = Config::read(cli.config.as_deref())?;
    let lasting = matches!(cli.command, Command::Serve(_) | Command::Demo { .. });
    if !lasting && config.log.filter == "info" {
        config.log.filter = "warn".into();
    }
    init_log(&config);
    match cli.command {
        Command::Serve(args) => serve::run(config, args).await,
        Command::Demo { args, seed, pace } => crate::demo::run(config, args, seed, pace).await,
        Command::Backup { file, store } => archive::backup(&wiring::with_args(config, &store), &file).await,
        Command::Restore { file, tombstones, store } => {
            archive::restore(&wiring::with_args(config, &store), &file, tombstones.as_deref()).await
        }
        Command::Migrate(store) => migrate::run(&wiring::with_args(config, &store)).await,
        Command::Channel(ChannelCommand::Try(what)) => try_channel::run(&config, what).await,
        Command::User(UserCommand::ResetLink { email, store }) => user::reset_link(&wiring::with_args(config, &store), &email).await,
        Command::Bench(what) => crate::bench::run(config, what).await,
        Command::Doctor(_) | Command::Mail(_) | Command::Config(_) | Command::Match { .. } => unreachable!("done above"),
    }
}

/// A line on standard output. Whoever closes it has seen enough, which ends nothing.
pub fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// What this process holds in memory now, in MB (10⁶ bytes).
pub fn resident_mb() -> f64 {
    memory_mb("VmRSS:")
}

/// A line of proc(5)'s `status`, in MB (10⁶ bytes); 0 where the system does not say.
fn memory_mb(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kib.unwrap_or(0.0) * 1024.0 / 1e6
}

fn init_log(config: &Config) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(&config.log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    if config.log.format == "json" {
        builder.json().init();
    } else {
        builder.with_target(false).init();
    }
}

//! One file per command.

pub mod serve;

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::{Cli, Command};
use crate::config::Config;

pub async fn run(cli: Cli) -> Result<ExitCode> {
    let config = Config::read(cli.config.as_deref())?;
    init_log(&config);
    match cli.command {
        Command::Serve(args) => serve::run(config, args).await,
        Command::Demo { args, seed } => crate::demo::run(config, args, seed).await,
    }
}

fn init_log(config: &Config) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(&config.log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if config.log.format == "json" {
        builder.json().init();
    } else {
        builder.with_target(false).init();
    }
}

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Tresen: the one counter at which a company meets its customers.
///
/// `tresen demo` shows an example company without connecting anything. `tresen serve` runs the program for real; on first start it prints a
/// link that makes the first person.
#[derive(Parser)]
#[command(name = "tresen", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// Settings file (TOML). Environment variables named in `tresen config example` override it.
    #[arg(long, global = true, value_name = "FILE", env = "TRESEN_CONFIG")]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run web and workers until stopped (SIGTERM or Ctrl+C); prints `ready URL` once it answers
    Serve(ServeArgs),
    /// Show a living example company; loopback only, nothing leaves the machine
    Demo {
        #[command(flatten)]
        args: ServeArgs,
        /// The same seed, the same story
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

#[derive(Args, Clone, Default)]
pub struct StoreArgs {
    /// Folder for everything that is kept: SQLite database, files, sealing key
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// PostgreSQL instead of SQLite: postgres://user:password@host/database
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
}

#[derive(Args, Clone, Default)]
pub struct ServeArgs {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    #[command(flatten)]
    pub store: StoreArgs,
}

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
        /// How many times faster than the clock the town lives: with 60, what happens in an hour happens in a minute
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=600))]
        pace: u32,
    },
    /// Write everything into one archive, while `serve` may go on; the sealing key is not in it
    Backup {
        /// The archive to make; it must not exist yet
        #[arg(value_name = "FILE.zip")]
        file: PathBuf,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Read an archive into an empty SQLite folder or an empty PostgreSQL database
    Restore {
        /// The archive
        #[arg(value_name = "FILE.zip")]
        file: PathBuf,
        /// What was taken away since, so that it does not come back: the former installation's newest tombstones.jsonl. Default: the one in
        /// the data folder
        #[arg(long, value_name = "FILE")]
        tombstones: Option<PathBuf>,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Check settings, folders, database and accounts, and say what to do; exit 1 if something fails
    Doctor(StoreArgs),
    /// Bring the database to this release's schema and stop
    Migrate(StoreArgs),
    /// Try searches over an export of posts: which of them match which post, one JSON object a line; exit 2 if a line could not be read
    Match {
        /// Searches: a line each, `ID<TAB>QUERY`; blank lines and lines that begin with # are skipped. `-` is standard input
        #[arg(long, value_name = "FILE")]
        searches: PathBuf,
        /// Posts: a JSON object a line with `id`, `text` and what else is known (title author lang channel kind url account followers reach
        /// sentiment intent topic urgency country media own). `-` is standard input
        #[arg(long, value_name = "FILE")]
        posts: PathBuf,
        /// Threads that read, match and write
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
        threads: u16,
        /// Print a line of figures to standard error at the end
        #[arg(long)]
        stats: bool,
    },
    /// Look at a source as Tresen would, without storing anything
    #[command(subcommand)]
    Channel(ChannelCommand),
    /// Help people back in
    #[command(subcommand)]
    User(UserCommand),
    /// Hand over mail
    #[command(subcommand)]
    Mail(MailCommand),
    /// The settings and their defaults
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Measure what this machine does; writes into stores of its own or empty ones, prints one JSON object a line
    #[command(subcommand)]
    Bench(BenchCommand),
}

#[derive(Subcommand)]
pub enum BenchCommand {
    /// Store generated posts and mails through the whole intake, then write the same rows with plain batched inserts
    Ingest {
        /// Posts of one round; 0 leaves them out
        #[arg(long, value_name = "N", default_value_t = 20_000)]
        posts: usize,
        /// Mails of one round; 0 leaves them out
        #[arg(long, value_name = "N", default_value_t = 5_000)]
        mails: usize,
        /// Repetitions; the median is printed
        #[arg(long, value_name = "N", default_value_t = 3)]
        rounds: usize,
        /// PostgreSQL in which new databases may be made, instead of SQLite in a temporary folder
        #[arg(long, value_name = "URL")]
        server: Option<String>,
    },
    /// Ask generated searches of generated posts: all at once as for arriving posts, and one by one
    Match {
        /// How many searches; several runs one after the other
        #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [100, 1_000, 10_000, 100_000])]
        searches: Vec<usize>,
        /// Posts of each run
        #[arg(long, value_name = "N", default_value_t = 100_000)]
        posts: usize,
    },
    /// Fill an empty store with generated conversations and logged-in agents
    Fill {
        /// Conversations to write
        #[arg(long, value_name = "N", default_value_t = 1_000_000)]
        conversations: usize,
        /// People who work there
        #[arg(long, value_name = "N", default_value_t = 200)]
        agents: usize,
        /// Where to write what `bench load` needs; it holds the agents' session tokens
        #[arg(long, value_name = "FILE")]
        plan: PathBuf,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Let the agents of a filled store open lists and conversations of a running `serve` on this machine
    Load {
        /// Where the server answers; this machine only
        #[arg(long, value_name = "URL")]
        url: String,
        /// What `bench fill` wrote
        #[arg(long, value_name = "FILE")]
        plan: PathBuf,
        /// How long
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        seconds: u64,
        /// Milliseconds between two requests of an agent
        #[arg(long, value_name = "MS", default_value_t = 5_000)]
        think: u64,
    },
}

#[derive(Subcommand)]
pub enum ChannelCommand {
    /// Read once and print what was understood, one JSON object a line
    #[command(subcommand)]
    Try(TryCommand),
}

#[derive(Subcommand)]
pub enum TryCommand {
    /// A feed: RSS, Atom, RDF or JSON Feed, oldest item first
    Feed {
        /// Address of a feed or of a page that has one, a file, or `-` for standard input
        #[arg(value_name = "URL|FILE")]
        source: String,
        /// For files: where they came from; relative addresses begin there
        #[arg(long, value_name = "URL", default_value = "http://localhost/")]
        base: url::Url,
    },
    /// A mail (RFC 5322)
    Mail {
        /// A file, or `-` for standard input
        #[arg(value_name = "FILE")]
        source: PathBuf,
    },
}

#[derive(Subcommand)]
pub enum UserCommand {
    /// Print a link with which somebody sets a new password; it works once, for two hours
    ResetLink {
        /// The address they sign in with
        #[arg(value_name = "EMAIL")]
        email: String,
        #[command(flatten)]
        store: StoreArgs,
    },
}

#[derive(Subcommand)]
pub enum MailCommand {
    /// Hand a mail from standard input to the delivery door (LMTP), for a mail server's pipe; exit 75: try later, 67: no such recipient
    Deliver {
        /// Where the door is: address and port, or unix:/path
        #[arg(long, value_name = "ADDR")]
        lmtp: String,
        /// Envelope sender; empty for reports
        #[arg(long, value_name = "ADDRESS", env = "SENDER", default_value = "")]
        from: String,
        /// Who it is for
        #[arg(value_name = "RECIPIENT", required = true)]
        recipients: Vec<String>,
    },
}

#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Print every setting with its default
    Example,
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

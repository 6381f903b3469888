//! The program: parses, configures, wires, runs.

mod archive;
mod bench;
mod cli;
mod commands;
mod config;
mod demo;
mod wiring;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    // reqwest's `rustls-no-provider` relies on a process-wide provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("tresen: the runtime could not start: {error}");
            return 1.into();
        }
    };
    match runtime.block_on(commands::run(cli)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tresen: {error:#}");
            1.into()
        }
    }
}

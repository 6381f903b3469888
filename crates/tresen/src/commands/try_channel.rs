use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use channels::feed::{self, Source};
use model::{SystemClock, SystemRandom};

use crate::cli::TryCommand;
use crate::config::Config;
use crate::wiring;

pub async fn run(config: &Config, what: TryCommand) -> Result<ExitCode> {
    let lines = match what {
        TryCommand::Feed { source, base } => {
            let ctx = wiring::channels_context(config, Arc::new(SystemClock), Arc::new(SystemRandom))?;
            let path = Path::new(&source);
            let tried = if source == "-" || (path.exists() && !path.is_dir()) {
                let bytes = read(path)?;
                feed::try_source(&ctx, Source::Bytes(&bytes, &base)).await
            } else {
                feed::try_source(&ctx, Source::Address(&source)).await
            };
            tried.with_context(|| source.clone())?.items.iter().map(feed::item_json).collect()
        }
        TryCommand::Mail { source } => vec![serde_json::to_string(&channels::mail::try_json(&read(&source)?))?],
    };
    match print(&lines) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes).context("standard input")?;
    } else {
        bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    }
    Ok(bytes)
}

fn print(lines: &[String]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()
}

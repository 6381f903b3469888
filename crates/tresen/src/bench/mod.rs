//! `tresen bench`: what this machine does with Tresen's work. Everything is generated from a seed; it writes only into stores that it is
//! given for it. One JSON object a line on standard output.

mod fill;
mod ingest;
mod load;
mod matching;
mod words;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use crate::cli::BenchCommand;
use crate::config::Config;
use crate::wiring;

pub async fn run(config: Config, command: BenchCommand) -> Result<ExitCode> {
    match command {
        BenchCommand::Ingest { posts, mails, rounds, server } => ingest::run(&config, posts, mails, rounds, server.as_deref()).await?,
        BenchCommand::Fill { conversations, agents, plan, store } => {
            fill::run(&wiring::with_args(config, &store), conversations, agents, &plan).await?;
        }
        BenchCommand::Match { searches, posts } => matching::run(&searches, posts)?,
        BenchCommand::Load { url, plan, seconds, think } => {
            load::run(&url, &plan, Duration::from_secs(seconds), Duration::from_millis(think)).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The value below which `share` (0–1) of the sorted values lie: the nearest rank.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let sorted: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(quantile(&sorted, 0.5), 50.0);
        assert_eq!(quantile(&sorted, 0.99), 99.0);
        assert_eq!(quantile(&[7.0], 0.99), 7.0);
        assert!(quantile(&[], 0.5).is_nan());
    }
}

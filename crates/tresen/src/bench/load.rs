//! Agents at work: each opens a list or a conversation, looks at it for some seconds, and opens the next one (closed loop). Each also holds
//! the live stream open, as its browser would.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::StreamExt;
use model::{Random, SeededRandom};
use serde_json::json;
use tokio::sync::mpsc;

use super::fill::Plan;
use super::quantile;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Page {
    List,
    Thread,
}

struct Sample {
    page: Page,
    /// Milliseconds from sending to the last byte.
    whole: f64,
    /// Milliseconds at the server, as it says itself (`Server-Timing`).
    server: f64,
    good: bool,
}

pub async fn run(url: &str, plan: &Path, length: Duration, think: Duration) -> Result<()> {
    let plan: Arc<Plan> = Arc::new(serde_json::from_slice(&std::fs::read(plan)?).context("the plan cannot be read")?);
    let host = url::Url::parse(url)?;
    ensure!(
        host.host_str().is_some_and(|h| matches!(h, "127.0.0.1" | "localhost" | "[::1]")),
        "load goes to this machine only (127.0.0.1, localhost, ::1)"
    );
    let client = reqwest::Client::builder().no_proxy().build()?;
    let (send, mut samples) = mpsc::unbounded_channel();
    let end = Instant::now() + length;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..plan.agents.len() {
        let (client, plan, send, url) = (client.clone(), plan.clone(), send.clone(), url.trim_end_matches('/').to_string());
        tasks.spawn(async move { agent(n, &client, &plan, &url, think, end, &send).await });
    }
    drop(send);
    let mut all = Vec::new();
    while let Some(sample) = samples.recv().await {
        all.push(sample);
    }
    while tasks.join_next().await.is_some() {}
    for page in [Page::List, Page::Thread] {
        let these: Vec<&Sample> = all.iter().filter(|s| s.page == page).collect();
        let sorted = |of: fn(&Sample) -> f64| {
            let mut values: Vec<f64> = these.iter().map(|s| of(s)).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let (whole, server) = (sorted(|s| s.whole), sorted(|s| s.server));
        println!(
            "{}",
            json!({
                "bench": "load", "page": if page == Page::List { "list" } else { "thread" }, "agents": plan.agents.len(), "requests": these.len(),
                "failed": these.iter().filter(|s| !s.good).count(), "per_s": these.len() as f64 / length.as_secs_f64(),
                "server_ms": { "p50": quantile(&server, 0.5), "p99": quantile(&server, 0.99), "max": quantile(&server, 1.0) },
                "whole_ms": { "p50": quantile(&whole, 0.5), "p99": quantile(&whole, 0.99), "max": quantile(&whole, 1.0) },
            })
        );
    }
    Ok(())
}

async fn agent(
    n: usize,
    client: &reqwest::Client,
    plan: &Plan,
    url: &str,
    think: Duration,
    end: Instant,
    send: &mpsc::UnboundedSender<Sample>,
) {
    let random = SeededRandom::new(n as u64);
    let below = |limit: usize| random.below(u32::try_from(limit).unwrap_or(u32::MAX)) as usize;
    let cookie = format!("tresen_session={}", plan.agents[n]);
    let workspace = format!("{url}/{}", plan.workspace);
    // Agents do not act in step.
    tokio::time::sleep(think.mul_f64(below(1000) as f64 / 1000.0)).await;
    let live = client.get(format!("{workspace}/live")).header("cookie", &cookie).send();
    let live = tokio::spawn(async {
        if let Ok(response) = live.await {
            let mut stream = response.bytes_stream();
            while stream.next().await.is_some_and(|part| part.is_ok()) {}
        }
    });
    while Instant::now() < end {
        let (page, address) = if below(2) == 0 {
            let view = ["mine", "mine", "mine", "unassigned", "unassigned", "all", "all", "done", "snoozed"][below(9)];
            (Page::List, format!("{workspace}/inbox?view={view}"))
        } else {
            let from = if below(4) > 0 { &plan.open } else { &plan.done };
            (Page::Thread, format!("{workspace}/inbox/{}?view=all", from[below(from.len())]))
        };
        let began = Instant::now();
        let answer = client.get(address).header("cookie", &cookie).send().await;
        let (good, server) = match answer {
            Ok(answer) => {
                let server = answer.headers().get("server-timing").and_then(|v| v.to_str().ok()).and_then(timing);
                let found = answer.status() == 200;
                (answer.bytes().await.is_ok() && found, server.unwrap_or(f64::NAN))
            }
            Err(_) => (false, f64::NAN),
        };
        let whole = began.elapsed();
        let _ = send.send(Sample { page, whole: whole.as_secs_f64() * 1000.0, server, good });
        tokio::time::sleep(think.saturating_sub(whole)).await;
    }
    live.abort();
}

/// `app;dur=1.25` → 1.25 (W3C Server Timing).
fn timing(header: &str) -> Option<f64> {
    header.split(';').find_map(|part| part.trim().strip_prefix("dur=")).and_then(|ms| ms.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::timing;

    #[test]
    fn the_servers_own_time_is_read() {
        assert_eq!(timing("app;dur=1.25"), Some(1.25));
        assert_eq!(timing("app;desc=\"x\"; dur=3"), Some(3.0));
        assert_eq!(timing("app"), None);
    }
}

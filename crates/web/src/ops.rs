//! For whoever runs the program: is it alive, is it ready, how is it; and the line in the log that every request leaves.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::operation;
use http::{HeaderName, HeaderValue, StatusCode, header};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use sha2::{Digest, Sha256};
use tracing::Instrument;

use crate::error::Fault;
use crate::router::{Site, Trust};

/// How long the database may take to answer before the program counts as not ready.
const PATIENCE: Duration = Duration::from_secs(3);
const REQUESTS: &str = "tresen_http_requests_total";
const DURATION: &str = "tresen_http_request_duration_seconds";
/// Names of headers that only a proxy adds: who comes through one is not from this machine, whatever the socket says.
const FORWARDED: [&str; 5] = ["x-forwarded-for", "x-forwarded-proto", "x-real-ip", "forwarded", "via"];

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Begins to count requests. Once per process; without it [`metrics`] tells everything else.
pub fn install_metrics() {
    RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let builder =
            builder.set_buckets(&[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0]).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("requests are counted elsewhere already");
        }
        metrics::describe_counter!(REQUESTS, "Requests by route, method and status.");
        metrics::describe_histogram!(DURATION, "Seconds until the answer began, by route.");
        handle
    });
}

/// The process lives.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// It can do its work: the database can be written to and has this program's schema, and there is room on the disks.
pub async fn readyz(State(site): State<Site>) -> Response {
    if let Some(bytes) = operation::room(&site.app).filter(|bytes| *bytes < operation::LEAST_ROOM) {
        return (StatusCode::SERVICE_UNAVAILABLE, format!("no room left on the disk: {} MB\n", bytes >> 20)).into_response();
    }
    // The right to write is taken and given back: a database that can only be read is of no use.
    let asked = tokio::time::timeout(PATIENCE, async { db::schema_version(&mut *site.app.db.write().await?).await });
    let reason = match asked.await {
        Err(_) => "the database does not answer in time".into(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            "the database does not answer".into()
        }
        Ok(Ok(found)) if found != db::known_schema() => {
            format!("the database has schema {found}, this program needs {}", db::known_schema())
        }
        Ok(Ok(_)) => return "ready\n".into_response(),
    };
    (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response()
}

/// Prometheus text (exposition format 0.0.4). With `server.metrics_token` for who shows it, else for this machine alone.
pub async fn metrics(State(site): State<Site>, request: Request) -> Result<Response, Fault> {
    if !may_read_metrics(&site.trust, &request) {
        return Err(Fault(domain::Error::NotFound));
    }
    let figures = operation::figures(&mut site.app.db.read().await.map_err(domain::Error::from)?).await?;
    let mut out = String::new();
    let engine = match site.app.db.engine() {
        db::Engine::Sqlite => "sqlite",
        db::Engine::Postgres => "postgres",
    };
    family(&mut out, "tresen_build_info", "gauge", "Version and database.");
    let _ = writeln!(
        out,
        "tresen_build_info{{version=\"{}\",engine=\"{engine}\",schema=\"{}\"}} 1",
        env!("CARGO_PKG_VERSION"),
        db::known_schema()
    );
    family(&mut out, "tresen_jobs", "gauge", "Background jobs by state.");
    for state in ["ready", "running", "done", "failed"] {
        let _ = writeln!(out, "tresen_jobs{{state=\"{state}\"}} {}", figures.jobs.get(state).copied().unwrap_or(0));
    }
    family(&mut out, "tresen_open_conversations", "gauge", "Conversations that are open, all workspaces together.");
    let _ = writeln!(out, "tresen_open_conversations {}", figures.open_conversations);
    family(&mut out, "tresen_sources", "gauge", "Sources by health.");
    for (level, count) in &figures.sources {
        let _ = writeln!(out, "tresen_sources{{health=\"{level}\"}} {count}");
    }
    family(&mut out, "tresen_events_position", "gauge", "Where the settled events end.");
    let _ = writeln!(out, "tresen_events_position {}", figures.events_position);
    if let Some(bytes) = resident_bytes() {
        family(&mut out, "process_resident_memory_bytes", "gauge", "Resident memory in bytes.");
        let _ = writeln!(out, "process_resident_memory_bytes {bytes}");
    }
    if let Some(recorder) = RECORDER.get() {
        recorder.run_upkeep();
        out.push_str(&recorder.render());
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], out).into_response())
}

fn family(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn may_read_metrics(trust: &Trust, request: &Request) -> bool {
    let headers = request.headers();
    if let Some(token) = &trust.metrics_token {
        let shown =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
        // Digests are compared, so that the time taken tells nothing of the token.
        return shown.is_some_and(|shown| Sha256::digest(shown.trim()) == Sha256::digest(token));
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip().to_canonical());
    peer.is_some_and(|ip| ip.is_loopback()) && !FORWARDED.iter().any(|name| headers.contains_key(*name))
}

/// Linux tells it in kilobytes; elsewhere it is left out.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// Gives every request an id, counts it and writes one line about it: route, status and time; never its address, which may hold a token or
/// what somebody searches for.
pub async fn observe(State(site): State<Site>, request: Request, next: Next) -> Response {
    let id = format!("{:016x}", site.app.random().u64());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "unmatched".to_string(), |path| path.as_str().to_string());
    let began = Instant::now();
    let span = tracing::info_span!("request", id);
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, took) = (response.status(), began.elapsed());
    let method = match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "OPTIONS" | "PUT" | "PATCH" | "DELETE") => known.to_string(),
        // Whoever asks may invent methods; labels must not grow with them.
        _ => "OTHER".into(),
    };
    metrics::counter!(REQUESTS, "route" => route.clone(), "method" => method.clone(), "status" => status.as_u16().to_string()).increment(1);
    metrics::histogram!(DURATION, "route" => route.clone()).record(took);
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let (status_code, _in) = (status.as_u16(), span.enter());
    if status.is_server_error() {
        tracing::error!(method, route, status = status_code, ms, "answered");
    } else if route.starts_with("/assets/") || matches!(route.as_str(), "/healthz" | "/readyz" | "/metrics") {
        tracing::debug!(method, route, status = status_code, ms, "answered");
    } else {
        tracing::info!(method, route, status = status_code, ms, "answered");
    }
    // W3C Server Timing: what browsers and `tresen bench load` show beside the way through the network.
    if let Ok(value) = HeaderValue::from_str(&format!("app;dur={:.3}", took.as_secs_f64() * 1000.0)) {
        response.headers_mut().insert(HeaderName::from_static("server-timing"), value);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(peer: &str, headers: &[(&str, &str)]) -> Request {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(axum::body::Body::empty()).expect("a request");
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().expect("an address"), 1)));
        request
    }

    #[test]
    fn metrics_are_for_this_machine_unless_a_token_is_set() {
        let open = Trust::default();
        assert!(may_read_metrics(&open, &request("127.0.0.1", &[])));
        assert!(may_read_metrics(&open, &request("::1", &[])));
        assert!(!may_read_metrics(&open, &request("192.0.2.7", &[])));
        assert!(
            !may_read_metrics(&open, &request("127.0.0.1", &[("x-forwarded-for", "192.0.2.7")])),
            "a proxy on this machine brings strangers"
        );
        let token = Trust { metrics_token: Some("geheim".into()), ..Trust::default() };
        assert!(may_read_metrics(&token, &request("192.0.2.7", &[("authorization", "Bearer geheim")])));
        assert!(!may_read_metrics(&token, &request("127.0.0.1", &[])));
        assert!(!may_read_metrics(&token, &request("127.0.0.1", &[("authorization", "Bearer falsch")])));
    }
}

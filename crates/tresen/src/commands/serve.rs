use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use domain::App;
use domain::accounts::{first_run, workspaces};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::say;
use crate::cli::ServeArgs;
use crate::config::Config;
use crate::wiring;

/// How long a stop waits for open requests and running work.
const GRACE: Duration = Duration::from_secs(15);

pub async fn run(config: Config, args: ServeArgs) -> Result<ExitCode> {
    let mut config = wiring::with_args(config, &args.store);
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    let (listener, public_url) = bind(&config).await?;
    let app = wiring::app(&config, public_url).await?;
    let (_, demo) = workspaces::count(&mut app.db.read().await?).await?;
    ensure!(demo == 0, "this folder holds the demo: open it with `tresen demo`, or give `serve` a folder of its own with --data");
    if let Some(token) = first_run::setup_token(&app).await? {
        say(format_args!(
            "Nobody is here yet. Open this link to set up Tresen (it works once, for 24 hours):\n{}/setup/{token}",
            app.config.public_url
        ));
    }
    // Taken before "ready" is said: who is told so may hand in mail at once.
    let lmtp = match config.lmtp.listen {
        Some(listen) => Some(TcpListener::bind(listen).await.with_context(|| format!("the delivery door cannot listen on {listen}"))?),
        None => None,
    };
    serve(app, &config, listener, lmtp, |_| Ok(())).await
}

/// Takes the port before anything else: a second start on the same port fails at once.
pub async fn bind(config: &Config) -> Result<(TcpListener, String)> {
    let listener = TcpListener::bind(config.server.listen).await.with_context(|| format!("cannot listen on {}", config.server.listen))?;
    let address = listener.local_addr()?;
    let public_url =
        config.server.public_url.as_deref().map_or_else(|| format!("http://{address}"), |url| url.trim_end_matches('/').to_string());
    Ok((listener, public_url))
}

/// Runs until SIGTERM or Ctrl+C; `started` runs once everything answers.
pub async fn serve(
    app: App,
    config: &Config,
    listener: TcpListener,
    lmtp: Option<TcpListener>,
    started: impl FnOnce(SocketAddr) -> Result<()>,
) -> Result<ExitCode> {
    if app.db.engine() == db::Engine::Sqlite {
        // Alone in this folder: what a killed process had in hand goes on at once, not when its leases end.
        let mut tx = app.db.write().await?;
        let freed = jobs::free_all(&mut tx).await?;
        tx.commit().await?;
        if freed > 0 {
            tracing::info!(jobs = freed, "taken over from a process that ended in the middle");
        }
    }
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    wiring::start_workers(&app, config, lmtp, &stop, &tasks);
    let trust = web::Trust {
        proxies: config.server.trusted_proxies.clone(),
        secure_cookies: app.config.public_url.starts_with("https:"),
        metrics_token: config.server.metrics_token.clone(),
    };
    web::install_metrics();
    let router = web::router(web::Site { app: app.clone(), trust: Arc::new(trust) });
    let address = listener.local_addr()?;
    let serving = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(stop.clone().cancelled_owned());
    let serving = tokio::spawn(async move { serving.await });
    // From here on a signal stops in good order: who reads "ready" may send one at once.
    let told = stop_signals()?;
    say(format_args!("ready http://{address}"));
    started(address)?;
    told.await;
    tracing::info!("stopping: finishing what runs");
    stop.cancel();
    tasks.close();
    let ended = async {
        let _ = serving.await;
        tasks.wait().await;
    };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        tracing::warn!("some work did not end in time; it is handed back");
    }
    if let Err(error) = domain::desk::reads::write(&app).await {
        tracing::warn!(%error, "what was read last could not be marked as read");
    }
    app.db.clone().close().await;
    Ok(ExitCode::SUCCESS)
}

/// Takes SIGTERM and Ctrl+C over; what it returns ends with the first of them.
fn stop_signals() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

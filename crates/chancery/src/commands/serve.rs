//! `chancery serve`: the server, from start to graceful stop.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use axum::serve::ListenerExt as _;
use clap::Args;
use engine::Engine;
use engine::receive::SmtpOptions;
use net::smtp::server::Listener;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::settings::{LmtpAddress, Settings};
use crate::{house, output};

#[derive(Debug, Args)]
pub struct Serve {}

impl Serve {
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        house::prepare_folder(&settings.data)?;
        // Members of a cluster share the database and nothing else: a folder has one server, on PostgreSQL too.
        let _lock = house::lock(&settings.data)?;
        let _refused = refuse_large_files_instead_of_dying()?;
        let listener = bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let public_url = settings.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        let engine = house::open(&settings, public_url.clone(), true).await?;
        let unknown = engine.start().await?;
        if unknown > 0 {
            tracing::warn!(
                unknown,
                "The last run ended while messages were being sent; whether these left is unknown. See messages in state unknown."
            );
        }
        let smtp = start_smtp(&engine, &settings).await?;
        let lmtp = start_lmtp(&engine, &settings).await?;
        if let Some(link) = engine.set_up_link().await? {
            output::notice(&format!(
                "\nNobody owns this server yet. Open this one-time link to create the owner account:\n\n    {public_url}{link}\n"
            ));
        }
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "listening on http://{address}");
        serve(engine, listener).await?;
        for listener in [smtp, lmtp].into_iter().flatten() {
            listener.await?;
        }
        tracing::info!("stopped");
        Ok(())
    }
}

/// SIGXFSZ, which ends a process that writes past the size that the system allows for a file; the same number everywhere we run.
const FILE_TOO_LARGE: SignalKind = SignalKind::from_raw(25);

/// Caught, the write fails instead, and whoever asked for it is told 503 as with a full disk.
fn refuse_large_files_instead_of_dying() -> anyhow::Result<Signal> {
    Ok(signal(FILE_TOO_LARGE)?)
}

pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Answers requests until a signal asks to stop; then finishes what is under way and closes the database.
pub async fn serve(engine: Engine, listener: TcpListener) -> anyhow::Result<()> {
    let router = api::router(engine.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "A connection keeps its delay.");
        }
    });
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let stopping = engine.clone();
    let asked_to_stop = async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
        tracing::info!("Stopping: finishing what is under way.");
        stopping.begin_stop();
    };
    axum::serve(listener, router).with_graceful_shutdown(asked_to_stop).await?;
    engine.stop().await;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the listener's task is awaited at the end of the command")]
async fn start_smtp(
    engine: &Engine,
    settings: &Settings,
) -> anyhow::Result<Option<tokio::task::JoinHandle<()>>> {
    let Some(address) = settings.smtp_listen else { return Ok(None) };
    let tls = match &settings.smtp_tls {
        Some((certificate, key)) => Some(Arc::new(net::tls::server_config(certificate, key)?)),
        None => None,
    };
    let listener = bind(address).await?;
    tracing::info!("taking mail on smtp://{}", listener.local_addr()?);
    let receiving = engine.clone();
    Ok(Some(tokio::spawn(async move { receiving.serve_smtp(listener, SmtpOptions { tls }).await })))
}

#[expect(clippy::disallowed_methods, reason = "the listener's task is awaited at the end of the command")]
async fn start_lmtp(
    engine: &Engine,
    settings: &Settings,
) -> anyhow::Result<Option<tokio::task::JoinHandle<()>>> {
    let (listener, name) = match &settings.lmtp_listen {
        None => return Ok(None),
        Some(LmtpAddress::Tcp(address)) => {
            let listener = bind(*address).await?;
            let name = listener.local_addr()?.to_string();
            (Listener::from(listener), name)
        }
        Some(LmtpAddress::Unix(path)) => {
            let listener =
                Listener::unix(path).with_context(|| format!("cannot listen on {}", path.display()))?;
            (listener, path.display().to_string())
        }
    };
    tracing::info!("taking mail on lmtp://{name}");
    let receiving = engine.clone();
    Ok(Some(tokio::spawn(async move { receiving.serve_lmtp(listener).await })))
}

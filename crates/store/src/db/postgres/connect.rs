//! How a session reaches PostgreSQL: the address, and TLS when the address asks for it.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::db::Error;

/// A parsed `postgres://` address.
pub(crate) struct Target {
    config: tokio_postgres::Config,
    tls: Option<MakeRustlsConnect>,
}

impl Target {
    /// Reads a URL. `sslmode=disable|prefer|require` as in libpq; certificates are always verified.
    pub(crate) fn parse(url: &str) -> Result<Target, Error> {
        let mut config: tokio_postgres::Config = url
            .parse()
            .map_err(|error| Error::Unavailable(format!("the database URL cannot be read: {error}")))?;
        config.application_name("chancery");
        config.connect_timeout(std::time::Duration::from_secs(10));
        let tls = if config.get_ssl_mode() == SslMode::Disable { None } else { Some(tls()?) };
        Ok(Target { config, tls })
    }

    pub(crate) async fn connect(&self) -> Result<tokio_postgres::Client, Error> {
        let client = match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                drive(connection);
                client
            }
            None => {
                let (client, connection) = self.config.connect(tokio_postgres::NoTls).await?;
                drive(connection);
                client
            }
        };
        // No statement of ours runs so long that compiling it would pay; where the planner thinks otherwise, it is wrong.
        client.batch_execute("SET synchronous_commit = on; SET jit = off; SET TIME ZONE 'UTC'").await?;
        Ok(client)
    }
}

fn tls() -> Result<MakeRustlsConnect, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Unavailable(error.to_string()))?
        .with_platform_verifier()
        .map_err(|error| Error::Unavailable(error.to_string()))?
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the connection's task lives on the session's own small runtime"
)]
fn drive<S, T>(connection: tokio_postgres::Connection<S, T>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "A PostgreSQL connection ended.");
        }
    });
}

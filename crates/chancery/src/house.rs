//! Puts the pieces together: data folder, lock, keys, database, engine.

use std::fs::File;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use domain::chance::Chance;
use domain::clock::Clock;
use engine::doctor::DoctorOptions;
use engine::vault::Vault;
use engine::{Engine, Options};
use store::Store;

use crate::settings::Settings;

/// The database in the data folder.
const DATABASE: &str = "chancery.db";

/// Makes the data folder, readable by its owner only.
pub fn prepare_folder(folder: &Path) -> anyhow::Result<()> {
    let shown = folder.display();
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("the data folder {shown} cannot be created"))?;
    let mode = std::fs::metadata(folder)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
            .with_context(|| format!("the data folder {shown} is open to others and cannot be closed"))?;
    }
    Ok(())
}

/// Refuses a folder in which no server was ever set up.
pub fn require_database(settings: &Settings) -> anyhow::Result<()> {
    let folder = settings.data.display();
    anyhow::ensure!(
        settings.database_url.is_some() || settings.data.join(DATABASE).exists(),
        "there is no Chancery in the data folder {folder}: give another --data, or make one with \
         `chancery setup --data {folder}` or `chancery serve --data {folder}`"
    );
    Ok(())
}

/// Held by the one server that works on a data folder.
pub struct Lock(#[expect(dead_code, reason = "held for its lock")] File);

/// Takes the lock of a data folder.
pub fn lock(folder: &Path) -> anyhow::Result<Lock> {
    let path = folder.join("chancery.lock");
    let file = File::create(&path).with_context(|| format!("{} cannot be created", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(std::fs::TryLockError::WouldBlock) => {
            anyhow::bail!("another chancery works on {} already; stop it first", folder.display())
        }
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("{} cannot be locked", path.display()))
        }
    }
}

/// The engine on the database of the settings. `public_url` and `hostname` as they are effective.
pub async fn open(settings: &Settings, public_url: String, dispatch: bool) -> anyhow::Result<Engine> {
    prepare_folder(&settings.data)?;
    let chance = Chance::system();
    let credentials = credentials_folder();
    let vault = Vault::open_or_create(
        &settings.data,
        settings.master_key.as_deref(),
        credentials.as_deref(),
        &chance,
    )?;
    let store = open_store(settings).await?;
    vault.check(&store).await?;
    let hostname = settings.hostname.clone().unwrap_or_else(|| host_of(&public_url));
    let options = Options {
        data_dir: settings.data.clone(),
        public_url,
        hostname,
        allow_private: settings.allow_private,
        dispatch,
        doctor: DoctorOptions {
            resolver: settings.dns_resolver,
            clock_source: settings.clock_source.clone(),
            smtp_certificate: settings.smtp_tls.as_ref().map(|(certificate, _)| certificate.clone()),
        },
    };
    // The server goes on when nobody looks at its console.
    let console = Arc::new(|text: &str| drop(crate::output::line(text)));
    Ok(Engine::new(store, Clock::system(), chance, vault, options, console))
}

async fn open_store(settings: &Settings) -> anyhow::Result<Store> {
    let (url, path) = (settings.database_url.clone(), settings.data.join(DATABASE));
    tokio::task::spawn_blocking(move || match url {
        Some(url) => Store::open_postgres(&url).context("the PostgreSQL database cannot be opened"),
        None => Store::open_sqlite(&path)
            .with_context(|| format!("the database {} cannot be opened", path.display())),
    })
    .await?
}

/// Where systemd puts credentials for this service.
#[expect(clippy::disallowed_methods, reason = "systemd gives it in the environment and nowhere else")]
fn credentials_folder() -> Option<std::path::PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY").map(std::path::PathBuf::from)
}

/// The host of a URL, for SMTP; `localhost` when there is none.
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let is_name = !host.is_empty() && host.parse::<std::net::IpAddr>().is_err() && !host.starts_with('[');
    if is_name { host.to_owned() } else { "localhost".to_owned() }
}

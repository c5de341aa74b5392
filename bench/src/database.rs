//! The database behind the measured server: its own SQLite file, or a fresh database on a PostgreSQL
//! server, whose processes then belong to the stack that is measured.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::accounting;
use crate::output::say;
use crate::settings::Settings;

#[derive(Debug, Clone)]
pub enum Database {
    Sqlite,
    Postgres {
        /// Of the server as it was given; used to create and to drop.
        server: String,
        name: String,
        /// Of the fresh database.
        url: String,
        postmaster: Option<u32>,
    },
}

impl Database {
    /// SQLite unless `--database-url` was given; then creates an empty database there.
    pub fn fresh(settings: &Settings, label: &str) -> Result<Self> {
        let Some(server) = &settings.database_url else { return Ok(Self::Sqlite) };
        let name = format!("bench_{}_{}", label.replace('-', "_"), std::process::id());
        psql(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
        psql(server, &format!("CREATE DATABASE {name}"))?;
        Self::on(settings, server, name)
    }

    /// The database that an earlier run has kept.
    pub fn kept(settings: &Settings, name: Option<&str>) -> Result<Self> {
        match (&settings.database_url, name) {
            (None, None) => Ok(Self::Sqlite),
            (Some(server), Some(name)) => Self::on(settings, server, name.to_owned()),
            (Some(_), None) => bail!("that folder was filled on SQLite"),
            (None, Some(_)) => {
                bail!("that folder was filled on PostgreSQL: give --database and --cluster again")
            }
        }
    }

    fn on(settings: &Settings, server: &str, name: String) -> Result<Self> {
        let url = with_database(server, &name)?;
        let postmaster = settings.database_pid.or_else(|| accounting::listener_of(port_of(server)));
        if postmaster.is_none() {
            say("  PostgreSQL's process was not found: its CPU is missing from cpu_us (give --database-pid)");
        }
        Ok(Self::Postgres { server: server.to_owned(), name, url, postmaster })
    }

    /// Its name on its server.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres { name, .. } => Some(name),
        }
    }

    pub fn label(&self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres { .. } => "postgresql",
        }
    }

    /// For the server's `CHANCERY_DATABASE_URL`.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres { url, .. } => Some(url),
        }
    }

    /// Roots of the process trees that belong to the stack.
    pub fn processes(&self) -> Vec<u32> {
        match self {
            Self::Sqlite => Vec::new(),
            Self::Postgres { postmaster, .. } => postmaster.iter().copied().collect(),
        }
    }

    /// Drops the fresh database.
    pub fn discard(&self) -> Result<()> {
        match self {
            Self::Sqlite => Ok(()),
            Self::Postgres { server, name, .. } => {
                psql(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            }
        }
    }
}

fn psql(url: &str, statement: &str) -> Result<()> {
    let output = Command::new("psql")
        .args(["-qX", "-v", "ON_ERROR_STOP=1", url, "-c", statement])
        .output()
        .context("psql is needed to create a database for the run (Debian: postgresql-client)")?;
    if !output.status.success() {
        bail!("psql could not `{statement}`: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// The URL with its database replaced.
fn with_database(url: &str, name: &str) -> Result<String> {
    let (scheme, rest) = url.split_once("://").with_context(|| format!("{url} is no postgres:// URL"))?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let place = rest.split('/').next().unwrap_or_default();
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    Ok(format!("{scheme}://{place}/{name}{query}"))
}

fn port_of(url: &str) -> u16 {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let place = rest.split(['/', '?']).next().unwrap_or_default();
    let host = place.rsplit('@').next().unwrap_or_default();
    host.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(5_432)
}

#[cfg(test)]
mod tests {
    use super::{port_of, with_database};

    #[test]
    fn only_the_database_of_a_url_changes() {
        let url = "postgres://bench:secret@127.0.0.1:5433/postgres?sslmode=disable";
        let fresh = with_database(url, "x").expect("a URL");
        assert_eq!(fresh, "postgres://bench:secret@127.0.0.1:5433/x?sslmode=disable");
        assert_eq!((port_of(url), port_of("postgres://localhost/x")), (5_433, 5_432));
    }
}

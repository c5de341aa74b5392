//! When `chancery backup` last made a copy.

use std::time::Duration;

use domain::clock::Timestamp;
use store::settings::{self, SERVER};

use super::Patient;
use super::report::{Area, Check, in_words};
use crate::{Engine, Error};

/// Under this name the command notes the time.
pub const LAST_BACKUP: &str = "last_backup_at";
const OLD: Duration = Duration::from_secs(8 * 86_400);

impl Engine {
    /// Notes that a copy was made just now.
    ///
    /// # Errors
    /// Any fault of the store.
    pub async fn note_backup(&self) -> Result<(), Error> {
        let now = self.core.clock.now();
        self.core
            .store
            .write(SERVER, move |tx| settings::put(tx, SERVER, LAST_BACKUP, &now.to_string()))
            .await?;
        Ok(())
    }
}

pub(super) async fn look(patient: &Patient<'_>) -> Result<Check, Error> {
    let (area, name) = (Area::Backup, "last backup");
    let found = patient.core.store.read(|tx| settings::get(tx, SERVER, LAST_BACKUP)).await?;
    let last: Option<Timestamp> = found.and_then(|text| text.parse().ok());
    let is_sqlite = patient.core.store.engine() == store::Engine::Sqlite;
    Ok(match last {
        Some(last) => {
            let age = patient.now().since(last);
            let detail = format!("{} ago", in_words(age));
            if age > OLD {
                Check::warning(area, name, detail).advising("Make one every day: `chancery backup` to another disk.")
            } else {
                Check::ok(area, name, detail)
            }
        }
        None if is_sqlite => Check::warning(area, name, "`chancery backup` made none yet")
            .advising("Make one every day: `chancery backup` to another disk. Backups by other means are not seen here."),
        None => Check::skipped(area, name, "PostgreSQL is copied by its own means, which are not seen here"),
    })
}

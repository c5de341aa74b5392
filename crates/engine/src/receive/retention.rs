//! Old entries leave the journal when the house says so. What failed or still waits stays, however old it is.

use std::sync::Arc;
use std::time::Duration;

use store::{journal, tenants};

use crate::core::Core;
use crate::{Error, house_settings};

/// Entries that leave at once.
const STRIDE: u32 = 500;

/// Deletes what is older than the house keeps it, in strides behind everything that somebody waits for.
pub(crate) async fn forget_old(core: &Arc<Core>) -> Result<(), Error> {
    let now = core.clock.now();
    let limits = core
        .store
        .read(|tx| {
            let mut limits = Vec::new();
            for tenant in tenants::all(tx)? {
                let days = house_settings::read(tx, tenant)?.journal_retention_days;
                limits.extend(days.map(|days| (tenant, Duration::from_hours(24 * u64::from(days)))));
            }
            Ok::<_, Error>(limits)
        })
        .await?;
    for (tenant, kept) in limits {
        let before = now.minus(kept);
        loop {
            let deleted = core
                .store
                .write_bulk(tenant, move |tx| journal::delete_settled(tx, tenant, before, STRIDE))
                .await?;
            if deleted < u64::from(STRIDE) || core.stopping.is_cancelled() {
                break;
            }
        }
    }
    Ok(())
}

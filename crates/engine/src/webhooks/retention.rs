//! Old deliveries and replays leave the log when the house says so.

use std::sync::Arc;
use std::time::Duration;

use store::{tenants, webhook_log, webhook_replays};

use crate::core::Core;
use crate::{Error, house_settings};

/// Deliveries that leave at once.
const STRIDE: u32 = 500;

/// Deletes what is older than the house keeps it, in strides behind everything that somebody waits for.
pub(crate) async fn forget_old(core: &Arc<Core>) -> Result<(), Error> {
    let now = core.clock.now();
    let limits = core
        .store
        .read(|tx| {
            let mut limits = Vec::new();
            for tenant in tenants::all(tx)? {
                limits.push((tenant, house_settings::read(tx, tenant)?.webhook_log_days));
            }
            Ok::<_, Error>(limits)
        })
        .await?;
    for (tenant, days) in limits {
        let before = now.minus(Duration::from_hours(24 * u64::from(days)));
        loop {
            let gone = core
                .store
                .write_bulk(tenant, move |tx| webhook_log::delete_old(tx, tenant, before, STRIDE))
                .await?;
            if gone < u64::from(STRIDE) || core.stopping.is_cancelled() {
                break;
            }
        }
        core.store.write(tenant, move |tx| webhook_replays::delete_old(tx, tenant, before)).await?;
    }
    Ok(())
}

//! Clean-up: uploads that no note and no draft names are forgotten seven days after they came or were last named.

use std::time::Duration;

use domain::ids::{TenantId, UploadId};
use store::{drafts, uploads};

use super::files;
use crate::Error;
use crate::core::Core;

/// As many as one round looks at; the next comes soon.
const PER_ROUND: u32 = 500;
/// When to look again at one that a draft still names.
const LOOK_AGAIN: Duration = Duration::from_hours(24);

/// Forgets what is due.
///
/// # Errors
/// Any fault of the store.
pub(crate) async fn forget_unwanted(core: &Core) -> Result<(), Error> {
    let now = core.clock.now();
    for (tenant, id) in core.store.read(move |tx| uploads::due(tx, now, PER_ROUND)).await? {
        if forget(core, tenant, id).await? {
            files::remove(core, id).await?;
        }
    }
    Ok(())
}

/// Forgets what was coming in when a process died, before anything new comes in.
///
/// # Errors
/// When the folder cannot be read or written.
pub(crate) async fn forget_unfinished(core: &Core) -> Result<(), Error> {
    files::remove_unfinished(core).await
}

/// The row goes first: from then on nobody can name the upload, so its bytes can go without a hurry.
async fn forget(core: &Core, tenant: TenantId, id: UploadId) -> Result<bool, Error> {
    let look_again = core.clock.now().plus(LOOK_AGAIN);
    let gone = core
        .store
        .write_bulk(tenant, move |tx| {
            if drafts::any_names(tx, tenant, id)? {
                uploads::keep(tx, tenant, id, None, look_again)?;
                return Ok::<_, store::Error>(false);
            }
            uploads::delete(tx, tenant, id)
        })
        .await?;
    Ok(gone)
}

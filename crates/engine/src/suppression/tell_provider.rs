//! The provider keeps a list of its own: what a person takes off ours, it is asked to take off its.

use std::sync::Arc;

use domain::backoff::Backoff;
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::ids::{AccountId, TenantId};
use domain::suppression::SuppressionReason;
use providers::{NotDone, Suppressed};
use serde::{Deserialize, Serialize};
use store::Tx;
use store::jobs::{self, Job};
use store::suppressions::Suppression;

use crate::Error;
use crate::core::Core;
use crate::jobs::{JobOutcome, UNSUPPRESS};

/// What a job is about.
#[derive(Serialize, Deserialize)]
struct Payload {
    account_id: AccountId,
    address: String,
    reason: SuppressionReason,
}

/// Writes a job for each account of the channel whose provider has such a list: any of them may hold the address.
pub(super) fn schedule(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    entry: &Suppression,
    now: Timestamp,
) -> Result<(), Error> {
    if entry.channel != Channel::Email {
        return Ok(());
    }
    let of_tenant = core.senders.all().into_iter().filter(|sender| sender.tenant == tenant);
    for sender in of_tenant {
        let link = sender.link();
        let can = providers::find(&link.account.provider).is_some_and(|it| it.capabilities.unsuppress);
        if !can || !link.account.enabled || link.account.channel != entry.channel {
            continue;
        }
        let payload = Payload { account_id: sender.id, address: entry.address.clone(), reason: entry.reason };
        let job = Job {
            tenant,
            id: core.ids.next(),
            kind: UNSUPPRESS.to_owned(),
            payload: serde_json::to_value(payload).unwrap_or_default(),
            due_at: now,
            attempts: 0,
        };
        jobs::insert(tx, &job, now)?;
    }
    Ok(())
}

/// Asks one provider.
pub(crate) async fn tell_provider(core: &Arc<Core>, job: &Job) -> Result<JobOutcome, Error> {
    let Ok(Payload { account_id, address, reason }) = serde_json::from_value(job.payload.clone()) else {
        return Ok(JobOutcome::Done);
    };
    let (Ok(address), Some(sender)) = (address.parse(), core.senders.get(job.tenant, account_id)) else {
        return Ok(JobOutcome::Done);
    };
    let link = sender.link();
    let Ok(provider) = &link.provider else { return Ok(JobOutcome::Done) };
    match provider.unsuppress(&Suppressed { address, reason }).await {
        Ok(()) => Ok(JobOutcome::Done),
        Err(NotDone::Later(reason)) if job.attempts < Backoff::JOB.attempts => Ok(JobOutcome::Again(reason)),
        Err(not_done) => {
            // Mail to the address is refused by the provider then, in its own words, and that is shown.
            tracing::warn!(account = %account_id, %not_done, "A provider did not take an address off its own list.");
            Ok(JobOutcome::Done)
        }
    }
}

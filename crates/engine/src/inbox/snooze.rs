//! Sleep: a snoozed conversation comes back when its time has come, or when the contact writes.

use std::sync::Arc;

use domain::access::Actor;
use domain::clock::Timestamp;
use domain::conversation::ConversationState;
use domain::event::FeedType;
use domain::ids::{ConversationId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use store::conversations::{self, Conversation};
use store::entries::EntryKind;
use store::jobs::{self, Job};

use super::conversations::tell;
use super::{activity, tell_people};
use crate::Error;
use crate::core::Core;
use crate::jobs::{JobOutcome, WAKE};

/// What the job that wakes a conversation has to know.
#[derive(Debug, Serialize, Deserialize)]
struct Alarm {
    conversation: ConversationId,
    until: Timestamp,
    /// Who snoozed it, and is told.
    by: Option<String>,
}

/// Writes the job that wakes a conversation, when it was snoozed until a time.
pub(super) fn set_alarm(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    (was, is): (&Conversation, &Conversation),
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(until) = is.snoozed_until else { return Ok(()) };
    if was.snoozed_until == Some(until) && was.state == is.state {
        return Ok(());
    }
    let alarm = Alarm { conversation: is.id, until, by: actor.id.clone() };
    let job = Job {
        tenant,
        id: core.ids.next(),
        kind: WAKE.to_owned(),
        payload: json!(alarm),
        due_at: until,
        attempts: 0,
    };
    Ok(jobs::insert(tx, &job, now)?)
}

/// Wakes a conversation whose time has come; one that was touched since has another alarm, or none.
pub(crate) async fn wake(core: &Arc<Core>, job: &Job) -> Result<JobOutcome, Error> {
    let (tenant, now, working) = (job.tenant, core.clock.now(), Arc::clone(core));
    let Ok(alarm) = serde_json::from_value::<Alarm>(job.payload.clone()) else { return Ok(JobOutcome::Done) };
    core.store
        .write(tenant, move |tx| {
            let Some(was) = conversations::get(tx, tenant, alarm.conversation)? else { return Ok(()) };
            if was.state != ConversationState::Snoozed || was.snoozed_until != Some(alarm.until) {
                return Ok(());
            }
            // It comes back to the top of the list, as if it were new.
            let is = Conversation {
                state: ConversationState::Open,
                snoozed_until: None,
                last_activity_at: now,
                ..was.clone()
            };
            conversations::replace(tx, tenant, &was, &is)?;
            let facts = json!({ "reason": "time" });
            activity::note(tx, &working, tenant, is.id, &Actor::system(), (EntryKind::Woke, facts), now)?;
            tell_people::of_waking(tx, &working, tenant, &is, alarm.by.as_deref(), now)?;
            tell(tx, tenant, &is, FeedType::ConversationUpdated, now)
        })
        .await?;
    core.feed.wake();
    Ok(JobOutcome::Done)
}

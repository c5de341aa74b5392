//! What becomes of a delivery and of its webhook after an attempt: tried again, failed, switched off.

use domain::access::{Actor, Role};
use domain::clock::Timestamp;
use domain::event::FeedType;
use domain::ids::TenantId;
use domain::notification::NotificationKind;
use domain::page::PageRequest;
use domain::webhook::{DeliveryState, GIVEN_UP, PATIENCE, TEST_EVENT};
use serde_json::json;
use store::feed::{self, Facts};
use store::webhooks_out::{self, Webhook};
use store::{Tx, users, webhook_deliveries, webhook_log};

use super::attempt::{Attempted, Verdict};
use crate::core::Core;
use crate::inbox::{News, notify};
use crate::{Error, audit};

/// The time of the last delivery is written at most this often.
const NOTED_AFTER: std::time::Duration = std::time::Duration::from_secs(1);

/// Writes down how an attempt went; whether the feed tells of it.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    attempted: &Attempted,
) -> Result<bool, Error> {
    let now = core.clock.now();
    let mut delivery = attempted.delivery.clone();
    let is_test = delivery.event_type == TEST_EVENT;
    // Somebody waits for the answer to a test; tomorrow nobody does.
    let next = attempted.wait.filter(|_| !is_test).map(|wait| now.plus(wait));
    (delivery.state, delivery.next_attempt_at) = match (&attempted.verdict, next) {
        (Verdict::Delivered, _) => (DeliveryState::Delivered, None),
        (Verdict::Failed(_), Some(next)) => (DeliveryState::Waiting, Some(next)),
        (Verdict::Failed(_), None) | (Verdict::Gone, _) => (DeliveryState::Failed, None),
    };
    delivery.last_status = attempted.attempt.status;
    delivery.last_error.clone_from(&attempted.attempt.error);
    // Another process took this one for dead, or the webhook is gone: what is written stands.
    if !webhook_deliveries::settle(tx, core.epoch, tenant, &delivery)? {
        return Ok(false);
    }
    webhook_log::log(tx, tenant, delivery.id, &attempted.attempt)?;
    let Some(was) = webhooks_out::get(tx, tenant, delivery.webhook)? else { return Ok(false) };
    if is_test && attempted.verdict != Verdict::Gone {
        return Ok(false);
    }
    let is = changed(&was, attempted, delivery.state, now);
    if is == was {
        return Ok(false);
    }
    webhooks_out::put(tx, &is)?;
    if was.enabled && !is.enabled {
        tell_people(tx, core, &is, now)?;
        let (subject, detail) = (is.id.to_string(), json!({ "reason": is.disabled_reason }));
        audit::record(tx, tenant, &Actor::system(), "webhook.disabled", &subject, &detail, now)?;
    }
    if was.enabled != is.enabled || was.first_failed_at.is_some() != is.first_failed_at.is_some() {
        tell(tx, &is, now)?;
        return Ok(true);
    }
    Ok(false)
}

/// What a webhook is after an attempt.
fn changed(was: &Webhook, attempted: &Attempted, state: DeliveryState, now: Timestamp) -> Webhook {
    let mut is = was.clone();
    if attempted.verdict == Verdict::Delivered {
        is.first_failed_at = None;
        is.given_up = 0;
        is.last_error = None;
        if was.last_delivered_at.is_none_or(|last| now.since(last) >= NOTED_AFTER) {
            is.last_delivered_at = Some(now);
        }
        return is;
    }
    let since = *is.first_failed_at.get_or_insert(now);
    is.given_up += u32::from(state == DeliveryState::Failed);
    is.last_error.clone_from(&attempted.attempt.error);
    // An answer to a request from before it was switched off says nothing new.
    if !was.enabled {
        return is;
    }
    if attempted.verdict == Verdict::Gone {
        is.enabled = false;
        is.disabled_reason = Some("It answered 410: it wants no more.".to_owned());
    } else if now.since(since) >= PATIENCE && is.given_up >= GIVEN_UP {
        is.enabled = false;
        is.disabled_reason = Some("Nothing but failures for five days.".to_owned());
    }
    is
}

/// Tells the feed that a webhook is another than before.
pub(super) fn tell(tx: &mut Tx<'_>, webhook: &Webhook, now: Timestamp) -> Result<(), Error> {
    let facts = Facts { webhook_id: Some(webhook.id.to_string()), ..Facts::default() };
    feed::append(tx, webhook.tenant, FeedType::WebhookUpdated, now, &facts)?;
    Ok(())
}

/// Owners and admins can switch it on again.
fn tell_people(tx: &mut Tx<'_>, core: &Core, webhook: &Webhook, now: Timestamp) -> Result<(), Error> {
    let reason = webhook.disabled_reason.as_deref().unwrap_or_default();
    let sentence = format!("The webhook to {} was switched off. {reason}", host_of(&webhook.url));
    let news = News {
        kind: NotificationKind::Webhook,
        conversation: None,
        subject: Some(webhook.id.to_string()),
        actor: &Actor::system(),
        sentence: &sentence,
    };
    let everybody = users::list(tx, webhook.tenant, &PageRequest { limit: 1_000, after: None })?;
    for member in everybody.rows {
        if matches!(member.role, Role::Owner | Role::Admin) && member.disabled_at.is_none() {
            notify(tx, &core.ids, webhook.tenant, member.id, &news, now)?;
        }
    }
    Ok(())
}

/// The host of an address: the rest of it may hold a secret.
pub(super) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

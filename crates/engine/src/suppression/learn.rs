//! What reports about our messages teach: a hard bounce, a complaint or an unsubscription ends what is written to that
//! address, at once and in the transaction that writes the report down.

use domain::clock::Timestamp;
use domain::event::FeedType;
use domain::ids::TenantId;
use domain::outgoing::DeliveryReport;
use domain::suppression::{Lesson, SuppressionReason, meant};
use store::Tx;
use store::feed::{self, Facts};
use store::messages::{self, Message};
use store::suppressions::{self, Suppression};

use super::add::LONGEST_DETAIL;
use crate::Error;
use crate::core::Core;

/// Takes a new report about one of our messages to heart.
pub(crate) fn learn(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    message: &Message,
    source: &str,
    report: &DeliveryReport,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(lesson) = Lesson::of(report.kind) else { return Ok(()) };
    let envelope = messages::body(tx, tenant, message.id)?.unwrap_or_default().envelope;
    let recipients: Vec<&str> = envelope
        .to
        .iter()
        .chain(&envelope.cc)
        .chain(&envelope.bcc)
        .map(|mailbox| mailbox.address.as_str())
        .collect();
    let Some(address) = meant(report.recipient.as_deref(), &recipients) else {
        tracing::info!(message = %message.id, kind = %report.kind, "A report names none of the message's recipients: nobody is suppressed.");
        return Ok(());
    };
    match lesson {
        Lesson::Suppress(reason) => {
            let entry = Suppression {
                id: core.ids.next(),
                channel: message.channel,
                address: address.to_owned(),
                reason,
                detail: report.words.detail.chars().take(LONGEST_DETAIL).collect(),
                code: report.words.code.clone(),
                source: source.to_owned(),
                message: Some(message.id),
                account: message.account,
                added_by: None,
                created_at: now,
                contact: Some(message.contact),
            };
            if suppressions::insert(tx, tenant, &entry)? {
                tell(tx, tenant, FeedType::SuppressionAdded, &entry, now)?;
            }
        }
        Lesson::Readmit => {
            let key = domain::contact::address_key(address);
            let entries = suppressions::of_addresses(tx, tenant, message.channel, &[key])?;
            for entry in entries.iter().filter(|entry| entry.reason == SuppressionReason::Unsubscribed) {
                suppressions::delete(tx, tenant, entry.id)?;
                tell(tx, tenant, FeedType::SuppressionRemoved, entry, now)?;
            }
        }
    }
    Ok(())
}

/// Tells the feed of an entry.
pub(super) fn tell(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    kind: FeedType,
    entry: &Suppression,
    now: Timestamp,
) -> Result<(), Error> {
    let facts = Facts {
        suppression_id: Some(entry.id.to_string()),
        message_id: entry.message.map(|id| id.to_string()),
        account_id: entry.account.map(|id| id.to_string()),
        state: Some(entry.reason.to_string()),
        ..Facts::default()
    };
    feed::append(tx, tenant, kind, now, &facts)?;
    Ok(())
}

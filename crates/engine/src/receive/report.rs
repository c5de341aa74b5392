//! Bounces, complaints and receipts that come as mail: matched to the message they speak of, and written down as events of
//! it. One that speaks of no message of ours is filed as the mail that it is.

use std::sync::Arc;

use domain::address::EmailAddress;
use domain::failure::Words;
use domain::ids::{MessageId, TenantId};
use domain::message::{Direction, EventKind};
use domain::outgoing::{About, DeliveryReport};
use mail::report::{Action, BounceClass, Complaint, DeliveryStatus, RecipientStatus, Report};
use store::Tx;
use store::journal::{self, Entry, JournalState};
use store::messages::{self, Message};

use super::work::Ended;
use crate::Error;
use crate::core::Core;
use crate::send::{apply_report, message_of_token, own_message, sent_as};

/// The source under which events that came as mail stand in a message's timeline.
const SOURCE: &str = "mail";

/// Applies a report to our message; nothing when it is about none of ours.
///
/// `report_id` is the Message-ID of the report itself: the same one by another way says nothing new.
pub(super) async fn apply(
    core: &Arc<Core>,
    entry: &Entry,
    report: Report,
    report_id: Option<&str>,
    recipients: &[EmailAddress],
) -> Result<Option<Ended>, Error> {
    let clues = Clues::of(core, entry.tenant, &report, recipients);
    if clues.is_empty() {
        return Ok(None);
    }
    let (tenant, id, working) = (entry.tenant, entry.id, Arc::clone(core));
    let key = report_id.map_or_else(|| entry.dedupe_key.clone(), |id| format!("id:{id}"));
    core.store
        .write(tenant, move |tx| {
            let Some(message) = clues.find(tx, tenant)? else { return Ok(None) };
            let Some(current) = journal::get(tx, tenant, id)? else { return Ok(Some(Ended::Filed)) };
            if current.state != JournalState::Received {
                return Ok(Some(Ended::Filed));
            }
            let now = working.clock.now();
            let said = reports(&report, &message, &key);
            for one in &said {
                apply_report(tx, &working, tenant, SOURCE, one, now)?;
            }
            let done = Entry {
                state: JournalState::Processed,
                reason: Some(summary(&report, &said)),
                attempts: current.attempts + 1,
                message: Some(message.id),
                conversation: Some(message.conversation),
                ..current
            };
            journal::finish(tx, &done)?;
            Ok(Some(Ended::Filed))
        })
        .await
}

/// The ways in which a report names a message, the strongest first.
#[derive(Default)]
struct Clues {
    ids: Vec<MessageId>,
    /// Message-IDs that providers wrote in place of ours.
    rewritten: Vec<String>,
}

impl Clues {
    fn of(core: &Core, tenant: TenantId, report: &Report, recipients: &[EmailAddress]) -> Clues {
        let token = |address: &EmailAddress| {
            mail::address::tag_of(address).and_then(|tag| message_of_token(&core.vault, tenant, tag))
        };
        let mut clues = Clues { ids: recipients.iter().filter_map(token).collect(), ..Clues::default() };
        let (envelope_id, original) = match report {
            Report::Delivery(status) => (status.envelope_id.as_deref(), &status.original),
            Report::Complaint(complaint) => {
                clues.ids.extend(complaint.mail_from.as_ref().and_then(token));
                (complaint.envelope_id.as_deref(), &complaint.original)
            }
            Report::Disposition(disposition) => {
                clues.add(disposition.original_message_id.as_deref());
                return clues;
            }
        };
        clues.ids.extend(envelope_id.and_then(MessageId::from_suffix));
        clues.add(original.message_id.as_deref());
        clues
    }

    fn add(&mut self, rfc_message_id: Option<&str>) {
        let Some(written) = rfc_message_id else { return };
        match own_message(written) {
            Some(id) => self.ids.push(id),
            None if providers::provider_id_in(written).is_some() => self.rewritten.push(written.to_owned()),
            None => {}
        }
    }

    fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.rewritten.is_empty()
    }

    /// The first that is a message we sent: anybody can write a report, and it counts only when it knows one of ours.
    fn find(&self, tx: &mut Tx<'_>, tenant: TenantId) -> Result<Option<Message>, Error> {
        for id in &self.ids {
            if let Some(message) = messages::get(tx, tenant, *id)?
                && message.direction == Direction::Outbound
            {
                return Ok(Some(message));
            }
        }
        for written in &self.rewritten {
            if let Some(message) = sent_as(tx, tenant, written)?
                && message.direction == Direction::Outbound
            {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }
}

fn reports(report: &Report, message: &Message, key: &str) -> Vec<DeliveryReport> {
    let about = About { message_id: Some(message.id), ..About::default() };
    let said = |place: usize, kind, recipient, words| DeliveryReport {
        dedupe_key: format!("{key}:{place}"),
        about: about.clone(),
        kind,
        at: None,
        recipient,
        machine: None,
        words,
    };
    match report {
        Report::Delivery(DeliveryStatus { recipients, .. }) => {
            let each = recipients.iter().enumerate();
            each.map(|(place, one)| {
                let recipient = one.best_address().map(ToString::to_string);
                said(place, kind_of(one), recipient, words_of(one))
            })
            .collect()
        }
        Report::Complaint(complaint) => vec![complained(complaint, said)],
        Report::Disposition(disposition) => {
            let was_shown = disposition.what.as_deref() == Some("displayed");
            let kind = if was_shown { EventKind::Opened } else { EventKind::Other };
            vec![said(0, kind, None, Words::plain("The recipient's mail program sent a receipt."))]
        }
    }
}

fn complained(
    complaint: &Complaint,
    said: impl Fn(usize, EventKind, Option<String>, Words) -> DeliveryReport,
) -> DeliveryReport {
    let kind = if complaint.is_against_us() { EventKind::Complained } else { EventKind::Other };
    let reporter = complaint.reporting_mta.as_deref().or(complaint.user_agent.as_deref());
    let detail =
        format!("A report of kind {} from {}.", complaint.kind, reporter.unwrap_or("an unnamed reporter"));
    let recipient = complaint.recipients.first().map(ToString::to_string);
    said(0, kind, recipient, Words::new(complaint.kind.as_str(), detail))
}

fn kind_of(one: &RecipientStatus) -> EventKind {
    match (one.action, one.class) {
        (Action::Relayed | Action::Expanded, _) => EventKind::Other,
        (_, BounceClass::Hard) => EventKind::BouncedHard,
        (_, BounceClass::Deferred) => EventKind::Deferred,
        (_, BounceClass::Delivered) => EventKind::Delivered,
        (_, BounceClass::Failed | BounceClass::TooLarge) => EventKind::Failed,
        (_, BounceClass::Soft | BounceClass::MailboxFull | BounceClass::Policy) => EventKind::BouncedSoft,
    }
}

/// What it means, then what the server said.
fn words_of(one: &RecipientStatus) -> Words {
    let meaning = match one.class {
        BounceClass::Hard => "The address does not exist or takes no mail.",
        BounceClass::Soft => "The mail could not be delivered this time.",
        BounceClass::MailboxFull => "The mailbox is full.",
        BounceClass::Policy => "The server refuses this sender or this content.",
        BounceClass::TooLarge => "The message is too large for the server.",
        BounceClass::Deferred => "Not delivered yet; the server goes on trying.",
        BounceClass::Delivered => "Delivered.",
        BounceClass::Failed => "This message cannot be delivered.",
    };
    let mut detail = meaning.to_owned();
    if let Some(words) = &one.words {
        detail = format!("{detail} “{words}”");
    }
    if let Some(server) = &one.remote_mta {
        detail = format!("{detail} (said by {server})");
    }
    Words { code: one.code(), detail }
}

/// For the journal.
fn summary(report: &Report, said: &[DeliveryReport]) -> String {
    let what = match report {
        Report::Delivery(status) if status.free_form => "a bounce in a server's own words",
        Report::Delivery(_) => "a delivery report",
        Report::Complaint(_) => "a complaint",
        Report::Disposition(_) => "a receipt",
    };
    let kinds: Vec<String> = said.iter().map(|one| one.kind.to_string()).collect();
    format!("{what} about a message of ours: {}", kinds.join(", "))
}

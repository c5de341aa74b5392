//! What Postmark can be asked for: bounces and complaints of a time, deliveries of single messages, and received mail that
//! it could not hand over. Pure.
//! <https://postmarkapp.com/developer/api/bounce-api> and <https://postmarkapp.com/developer/api/messages-api>

use std::time::Duration;

use domain::clock::Timestamp;
use domain::failure::Words;
use domain::message::EventKind;
use domain::outgoing::{About, DeliveryReport};
use net::http::Response;
use serde_json::Value;

use super::send::METADATA;
use super::webhook::{self, text};
use crate::answer::not_done;
use crate::provider::NotDone;

/// Of up to 500 bounces each.
pub(super) const MAX_PAGES: usize = 10;
const PER_PAGE: usize = 500;
/// Messages of which each has to be asked for by itself.
pub(super) const MAX_MESSAGES: usize = 50;
/// Days begin elsewhere at Postmark; what is too early is left out by its own time.
const DAYS_BEFORE: Duration = Duration::from_hours(36);

pub(super) fn bounces(since: Timestamp, page: usize) -> String {
    let from = since.minus(DAYS_BEFORE).to_string();
    let day = from.get(..10).unwrap_or_default().to_owned();
    format!("/bounces?count={PER_PAGE}&offset={}&fromdate={day}", page * PER_PAGE)
}

pub(super) fn message(provider_id: &str) -> String {
    format!("/messages/outbound/{}/details", crate::answer::path_part(provider_id))
}

/// Mails that came in and were given up, because nobody took them here.
pub(super) const FAILED_INBOUND: &str = "/messages/inbound?count=50&offset=0&status=failed";

pub(super) fn hand_over_again(id: &str) -> String {
    format!("/messages/inbound/{}/retry", crate::answer::path_part(id))
}

fn json(answer: &Response) -> Result<Value, NotDone> {
    if answer.status != http::StatusCode::OK {
        return Err(not_done(&super::failures::outcome(answer)));
    }
    let strange = |_| NotDone::Later("the answer is not what Postmark answers".to_owned());
    serde_json::from_slice(&answer.body).map_err(strange)
}

/// The bounces of a page that happened since then, and whether an older page may have more.
///
/// # Errors
/// When it is no page of bounces.
pub(super) fn bounced(answer: &Response, since: Timestamp) -> Result<(Vec<DeliveryReport>, bool), NotDone> {
    let root = json(answer)?;
    let list = root.get("Bounces").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let all: Vec<DeliveryReport> = list
        .iter()
        .map(|bounce| {
            let is_complaint = text(bounce, "Type") == Some("SpamComplaint");
            webhook::report(bounce, if is_complaint { "SpamComplaint" } else { "Bounce" })
        })
        .collect();
    // Newest first.
    let reaches_back = all.iter().any(|report| report.at.is_some_and(|at| at < since));
    let recent = all.into_iter().filter(|report| report.at.is_none_or(|at| at >= since)).collect();
    Ok((recent, list.len() == PER_PAGE && !reaches_back))
}

/// What the details of a message say of its deliveries. Openings and clicks come by webhook or not at all.
///
/// # Errors
/// When they are no details of a message.
pub(super) fn delivered(answer: &Response) -> Result<Vec<DeliveryReport>, NotDone> {
    let root = json(answer)?;
    let id = text(&root, "MessageID");
    let ours = root.get("Metadata").and_then(|metadata| text(metadata, METADATA));
    let about = About {
        message_id: ours.and_then(|id| id.parse().ok()),
        provider_id: id.map(str::to_owned),
        rfc_message_id: None,
    };
    let events = root.get("MessageEvents").and_then(Value::as_array).into_iter().flatten();
    let deliveries = events.filter(|event| text(event, "Type") == Some("Delivered"));
    Ok(deliveries
        .map(|event| {
            let recipient = text(event, "Recipient");
            let said = event.get("Details").and_then(|details| text(details, "DeliveryMessage"));
            DeliveryReport {
                dedupe_key: webhook::delivery_key(id, recipient),
                about: about.clone(),
                kind: EventKind::Delivered,
                at: text(event, "ReceivedAt").and_then(|at| at.parse().ok()),
                recipient: recipient.map(str::to_owned),
                machine: None,
                words: Words::plain(said.unwrap_or("Delivered")),
            }
        })
        .collect())
}

/// The ids of mails that were given up.
///
/// # Errors
/// When it is no list of mails.
pub(super) fn given_up(answer: &Response) -> Result<Vec<String>, NotDone> {
    let root = json(answer)?;
    let list = root.get("InboundMessages").and_then(Value::as_array).into_iter().flatten();
    let failed =
        list.filter(|mail| text(mail, "Status").is_some_and(|status| status.eq_ignore_ascii_case("failed")));
    Ok(failed.filter_map(|mail| text(mail, "MessageID").map(str::to_owned)).collect())
}

/// Whether an address is off the list.
///
/// # Errors
/// When it is not.
pub(super) fn reactivated(answer: &Response) -> Result<(), NotDone> {
    let root = json(answer)?;
    match root.pointer("/Suppressions/0") {
        Some(entry) if text(entry, "Status") == Some("Failed") => {
            Err(NotDone::Never(text(entry, "Message").unwrap_or("Postmark keeps the address").to_owned()))
        }
        _ => Ok(()),
    }
}

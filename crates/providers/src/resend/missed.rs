//! What Resend can be asked for: the last event of single messages, and the list of received mail. Pure.
//! <https://resend.com/docs/api-reference/emails/retrieve-email>

use domain::address::Mailbox;
use domain::clock::Timestamp;
use domain::failure::Words;
use domain::ids::MessageId;
use domain::message::EventKind;
use domain::outgoing::{About, DeliveryReport};
use net::http::Response;
use serde_json::Value;

use super::{received, webhook};
use crate::answer::{not_done, path_part};
use crate::provider::{ASKED, NotDone, StoredMail};

/// Messages of which each has to be asked for by itself: a team may ask twice a second, and sending comes first.
pub(super) const MAX_MESSAGES: usize = 20;
/// Of up to 100 received mails each.
pub(super) const MAX_PAGES: usize = 5;

/// The last event of a message, when it says something that sending it did not. It has no time of its own, and whose it is
/// can be told when the message went to one recipient only. Of a bounce it does not say whether it is for good: it counts
/// as soft until [`for_good`] says more.
pub(super) fn last_event(answer: &Response, message: MessageId, id: &str) -> Option<DeliveryReport> {
    let root: Value = serde_json::from_slice(&answer.body).ok()?;
    let last = root.get("last_event")?.as_str()?;
    let name = format!("email.{last}");
    let kind = match last {
        "bounced" => EventKind::BouncedSoft,
        _ => webhook::EVENTS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)?,
    };
    if matches!(kind, EventKind::Accepted | EventKind::Sent) {
        return None;
    }
    Some(DeliveryReport {
        dedupe_key: format!("{ASKED}{id}:{last}"),
        about: About { message_id: Some(message), provider_id: Some(id.to_owned()), rfc_message_id: None },
        kind,
        at: None,
        recipient: only_recipient(&root),
        machine: None,
        words: Words::plain(format!("Resend was asked and says: {last}")),
    })
}

fn only_recipient(root: &Value) -> Option<String> {
    let listed = |name: &str| root.get(name).and_then(Value::as_array).into_iter().flatten();
    let mut all = ["to", "cc", "bcc"].into_iter().flat_map(listed).filter_map(Value::as_str);
    let only: Mailbox = all.next().filter(|_| all.next().is_none())?.parse().ok()?;
    Some(only.address.as_str().to_owned())
}

/// Where Resend says why it delivers nothing to the recipient of a bounce.
pub(super) fn suppression(report: &DeliveryReport) -> Option<String> {
    let address = report.recipient.as_deref().filter(|_| report.kind == EventKind::BouncedSoft)?;
    Some(format!("/suppressions/{}", path_part(address)))
}

/// The bounce, when Resend suppresses the recipient for one: that it does only after those that are for good.
pub(super) fn for_good(report: DeliveryReport, answer: &Response) -> DeliveryReport {
    let told: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    if answer.status != http::StatusCode::OK || told["origin"] != "bounce" {
        return report;
    }
    let words =
        Words::plain("Resend was asked and says: bounced, and the recipient is on its suppression list");
    DeliveryReport { kind: EventKind::BouncedHard, words, ..report }
}

pub(super) fn received_page(after: Option<&str>) -> String {
    match after {
        Some(id) => format!("/emails/receiving?limit=100&after={id}"),
        None => "/emails/receiving?limit=100".to_owned(),
    }
}

/// The mails of a page that came in since then, and the id behind which an older page begins.
///
/// # Errors
/// When it is no list of mails.
pub(super) fn received(
    answer: &Response,
    since: Timestamp,
) -> Result<(Vec<StoredMail>, Option<String>), NotDone> {
    if answer.status != http::StatusCode::OK {
        return Err(not_done(&super::failures::outcome(answer)));
    }
    let strange = || NotDone::Later("the answer is not what Resend answers".to_owned());
    let root: Value = serde_json::from_slice(&answer.body).map_err(|_| strange())?;
    let list = root.get("data").and_then(Value::as_array).ok_or_else(strange)?;
    let mut mails = Vec::new();
    for mail in list {
        let text = |name: &str| mail.get(name).and_then(Value::as_str);
        let Some(id) = text("id").filter(|id| received::is_id(id)) else { continue };
        // Newest first.
        if text("created_at").and_then(instant).is_some_and(|at| at < since) {
            return Ok((mails, None));
        }
        let to = mail.get("to").and_then(Value::as_array).into_iter().flatten();
        mails.push(StoredMail {
            dedupe_key: format!("received:{id}"),
            place: id.to_owned(),
            envelope_from: None,
            envelope_to: to.filter_map(Value::as_str).filter_map(|address| address.parse().ok()).collect(),
        });
    }
    let is_more = root.get("has_more").and_then(Value::as_bool).unwrap_or(false);
    let last = mails.last().map(|mail| mail.place.clone()).filter(|_| is_more);
    Ok((mails, last))
}

/// Resend writes times in two ways: `2023-10-06T23:47:56.678Z` and `2023-04-03 22:13:42.674981+00`.
fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| format!("{}:00", text.replacen(' ', "T", 1)).parse().ok())
}

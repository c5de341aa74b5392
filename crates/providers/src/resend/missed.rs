//! What Resend can be asked for: the last event of single messages, and the list of received mail. Pure.
//! <https://resend.com/docs/api-reference/emails/retrieve-email>

use domain::clock::Timestamp;
use domain::failure::Words;
use domain::ids::MessageId;
use domain::message::EventKind;
use domain::outgoing::{About, DeliveryReport};
use net::http::Response;
use serde_json::Value;

use super::{received, webhook};
use crate::answer::not_done;
use crate::provider::{NotDone, StoredMail};

/// Messages of which each has to be asked for by itself: a team may ask twice a second, and sending comes first.
pub(super) const MAX_MESSAGES: usize = 20;
/// Of up to 100 received mails each.
pub(super) const MAX_PAGES: usize = 5;

/// The last event of a message, when it says something that sending it did not. It has no time and no recipient of its
/// own, and of a bounce it does not say whether it is for good.
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
        dedupe_key: format!("asked:{id}:{last}"),
        about: About { message_id: Some(message), provider_id: Some(id.to_owned()), rfc_message_id: None },
        kind,
        at: None,
        recipient: None,
        machine: None,
        words: Words::plain(format!("Resend was asked and says: {last}")),
    })
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

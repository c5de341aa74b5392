//! `GetMessageInsights`: what became of one message for each of its recipients, where the account has message insights
//! (Virtual Deliverability Manager). Pure.
//! <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetMessageInsights.html>

use std::time::Duration;

use domain::clock::Timestamp;
use domain::failure::Words;
use domain::ids::MessageId;
use domain::message::EventKind;
use domain::outgoing::{About, DeliveryReport};
use net::http::Response;
use serde::Deserialize;

use super::{events, failures, request};
use crate::answer::not_done;
use crate::provider::{ASKED, NotDone};

/// Messages of which each has to be asked for by itself.
pub(super) const MAX_MESSAGES: usize = 20;
/// SES answers once a second.
pub(super) const PAUSE: Duration = Duration::from_millis(1100);

pub(super) fn path(id: &str) -> String {
    format!("/v2/email/insights/{}/", request::part(id))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    insights: Option<Vec<Insight>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Insight {
    destination: Option<String>,
    events: Option<Vec<Event>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    /// In seconds since 1970, with a fraction.
    timestamp: Option<f64>,
    r#type: Option<String>,
    details: Option<Details>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct Details {
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct Bounce {
    bounce_type: Option<String>,
    bounce_sub_type: Option<String>,
    diagnostic_code: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct Complaint {
    complaint_sub_type: Option<String>,
    complaint_feedback_type: Option<String>,
}

/// What happened to a message beyond that it was taken. Nothing when SES does not know it.
///
/// # Errors
/// When the answer is no insight.
pub(super) fn decode(
    answer: &Response,
    message: MessageId,
    id: &str,
) -> Result<Vec<DeliveryReport>, NotDone> {
    match answer.status.as_u16() {
        200 => {}
        404 => return Ok(Vec::new()),
        _ => return Err(not_done(&failures::outcome(answer))),
    }
    let told: Answer = serde_json::from_slice(&answer.body)
        .map_err(|_| NotDone::Later("the answer is not what SES answers".to_owned()))?;
    let about = About { message_id: Some(message), provider_id: Some(id.to_owned()), rfc_message_id: None };
    let each = told.insights.into_iter().flatten().flat_map(|insight| {
        let recipient = insight.destination.map(events::bare);
        insight.events.into_iter().flatten().map(move |event| (recipient.clone(), event))
    });
    Ok(each.filter_map(|(recipient, event)| report(&about, id, recipient, &event)).collect())
}

fn report(about: &About, id: &str, recipient: Option<String>, event: &Event) -> Option<DeliveryReport> {
    let name = event.r#type.as_deref()?;
    let (kind, words) = said(name, event.details.as_ref())?;
    #[expect(clippy::cast_possible_truncation, reason = "microseconds of any year that mail is sent in fit")]
    let at = event.timestamp.map(|seconds| Timestamp::from_micros((seconds * 1e6) as i64));
    let place = recipient.as_deref().unwrap_or_default();
    Some(DeliveryReport {
        dedupe_key: format!("{ASKED}{id}:{name}:{place}:{}", at.map_or(0, Timestamp::micros)),
        about: about.clone(),
        kind,
        at,
        recipient,
        machine: None,
        words: Words::plain(words),
    })
}

/// Nothing for what sending said already, and for what changes nothing.
fn said(name: &str, details: Option<&Details>) -> Option<(EventKind, String)> {
    let plain = |kind| Some((kind, format!("SES was asked and says: {name}")));
    match name {
        "DELIVERY" => plain(EventKind::Delivered),
        "DELIVERY_DELAY" => plain(EventKind::Deferred),
        "REJECT" => plain(EventKind::Rejected),
        "RENDERING_FAILURE" => plain(EventKind::Failed),
        "OPEN" => plain(EventKind::Opened),
        "CLICK" => plain(EventKind::Clicked),
        "BOUNCE" => {
            let none = Bounce::default();
            let bounce = details.and_then(|details| details.bounce.as_ref()).unwrap_or(&none);
            let kind = bounce.bounce_type.as_deref().unwrap_or("UNDETERMINED");
            let closer = bounce.bounce_sub_type.as_deref().unwrap_or("Undetermined");
            let diagnosis = bounce.diagnostic_code.as_deref().unwrap_or("no diagnosis");
            Some((events::bounce_kind(kind, closer), format!("{kind}/{closer}: {diagnosis}")))
        }
        "COMPLAINT" => {
            let none = Complaint::default();
            let complaint = details.and_then(|details| details.complaint.as_ref()).unwrap_or(&none);
            let feedback = complaint.complaint_feedback_type.as_deref();
            let (kind, word) = events::complaint_kind(complaint.complaint_sub_type.as_deref(), feedback);
            (kind != EventKind::Other).then(|| (kind, word.to_owned()))
        }
        _ => None,
    }
}

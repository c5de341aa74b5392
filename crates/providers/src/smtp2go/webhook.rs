//! Delivery events: JSON or a form, one event in each request, in several spellings. Pure.
//! <https://developers.smtp2go.com/docs/webhooks-1>

use std::collections::BTreeMap;

use domain::clock::Timestamp;
use domain::failure::Words;
use domain::message::EventKind;
use domain::outgoing::{About, DeliveryReport};
use serde_json::Value;

use crate::provider::{RawRequest, Unreadable};

/// The vendor's names. Documentation and live library differ in spelling, so both are here.
const EVENTS: &[(&str, EventKind)] = &[
    ("processed", EventKind::Accepted),
    ("delivered", EventKind::Delivered),
    ("open", EventKind::Opened),
    ("opened", EventKind::Opened),
    ("click", EventKind::Clicked),
    ("clicked", EventKind::Clicked),
    ("spam", EventKind::Complained),
    ("spam_complaint", EventKind::Complained),
    ("unsubscribe", EventKind::Unsubscribed),
    ("unsubscribed", EventKind::Unsubscribed),
    ("resubscribe", EventKind::Resubscribed),
    ("resubscribed", EventKind::Resubscribed),
    ("reject", EventKind::Rejected),
    ("rejected", EventKind::Rejected),
];

/// The facts in a webhook.
pub(super) fn read(request: &RawRequest) -> Result<Vec<DeliveryReport>, Unreadable> {
    let events = match request.body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => events_of_json(&request.body)?,
        Some(_) => vec![event_of_form(&request.body)],
        None => return Err(Unreadable("the webhook is empty".to_owned())),
    };
    events.into_iter().map(report).collect()
}

/// The fields of one event by normalised name: lower case, with underscores.
type Event = BTreeMap<String, String>;

fn events_of_json(body: &[u8]) -> Result<Vec<Event>, Unreadable> {
    let root: Value =
        serde_json::from_slice(body).map_err(|error| Unreadable(format!("not JSON: {error}")))?;
    let objects = match root {
        Value::Array(list) => list,
        one => vec![one],
    };
    objects
        .into_iter()
        .map(|object| match object {
            Value::Object(fields) => {
                Ok(event(fields.into_iter().filter_map(|(name, value)| Some((name, text(value)?)))))
            }
            _ => Err(Unreadable("an event is not an object".to_owned())),
        })
        .collect()
}

fn event_of_form(body: &[u8]) -> Event {
    event(form_urlencoded::parse(body).into_owned())
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        Value::Array(list) => Some(list.into_iter().filter_map(text).collect::<Vec<_>>().join(",")),
        other => Some(other.to_string()),
    }
}

/// `Message-Id` and `message-id` come side by side; the first that says something counts.
fn event(fields: impl Iterator<Item = (String, String)>) -> Event {
    let mut event = Event::new();
    for (name, value) in fields {
        let name = name.to_lowercase().replace('-', "_");
        let known = event.entry(name).or_default();
        if known.is_empty() {
            *known = value;
        }
    }
    event
}

fn report(event: Event) -> Result<DeliveryReport, Unreadable> {
    let field = |name: &str| event.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    let name = field("event").ok_or_else(|| Unreadable("the webhook names no event".to_owned()))?;
    let recipient = field("rcpt").or_else(|| field("recipients").filter(|list| !list.contains([',', ';'])));
    let (email_id, time) = (field("email_id"), field("time"));
    let (kind, at) = (kind(name, field("bounce")), time.and_then(instant));
    let key = match (email_id, field("id")) {
        (Some(email_id), _) => key(email_id, kind, name, recipient, at),
        (None, Some(id)) => format!("{id}:{name}"),
        (None, None) => [Some(name), recipient, time].map(Option::unwrap_or_default).join(":"),
    };
    Ok(DeliveryReport {
        dedupe_key: key,
        about: About {
            message_id: field("x_chancery_id").and_then(|id| id.parse().ok()),
            provider_id: email_id.map(str::to_owned),
            rfc_message_id: field("message_id").map(|id| id.trim_matches(['<', '>']).to_owned()),
        },
        kind,
        at,
        recipient: recipient.map(str::to_owned),
        // SMTP2GO does not say who opened or clicked.
        machine: None,
        words: words(name, &field),
    })
}

/// What an event is known by, here and in activity search, which knows nothing of the ids of webhooks. What can happen to
/// a recipient once needs no time.
pub(super) fn key(
    email_id: &str,
    kind: EventKind,
    name: &str,
    recipient: Option<&str>,
    at: Option<Timestamp>,
) -> String {
    let recipient = recipient.unwrap_or_default().to_lowercase();
    let seconds = at.map(|at| at.micros().div_euclid(1_000_000)).unwrap_or_default();
    match kind {
        EventKind::Accepted => format!("{email_id}:{kind}"),
        EventKind::Delivered
        | EventKind::BouncedHard
        | EventKind::BouncedSoft
        | EventKind::Complained
        | EventKind::Rejected => format!("{email_id}:{kind}:{recipient}"),
        EventKind::Other => format!("{email_id}:{name}:{recipient}:{seconds}"),
        _ => format!("{email_id}:{kind}:{recipient}:{seconds}"),
    }
}

fn kind(name: &str, bounce: Option<&str>) -> EventKind {
    if name == "bounce" || name == "bounced" {
        // Only what is called hard may stop mail to this address for good.
        return if bounce == Some("hard") { EventKind::BouncedHard } else { EventKind::BouncedSoft };
    }
    EVENTS.iter().find(|(known, _)| *known == name).map_or(EventKind::Other, |(_, kind)| *kind)
}

/// Times come with a zone; where one does not, it is UTC as the documentation says.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| format!("{}Z", text.replacen(' ', "T", 1)).parse().ok())
}

fn words<'a>(name: &str, field: &impl Fn(&str) -> Option<&'a str>) -> Words {
    let detail = field("message")
        .or_else(|| field("context"))
        .or_else(|| field("click_url"))
        .or_else(|| field("host"));
    let code = detail.and_then(|text| text.split([' ', '-']).find(|word| is_smtp_code(word)));
    Words { code: code.map(str::to_owned), detail: detail.unwrap_or(name).to_owned() }
}

pub(super) fn is_smtp_code(word: &str) -> bool {
    word.len() == 3
        && word.bytes().all(|byte| byte.is_ascii_digit())
        && (b'2'..=b'5').contains(&word.as_bytes()[0])
}

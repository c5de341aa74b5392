//! What SES publishes to a topic: events about messages, by configuration set or by identity, and received mail. One
//! event may be about several recipients, and gives a report for each. Pure.
//! <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>

use std::collections::BTreeMap;

use domain::failure::Words;
use domain::message::EventKind;
use domain::outgoing::{About, DeliveryReport};
use serde::Deserialize;
use serde_json::Value;

use super::inbound;
use super::send::REFERENCE_TAG;
use crate::provider::{Fact, Unreadable};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    /// By configuration set.
    event_type: Option<String>,
    /// By identity, and for received mail.
    notification_type: Option<String>,
    mail: Option<Mail>,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
    delivery: Option<Delivery>,
    delivery_delay: Option<Delay>,
    reject: Option<Reject>,
    open: Option<Visit>,
    click: Option<Visit>,
    failure: Option<Failure>,
    subscription: Option<Subscription>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: Option<String>,
    timestamp: Option<String>,
    destination: Option<Vec<String>>,
    headers: Option<Vec<Header>>,
    tags: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: Option<String>,
    bounce_sub_type: Option<String>,
    bounced_recipients: Option<Vec<Recipient>>,
    timestamp: Option<String>,
    feedback_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complained_recipients: Option<Vec<Recipient>>,
    complaint_feedback_type: Option<String>,
    complaint_sub_type: Option<String>,
    timestamp: Option<String>,
    feedback_id: Option<String>,
}

#[derive(Deserialize, Clone, Default)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: Option<String>,
    status: Option<String>,
    diagnostic_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    recipients: Option<Vec<String>>,
    smtp_response: Option<String>,
    timestamp: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delay {
    delay_type: Option<String>,
    delayed_recipients: Option<Vec<Recipient>>,
    timestamp: Option<String>,
}

#[derive(Deserialize)]
struct Reject {
    reason: Option<String>,
}

/// An opening or a click.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Visit {
    timestamp: Option<String>,
    user_agent: Option<String>,
    link: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    error_message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    timestamp: Option<String>,
    new_topic_preferences: Option<Preferences>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Preferences {
    unsubscribe_all: Option<bool>,
    topic_subscription_status: Option<Vec<TopicStatus>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TopicStatus {
    subscription_status: Option<String>,
}

/// What an event says of one recipient, or of nobody in particular.
struct Said {
    kind: EventKind,
    recipients: Vec<Option<String>>,
    words: Vec<Words>,
    at: Option<String>,
    /// What tells it from another of the same type about the same recipient.
    id: Option<String>,
}

/// The facts in one message of a topic. `sns_id` names the message when nothing in it does.
pub(super) fn read(text: &str, sns_id: &str) -> Result<Vec<Fact>, Unreadable> {
    // When a topic is set up, SES and SNS say so in plain words; those are no news.
    let Ok(Value::Object(root)) = serde_json::from_str::<Value>(text) else { return Ok(Vec::new()) };
    if root.get("notificationType").and_then(Value::as_str) == Some("Received") {
        return Ok(vec![Fact::Mail(inbound::read(text)?)]);
    }
    let event: Event = serde_json::from_value(Value::Object(root))
        .map_err(|error| Unreadable(format!("the event is not what SES writes: {error}")))?;
    let Some(name) = event.event_type.clone().or_else(|| event.notification_type.clone()) else {
        return Ok(Vec::new());
    };
    let Some(mail) = &event.mail else { return Ok(Vec::new()) };
    Ok(reports(&name, &event, mail, sns_id).into_iter().map(Fact::Report).collect())
}

fn reports(name: &str, event: &Event, mail: &Mail, sns_id: &str) -> Vec<DeliveryReport> {
    let Said { kind, recipients, words, at, id } = said(name, event, mail);
    let (about, id) = (about(mail), id.or_else(|| at.clone()));
    let message = mail.message_id.as_deref().unwrap_or(sns_id);
    let at = at.or_else(|| mail.timestamp.clone()).and_then(|at| at.parse().ok());
    let words = words.into_iter().chain(std::iter::repeat_with(|| Words::plain(name)));
    recipients
        .into_iter()
        .zip(words)
        .map(|(recipient, words)| DeliveryReport {
            dedupe_key: format!(
                "{message}:{name}:{}:{}",
                recipient.as_deref().unwrap_or_default(),
                id.as_deref().unwrap_or_default()
            ),
            about: about.clone(),
            kind,
            at,
            recipient,
            // SES does not say who opened or clicked.
            machine: None,
            words,
        })
        .collect()
}

/// Names of the API are in capitals, those in events are not.
fn said(name: &str, event: &Event, mail: &Mail) -> Said {
    let plain: String =
        name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    let everybody = |kind, words: Option<String>, at: Option<String>| {
        let recipients: Vec<Option<String>> = mail.destination.iter().flatten().cloned().map(Some).collect();
        let words = words.map_or_else(Vec::new, |words| vec![Words::plain(words); recipients.len()]);
        Said { kind, recipients, words, at, id: None }
    };
    match (plain.as_str(), event) {
        ("send", _) => everybody(EventKind::Accepted, None, None),
        ("delivery", Event { delivery: Some(delivery), .. }) => delivered(delivery),
        ("bounce", Event { bounce: Some(bounce), .. }) => bounced(bounce),
        ("complaint", Event { complaint: Some(complaint), .. }) => complained(complaint),
        ("deliverydelay", Event { delivery_delay: Some(delay), .. }) => deferred(delay),
        ("reject", _) => {
            let reason = event.reject.as_ref().and_then(|reject| reject.reason.clone());
            everybody(EventKind::Rejected, reason, None)
        }
        ("renderingfailure", _) => {
            let reason = event.failure.as_ref().and_then(|failure| failure.error_message.clone());
            everybody(EventKind::Failed, reason, None)
        }
        ("open", Event { open: Some(visit), .. }) => visited(EventKind::Opened, visit, mail),
        ("click", Event { click: Some(visit), .. }) => visited(EventKind::Clicked, visit, mail),
        ("subscription", Event { subscription: Some(subscription), .. }) => {
            everybody(subscription.kind(), None, subscription.timestamp.clone())
        }
        _ => Said { kind: EventKind::Other, recipients: vec![None], words: Vec::new(), at: None, id: None },
    }
}

fn delivered(delivery: &Delivery) -> Said {
    let recipients: Vec<Option<String>> = delivery.recipients.iter().flatten().cloned().map(Some).collect();
    let words = delivery.smtp_response.as_deref().unwrap_or("delivered");
    let code = words.split([' ', '-']).next().filter(|code| code.len() == 3).map(str::to_owned);
    let words = vec![Words { code, detail: words.to_owned() }; recipients.len()];
    Said { kind: EventKind::Delivered, recipients, words, at: delivery.timestamp.clone(), id: None }
}

/// Only what SES calls permanent may stop mail to an address for good: `Undetermined` and `Transient` mean that it has
/// given up on this message. What its own list of suppressed addresses holds back was never sent. The API writes the type
/// in capitals.
pub(super) fn bounce_kind(kind: &str, closer: &str) -> EventKind {
    match closer {
        "Suppressed" | "OnAccountSuppressionList" => EventKind::Rejected,
        _ if kind.eq_ignore_ascii_case("Permanent") => EventKind::BouncedHard,
        _ => EventKind::BouncedSoft,
    }
}

fn bounced(bounce: &Bounce) -> Said {
    let kind = bounce.bounce_type.as_deref().unwrap_or("Undetermined");
    let closer = bounce.bounce_sub_type.as_deref().unwrap_or("Undetermined");
    each(
        bounce_kind(kind, closer),
        &format!("{kind}/{closer}"),
        &bounce.bounced_recipients,
        &bounce.timestamp,
        &bounce.feedback_id,
    )
}

pub(super) fn complaint_kind<'a>(closer: Option<&'a str>, feedback: Option<&'a str>) -> (EventKind, &'a str) {
    match (closer, feedback) {
        (Some(list @ "OnAccountSuppressionList"), _) => (EventKind::Rejected, list),
        // That it is no spam, or that a check of the sender failed, is no complaint of the recipient.
        (_, Some(word @ ("not-spam" | "auth-failure"))) => (EventKind::Other, word),
        (_, word) => (EventKind::Complained, word.unwrap_or("complaint")),
    }
}

fn complained(complaint: &Complaint) -> Said {
    let feedback = complaint.complaint_feedback_type.as_deref();
    let (said, word) = complaint_kind(complaint.complaint_sub_type.as_deref(), feedback);
    each(said, word, &complaint.complained_recipients, &complaint.timestamp, &complaint.feedback_id)
}

fn deferred(delay: &Delay) -> Said {
    let word = delay.delay_type.as_deref().unwrap_or("delayed");
    each(EventKind::Deferred, word, &delay.delayed_recipients, &delay.timestamp, &None)
}

/// An event with words for each recipient.
fn each(
    kind: EventKind,
    word: &str,
    recipients: &Option<Vec<Recipient>>,
    at: &Option<String>,
    id: &Option<String>,
) -> Said {
    let recipients = recipients.clone().unwrap_or_default();
    let words = recipients.iter().map(|recipient| Words {
        code: recipient.status.clone(),
        detail: match &recipient.diagnostic_code {
            Some(diagnosis) => format!("{word}: {diagnosis}"),
            None => word.to_owned(),
        },
    });
    let words = words.collect();
    let recipients = recipients.into_iter().map(|recipient| recipient.email_address.map(bare)).collect();
    Said { kind, recipients, words, at: at.clone(), id: id.clone() }
}

/// Some servers write `<jane@example.com>` into their reports.
pub(super) fn bare(address: String) -> String {
    address.trim().trim_matches(['<', '>']).to_owned()
}

/// SES does not say which of several recipients it was.
fn visited(kind: EventKind, visit: &Visit, mail: &Mail) -> Said {
    let recipient = match mail.destination.as_deref() {
        Some([only]) => Some(only.clone()),
        _ => None,
    };
    let words = visit.link.clone().or_else(|| visit.user_agent.clone());
    Said {
        kind,
        recipients: vec![recipient],
        words: words.map(Words::plain).into_iter().collect(),
        at: visit.timestamp.clone(),
        id: visit
            .link
            .as_ref()
            .map(|link| format!("{link}@{}", visit.timestamp.as_deref().unwrap_or_default())),
    }
}

impl Subscription {
    fn kind(&self) -> EventKind {
        let Some(preferences) = &self.new_topic_preferences else { return EventKind::Other };
        let mut topics = preferences.topic_subscription_status.iter().flatten();
        let is_out = |topic: &TopicStatus| topic.subscription_status.as_deref() == Some("OptOut");
        if preferences.unsubscribe_all == Some(true) || topics.any(is_out) {
            EventKind::Unsubscribed
        } else {
            EventKind::Resubscribed
        }
    }
}

fn about(mail: &Mail) -> About {
    let tag = mail.tags.as_ref().and_then(|tags| tags.get(REFERENCE_TAG)?.first());
    let mut headers = mail.headers.iter().flatten();
    let given = headers.find(|header| header.name.eq_ignore_ascii_case("message-id"));
    About {
        message_id: tag.and_then(|id| id.parse().ok()),
        provider_id: mail.message_id.clone(),
        rfc_message_id: given.map(|header| header.value.trim().trim_matches(['<', '>']).to_owned()),
    }
}

//! Events as SES publishes them by configuration set, and mail as a receipt rule hands it over.

use domain::clock::Timestamp;
use net::signature::base64;
use serde_json::{Value, json};

use super::email::Taken;

/// One event about one message and its recipients.
#[derive(Debug, Clone)]
pub struct Told {
    pub about: Taken,
    /// The vendor's word, such as `Delivery`.
    pub event: String,
    /// All of the message unless others are named.
    pub recipients: Vec<String>,
    /// What this kind of event says beyond the others.
    pub more: Value,
}

impl Told {
    /// The event of that name about a message and all its recipients.
    #[must_use]
    pub fn of(about: &Taken, event: &str) -> Told {
        Told {
            about: about.clone(),
            event: event.to_owned(),
            recipients: about.recipients.clone(),
            more: json!({}),
        }
    }

    /// Only about this recipient.
    #[must_use]
    pub fn to(mut self, recipient: &str) -> Told {
        self.recipients = vec![recipient.to_owned()];
        self
    }

    /// A bounce of a type such as `Permanent` and a subtype such as `General`.
    #[must_use]
    pub fn bounce(about: &Taken, kind: &str, closer: &str) -> Told {
        Told { more: json!({ "bounceType": kind, "bounceSubType": closer }), ..Told::of(about, "Bounce") }
    }

    /// The text that is published.
    pub(super) fn text(&self, now: Timestamp) -> String {
        let at = millis(now);
        let id = &self.about.message_id;
        let each: Vec<Value> =
            self.recipients.iter().map(|recipient| json!({ "emailAddress": recipient })).collect();
        let diagnosed: Vec<Value> = self
            .recipients
            .iter()
            .map(|recipient| {
                json!({
                    "emailAddress": recipient,
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 no such user",
                })
            })
            .collect();
        let feedback = format!("{id}-feedback-{}", self.event);
        let (field, mut said) = match self.event.as_str() {
            "Delivery" => (
                "delivery",
                json!({
                    "timestamp": at, "processingTimeMillis": 546, "recipients": self.recipients,
                    "smtpResponse": "250 2.6.0 Message received", "reportingMTA": "mta.example.com",
                }),
            ),
            "Bounce" => {
                ("bounce", json!({ "timestamp": at, "feedbackId": feedback, "bouncedRecipients": diagnosed }))
            }
            "Complaint" => (
                "complaint",
                json!({
                    "timestamp": at, "feedbackId": feedback, "complainedRecipients": each,
                    "complaintFeedbackType": "abuse", "complaintSubType": null,
                }),
            ),
            "DeliveryDelay" => (
                "deliveryDelay",
                json!({ "timestamp": at, "delayType": "General", "delayedRecipients": diagnosed }),
            ),
            "Reject" => ("reject", json!({ "reason": "Bad content" })),
            "Open" => ("open", json!({ "timestamp": at, "ipAddress": "192.0.2.1", "userAgent": "Example" })),
            "Click" => (
                "click",
                json!({ "timestamp": at, "ipAddress": "192.0.2.1", "userAgent": "Example", "link": "https://example.com/" }),
            ),
            _ => ("send", json!({})),
        };
        if let (Some(said), Some(more)) = (said.as_object_mut(), self.more.as_object()) {
            said.extend(more.clone());
        }
        let mut event = json!({ "eventType": self.event, "mail": self.mail() });
        event[field] = said;
        event.to_string()
    }

    fn mail(&self) -> Value {
        let mut tags: serde_json::Map<String, Value> =
            self.about.tags.iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
        tags.insert("ses:configuration-set".to_owned(), json!([self.about.configuration_set]));
        json!({
            "timestamp": millis(self.about.at),
            "source": self.about.from,
            "sendingAccountId": "123456789012",
            "messageId": self.about.message_id,
            "destination": self.about.recipients,
            "headersTruncated": false,
            "headers": [],
            "tags": tags,
        })
    }
}

/// A notification of type `Received`, with the mail in base 64.
pub(super) fn received(number: usize, from: &str, to: &str, raw: &[u8], now: Timestamp) -> String {
    let passed = json!({ "status": "PASS" });
    json!({
        "notificationType": "Received",
        "mail": {
            "timestamp": millis(now),
            "source": from,
            "messageId": format!("received{number:032}"),
            "destination": [to],
        },
        "receipt": {
            "timestamp": millis(now),
            "processingTimeMillis": 222,
            "recipients": [to],
            "spamVerdict": passed,
            "virusVerdict": passed,
            "spfVerdict": passed,
            "dkimVerdict": passed,
            "dmarcVerdict": passed,
            "action": { "type": "SNS", "topicArn": "arn:aws:sns:eu-central-1:123456789012:chancery", "encoding": "BASE64" },
        },
        "content": base64(raw),
    })
    .to_string()
}

/// Times as SES and SNS write them.
pub(super) fn millis(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..23).map_or(text.clone(), |millis| format!("{millis}Z"))
}

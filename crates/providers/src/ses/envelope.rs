//! What SNS posts: an envelope around one message, or, with raw message delivery, the message alone. Pure.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use net::signature::certificate::Digest;
use serde::Deserialize;

use super::events;
use crate::provider::{Confirmation, Fact, RawRequest, Unreadable};

pub(super) const RAW_HEADER: &str = "x-amz-sns-rawdelivery";
pub(super) const ID_HEADER: &str = "x-amz-sns-message-id";
pub(super) const TOPIC_HEADER: &str = "x-amz-sns-topic-arn";
pub(super) const TYPE_HEADER: &str = "x-amz-sns-message-type";

/// The envelope. A subject of null counts as none.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Envelope {
    #[serde(rename = "Type")]
    pub kind: String,
    pub message_id: String,
    pub topic_arn: String,
    pub message: String,
    pub subject: Option<String>,
    pub timestamp: String,
    pub signature_version: String,
    pub signature: String,
    #[serde(rename = "SigningCertURL", alias = "SigningCertUrl")]
    pub certificate_url: String,
    #[serde(rename = "SubscribeURL", alias = "SubscribeUrl")]
    pub subscribe_url: Option<String>,
    pub token: Option<String>,
}

impl Envelope {
    /// # Errors
    /// When the body is no envelope.
    pub(super) fn read(body: &[u8]) -> Result<Envelope, Unreadable> {
        serde_json::from_slice(body).map_err(|error| Unreadable(format!("not a message of SNS: {error}")))
    }

    /// What the signature is over: the fields that are there, by name, each on a line after its name.
    pub(super) fn string_to_sign(&self) -> String {
        let is_notification = self.kind == "Notification";
        let only = |wanted: bool, value: &Option<String>| value.clone().filter(|_| wanted);
        let fields = [
            ("Message", Some(self.message.clone())),
            ("MessageId", Some(self.message_id.clone())),
            ("Subject", only(is_notification, &self.subject)),
            ("SubscribeURL", only(!is_notification, &self.subscribe_url)),
            ("Timestamp", Some(self.timestamp.clone())),
            ("Token", only(!is_notification, &self.token)),
            ("TopicArn", Some(self.topic_arn.clone())),
            ("Type", Some(self.kind.clone())),
        ];
        let there = fields.into_iter().filter_map(|(name, value)| Some(format!("{name}\n{}\n", value?)));
        there.collect()
    }

    /// The digest of the signature, by its version; nothing when it is a version that we do not know.
    pub(super) fn digest(&self) -> Option<Digest> {
        match self.signature_version.as_str() {
            "1" => Some(Digest::Sha1),
            "2" => Some(Digest::Sha256),
            _ => None,
        }
    }

    pub(super) fn signature(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.signature).ok()
    }
}

/// Whether the request is a message without its envelope.
pub(super) fn is_raw(request: &RawRequest) -> bool {
    request.header(RAW_HEADER).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// The facts in a webhook.
pub(super) fn facts(request: &RawRequest) -> Result<Vec<Fact>, Unreadable> {
    if is_raw(request) {
        let id = request.header(ID_HEADER).unwrap_or_default();
        let text = std::str::from_utf8(&request.body)
            .map_err(|_| Unreadable("the message of SNS is not UTF-8".to_owned()))?;
        return events::read(text, id);
    }
    let envelope = Envelope::read(&request.body)?;
    match envelope.kind.as_str() {
        "Notification" => events::read(&envelope.message, &envelope.message_id),
        "SubscriptionConfirmation" => Ok(vec![Fact::Confirm(Confirmation {
            dedupe_key: envelope.message_id,
            url: envelope
                .subscribe_url
                .ok_or_else(|| Unreadable("the confirmation names no SubscribeURL".to_owned()))?,
            subject: envelope.topic_arn,
        })]),
        // Said to who unsubscribed us; there is nothing to do about it.
        "UnsubscribeConfirmation" => Ok(Vec::new()),
        other => Err(Unreadable(format!("SNS has no messages of type {other}"))),
    }
}

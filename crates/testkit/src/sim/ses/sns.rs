//! The SNS beside SES: one topic with one subscription, whose messages are signed (version 2). The string to sign is
//! built apart from the provider's, so that one does not repeat the other's mistakes.

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use net::http::Request;
use net::signature::base64;
use rcgen::SigningKey as _;
use serde_json::{Map, Value, json};

use super::super::http::Turn;
use super::super::vendor;
use super::told::millis;
use super::{Shared, error};

/// Once, and three times more.
const TIMES: usize = 4;
const CERTIFICATE: &str = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";

/// The key of SNS.
pub(super) struct Signer {
    key: rcgen::KeyPair,
    certificate: String,
}

impl Signer {
    pub(super) fn new() -> Result<Signer, rcgen::Error> {
        let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048)?;
        let parameters = rcgen::CertificateParams::new(vec!["sns.amazonaws.com".to_owned()])?;
        let certificate = parameters.self_signed(&key)?.pem();
        Ok(Signer { key, certificate })
    }
}

/// Who hears of the topic.
#[derive(Debug, Clone)]
pub(super) struct Subscription {
    url: String,
    token: String,
    pub confirmed: bool,
    pub raw: bool,
}

/// What SNS posts.
#[derive(Debug, Clone)]
pub struct Published {
    pub headers: Vec<(&'static str, String)>,
    pub body: Value,
}

impl Published {
    fn new(mut body: Value, shared: &Shared) -> Published {
        let text = |body: &Value, name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let headers = vec![
            ("x-amz-sns-message-type", text(&body, "Type")),
            ("x-amz-sns-message-id", text(&body, "MessageId")),
            ("x-amz-sns-topic-arn", text(&body, "TopicArn")),
        ];
        let fields = body.as_object().cloned().unwrap_or_default();
        body["SignatureVersion"] = json!("2");
        let signature = shared.signer.key.sign(string_to_sign(&fields).as_bytes()).unwrap_or_default();
        body["Signature"] = json!(base64(&signature));
        body["SigningCertURL"] = json!(format!("{}{CERTIFICATE}", shared.url()));
        Published { headers, body }
    }

    fn request(&self, url: &str) -> Request {
        let mut request = Request::post_json(url, self.body.to_string(), Duration::from_secs(15));
        request
            .headers
            .insert(http::header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
        for (name, value) in &self.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                request.headers.insert(HeaderName::from_static(name), value);
            }
        }
        request
    }
}

/// All fields before signing, in the order of their names: objects of this JSON are ordered by name.
fn string_to_sign(fields: &Map<String, Value>) -> String {
    let mut names: Vec<&String> = fields.keys().collect();
    names.sort();
    names
        .into_iter()
        .filter(|name| *name != "UnsubscribeURL")
        .map(|name| format!("{name}\n{}\n", fields[name].as_str().unwrap_or_default()))
        .collect()
}

pub(super) fn notification(shared: &Shared, topic: &str, text: &str) -> Published {
    let number = shared.number();
    Published::new(
        json!({
            "Type": "Notification",
            "MessageId": format!("00000000-0000-5000-8000-{number:012}"),
            "TopicArn": topic,
            "Subject": "Amazon SES Email Event Notification",
            "Message": text,
            "Timestamp": millis(shared.options.clock.now()),
            "UnsubscribeURL": format!("{}/?Action=Unsubscribe", shared.url()),
        }),
        shared,
    )
}

pub(super) fn confirmation(shared: &Shared, topic: &str, token: &str) -> Published {
    let number = shared.number();
    Published::new(
        json!({
            "Type": "SubscriptionConfirmation",
            "MessageId": format!("00000000-0000-4000-8000-{number:012}"),
            "Token": token,
            "TopicArn": topic,
            "Message": "You have chosen to subscribe to the topic.\nTo confirm, visit the SubscribeURL.",
            "SubscribeURL": format!("{}/?Action=ConfirmSubscription&TopicArn={topic}&Token={token}", shared.url()),
            "Timestamp": millis(shared.options.clock.now()),
        }),
        shared,
    )
}

pub(super) async fn subscribe(shared: &Shared, url: String) -> Vec<Option<u16>> {
    let token = format!("2336412f37{:054}", shared.number());
    let subscription = Subscription { url: url.clone(), token: token.clone(), confirmed: false, raw: false };
    *shared.subscription.lock() = Some(subscription);
    let asked = confirmation(shared, &shared.topic(), &token);
    vendor::tell(&shared.http, TIMES, gives_up, || asked.request(&url)).await
}

/// What is published reaches only who has confirmed.
pub(super) async fn publish(shared: &Shared, text: &str) -> Vec<Option<u16>> {
    let subscription = shared.subscription.lock().clone();
    let Some(subscription) = subscription.filter(|subscription| subscription.confirmed) else {
        return Vec::new();
    };
    let mut published = notification(shared, &shared.topic(), text);
    if subscription.raw {
        published.headers.push(("x-amz-sns-rawdelivery", "true".to_owned()));
        let request = || {
            let mut request = published.request(&subscription.url);
            request.body = text.to_owned().into();
            request
        };
        return vendor::tell(&shared.http, TIMES, gives_up, request).await;
    }
    vendor::tell(&shared.http, TIMES, gives_up, || published.request(&subscription.url)).await
}

/// Of the client's errors only these are tried again.
fn gives_up(status: u16) -> bool {
    (400..500).contains(&status) && status != 429
}

/// What SNS itself is asked: its certificate, and to confirm.
pub(super) fn answer(shared: &Shared, path: &str, query: &str) -> Turn {
    if path == CERTIFICATE {
        return Turn::Full {
            status: 200,
            headers: vec![("content-type", "application/x-pem-file".to_owned())],
            body: shared.signer.certificate.clone().into(),
        };
    }
    let asked = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value.replace("%3A", ":"))
    };
    let mut subscription = shared.subscription.lock();
    match subscription.as_mut() {
        Some(subscription)
            if asked("Action").as_deref() == Some("ConfirmSubscription")
                && asked("TopicArn") == Some(shared.topic())
                && asked("Token").as_ref() == Some(&subscription.token) =>
        {
            subscription.confirmed = true;
            Turn::Full {
                status: 200,
                headers: vec![("content-type", "text/xml".to_owned())],
                body: "<ConfirmSubscriptionResponse/>".into(),
            }
        }
        _ => error(400, "InvalidParameter", "Invalid token"),
    }
}

//! What SNS posts, and what of it is believed.

use net::signature::certificate::{Certificate, Digest};
use serde_json::{Value, json};

use super::super::envelope::Envelope;
use super::super::*;
use super::{TOPIC, account, provider};

#[test]
fn published_messages_of_sns_are_believed() {
    let certificate = Certificate::from_pem(include_bytes!("../samples/sns-certificate.pem")).unwrap();
    assert_eq!(certificate.names, ["sns.amazonaws.com"]);
    assert!(certificate.is_valid_at("2022-07-28T21:24:00Z".parse().unwrap()));
    for (sample, digest) in [
        (include_str!("../samples/sns-version-1.json"), Digest::Sha1),
        (include_str!("../samples/sns-version-2.json"), Digest::Sha256),
    ] {
        let mut envelope = Envelope::read(sample.as_bytes()).unwrap();
        assert_eq!(envelope.digest(), Some(digest));
        let signature = envelope.signature().unwrap();
        assert!(certificate.has_signed(digest, envelope.string_to_sign().as_bytes(), &signature));
        envelope.message.push('!');
        assert!(!certificate.has_signed(digest, envelope.string_to_sign().as_bytes(), &signature));
        envelope.signature_version = "3".to_owned();
        assert_eq!(envelope.digest(), None);
    }
}

#[test]
fn the_string_to_sign_depends_on_the_type() {
    let envelope = |kind: &str| Envelope {
        kind: kind.to_owned(),
        message_id: "id".to_owned(),
        topic_arn: "arn".to_owned(),
        message: "line\nline".to_owned(),
        subject: Some("subject".to_owned()),
        timestamp: "time".to_owned(),
        signature_version: "2".to_owned(),
        signature: String::new(),
        certificate_url: String::new(),
        subscribe_url: Some("url".to_owned()),
        token: Some("token".to_owned()),
    };
    assert_eq!(
        envelope("Notification").string_to_sign(),
        "Message\nline\nline\nMessageId\nid\nSubject\nsubject\nTimestamp\ntime\nTopicArn\narn\nType\nNotification\n"
    );
    assert_eq!(
        envelope("SubscriptionConfirmation").string_to_sign(),
        "Message\nline\nline\nMessageId\nid\nSubscribeURL\nurl\nTimestamp\ntime\nToken\ntoken\nTopicArn\narn\n\
         Type\nSubscriptionConfirmation\n"
    );
}

#[test]
fn only_addresses_of_sns_are_visited() {
    let real = account(&json!({}));
    let right = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a1b.pem";
    assert_eq!(origin::certificate_url(&real, right).as_deref(), Some(right));
    let china = "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0a1b.pem";
    assert!(origin::certificate_url(&real, china).is_some());
    for wrong in [
        "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a1b.pem",
        "https://sns.eu-central-1.amazonaws.com.example.com/SimpleNotificationService-0a1b.pem",
        "https://sns.eu-central-1.amazonaws.com@example.com/SimpleNotificationService-0a1b.pem",
        "https://sns.eu-central-1.amazonaws.com:8443/SimpleNotificationService-0a1b.pem",
        "https://example.com/sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a1b.pem",
        "https://sns.a.b.amazonaws.com/SimpleNotificationService-0a1b.pem",
        "https://my-bucket.s3.amazonaws.com/SimpleNotificationService-0a1b.pem",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a1b.pem?x=1",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-../0a1b.pem",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a1b.txt",
        "https://sns.eu-central-1.amazonaws.com/other.pem",
        "http://127.0.0.1:4100/SimpleNotificationService-0a1b.pem",
        "",
    ] {
        assert_eq!(origin::certificate_url(&real, wrong), None, "{wrong}");
    }
    let simulated = account(&json!({ "sns_url": "http://127.0.0.1:4100" }));
    assert!(origin::certificate_url(&simulated, right).is_none());
    let here = "http://127.0.0.1:4100/SimpleNotificationService-0a1b.pem";
    assert_eq!(origin::certificate_url(&simulated, here).as_deref(), Some(here));
    let elsewhere = "http://127.0.0.1:4101/SimpleNotificationService-0a1b.pem";
    assert!(origin::certificate_url(&simulated, elsewhere).is_none());
}

#[test]
fn only_subscriptions_of_our_topic_are_confirmed() {
    let account = account(&json!({}));
    let url = |query: &str| format!("https://sns.eu-central-1.amazonaws.com/?{query}");
    let right = format!("Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336");
    let built = origin::subscribe_url(&account, &url(&right), TOPIC).unwrap();
    assert_eq!(
        built,
        url(
            "Action=ConfirmSubscription&TopicArn=arn%3Aaws%3Asns%3Aeu-central-1%3A123456789012%3Achancery&Token=2336"
        )
    );
    let other = TOPIC.replace("chancery", "other");
    for (query, topic) in [
        (right.replace("ConfirmSubscription", "DeleteTopic"), TOPIC),
        (right.replace(TOPIC, &other), TOPIC),
        (right.replace(TOPIC, &other), other.as_str()),
        (right.replace("&Token=2336", ""), TOPIC),
    ] {
        assert_eq!(origin::subscribe_url(&account, &url(&query), topic), None, "{query}");
    }
    let elsewhere = format!("https://example.com/?{right}");
    assert_eq!(origin::subscribe_url(&account, &elsewhere, TOPIC), None);
}

#[tokio::test]
async fn webhooks_are_refused_before_anything_is_fetched() {
    use crate::provider::Refusal::{Forbidden, Unauthorized};
    let now = "2022-07-28T21:24:00Z";
    let sample: Value = serde_json::from_str(include_str!("../samples/sns-version-2.json")).unwrap();
    let topic = sample["TopicArn"].as_str().unwrap().to_owned();
    let with = |name: &str, value: &str| {
        let mut changed = sample.clone();
        changed[name] = json!(value);
        RawRequest { body: changed.to_string().into(), ..RawRequest::default() }
    };
    let header = |name: &str, value: &str| RawRequest {
        headers: vec![(name.to_owned(), value.to_owned())],
        body: sample.to_string().into(),
        ..RawRequest::default()
    };
    let ours = provider(&json!({ "topic_arns": topic }), now);
    let nobodys = provider(&json!({ "topic_arns": "" }), now);
    let late = provider(&json!({ "topic_arns": topic }), "2022-07-28T22:31:00Z");
    for (provider, request, answer) in [
        (&ours, with("TopicArn", TOPIC), Forbidden),
        (&nobodys, with("Type", "Notification"), Forbidden),
        (&late, with("Type", "Notification"), Forbidden),
        (&ours, with("SigningCertURL", "https://example.com/SimpleNotificationService-1.pem"), Forbidden),
        (&ours, with("SignatureVersion", "3"), Forbidden),
        (&ours, with("Timestamp", "yesterday"), Forbidden),
        (&ours, header("x-amz-sns-topic-arn", TOPIC), Forbidden),
        (&ours, header("x-amz-sns-message-type", "SubscriptionConfirmation"), Forbidden),
        (&ours, header("x-amz-sns-rawdelivery", "true"), Forbidden),
        (&ours, RawRequest::default(), Unauthorized),
    ] {
        let refused = provider.verify(&request).await.unwrap_err();
        assert_eq!(refused.answer, answer, "{refused}");
    }
}

#[tokio::test]
async fn raw_delivery_is_taken_only_where_it_is_wanted() {
    let wants = provider(&json!({ "accept_raw_delivery": true }), "2026-11-20T12:00:00Z");
    let raw = |topic: &str| RawRequest {
        headers: [
            ("x-amz-sns-rawdelivery", "true"),
            ("x-amz-sns-message-id", "sns-7"),
            ("x-amz-sns-topic-arn", topic),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
        body: include_str!("../samples/event-delivery.json").into(),
        ..RawRequest::default()
    };
    assert!(wants.verify(&raw(TOPIC)).await.is_ok());
    assert!(wants.verify(&raw("arn:aws:sns:eu-central-1:123456789012:other")).await.is_err());
    assert_eq!(wants.read(&raw(TOPIC)).unwrap().len(), 2);
}

#[test]
fn a_confirmation_is_asked_for_and_nothing_else_is_made_of_it() {
    let given = provider(&json!({}), "2026-11-20T12:00:00Z");
    let body = |kind: &str| {
        json!({
            "Type": kind, "MessageId": "c1", "TopicArn": TOPIC, "Message": "You have chosen to subscribe",
            "Timestamp": "2026-11-20T12:00:00.000Z", "SignatureVersion": "2", "Signature": "", "Subject": null,
            "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
            "SubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription", "Token": "t",
        })
    };
    let read =
        |kind| given.read(&RawRequest { body: body(kind).to_string().into(), ..RawRequest::default() });
    let asked = read("SubscriptionConfirmation").unwrap();
    assert!(
        matches!(&asked[..], [Fact::Confirm(asked)] if asked.subject == TOPIC && asked.dedupe_key == "c1")
    );
    assert_eq!(read("UnsubscribeConfirmation"), Ok(Vec::new()));
    assert!(read("SomethingElse").is_err());
}

//! Events and received mail, as samples in files, and what they become.

use domain::message::EventKind;
use domain::outgoing::DeliveryReport;
use serde_json::json;

use super::super::*;
use super::TAKEN_ID;

fn reports(text: &str) -> Vec<DeliveryReport> {
    let facts = events::read(text, "sns-1").unwrap();
    facts
        .into_iter()
        .map(|fact| match fact {
            Fact::Report(report) => report,
            other => panic!("not a report: {other:?}"),
        })
        .collect()
}

#[test]
fn events_become_reports() {
    let samples = [
        include_str!("../samples/event-send.json"),
        include_str!("../samples/event-delivery.json"),
        include_str!("../samples/event-bounce.json"),
        include_str!("../samples/notification-bounce.json"),
        include_str!("../samples/event-complaint.json"),
        include_str!("../samples/event-delivery-delay.json"),
        include_str!("../samples/event-reject.json"),
        include_str!("../samples/event-rendering-failure.json"),
        include_str!("../samples/event-open.json"),
        include_str!("../samples/event-click.json"),
        include_str!("../samples/event-subscription.json"),
    ];
    let reports: Vec<DeliveryReport> = samples.iter().flat_map(|sample| reports(sample)).collect();
    assert!(reports.iter().all(|report| report.about.provider_id.as_deref() == Some(TAKEN_ID)));
    insta::assert_json_snapshot!(reports);
}

#[test]
fn subtypes_decide_what_an_event_means() {
    let bounce = |kind: &str, closer: &str| {
        let event = json!({
            "eventType": "Bounce",
            "mail": { "messageId": "m" },
            "bounce": {
                "bounceType": kind,
                "bounceSubType": closer,
                "bouncedRecipients": [{ "emailAddress": "jane@example.com" }],
            },
        });
        reports(&event.to_string())[0].kind
    };
    for (kind, closer, expected) in [
        ("Permanent", "General", EventKind::BouncedHard),
        ("Permanent", "NoEmail", EventKind::BouncedHard),
        ("Permanent", "Suppressed", EventKind::Rejected),
        ("Permanent", "OnAccountSuppressionList", EventKind::Rejected),
        ("Transient", "MailboxFull", EventKind::BouncedSoft),
        ("Transient", "ContentRejected", EventKind::BouncedSoft),
        ("Undetermined", "Undetermined", EventKind::BouncedSoft),
        ("SomethingNew", "General", EventKind::BouncedSoft),
    ] {
        assert_eq!(bounce(kind, closer), expected, "{kind}/{closer}");
    }
    let complaint = |more: &str| {
        let event = format!(
            "{{\"eventType\":\"Complaint\",\"mail\":{{}},\"complaint\":{{\"complainedRecipients\":[{{}}]{more}}}}}"
        );
        reports(&event)[0].kind
    };
    assert_eq!(complaint(""), EventKind::Complained);
    assert_eq!(complaint(",\"complaintFeedbackType\":\"not-spam\""), EventKind::Other);
    assert_eq!(complaint(",\"complaintFeedbackType\":\"auth-failure\""), EventKind::Other);
    assert_eq!(complaint(",\"complaintSubType\":\"OnAccountSuppressionList\""), EventKind::Rejected);
    let in_again = include_str!("../samples/event-subscription.json")
        .replace("\"unsubscribeAll\": true", "\"unsubscribeAll\": false")
        .replace("OptOut", "OptIn");
    assert_eq!(reports(&in_again)[0].kind, EventKind::Resubscribed);
    assert_eq!(reports(r#"{"eventType":"Teleported","mail":{"messageId":"m"}}"#)[0].kind, EventKind::Other);
    assert_eq!(
        reports(r#"{"eventType":"DELIVERY_DELAY","mail":{},"deliveryDelay":{"delayedRecipients":[{}]}}"#)[0]
            .kind,
        EventKind::Deferred
    );
}

#[test]
fn words_about_the_set_up_are_no_news() {
    for text in [
        "Successfully validated SNS topic for Amazon SES event publishing.",
        r#"{"notificationType":"AmazonSnsSubscriptionSucceeded","message":"You have successfully subscribed"}"#,
        "{}",
        "[1]",
        "",
    ] {
        assert_eq!(events::read(text, "sns-1"), Ok(Vec::new()), "{text}");
    }
    assert!(events::read(r#"{"eventType":"Bounce","mail":"text"}"#, "sns-1").is_err());
}

#[test]
fn received_mail_is_the_same_in_both_encodings() {
    let read = |text: &str| events::read(text, "sns-1").map(|mut facts| facts.remove(0));
    let plain = read(include_str!("../samples/received-utf8.json")).unwrap();
    assert_eq!(plain, read(include_str!("../samples/received-base64.json")).unwrap());
    let Fact::Mail(received) = plain else { panic!("not a mail") };
    assert_eq!(received.envelope_from.unwrap().as_str(), "jane@example.com");
    assert_eq!(received.envelope_to[0].as_str(), "support@example.com");
    let parsed = mail::parse(&received.raw);
    assert_eq!(provider_id_in(&parsed.in_reply_to[0]), Some(TAKEN_ID));
    let elsewhere = read(include_str!("../samples/received-in-s3.json")).unwrap_err();
    assert!(elsewhere.to_string().contains("S3 bucket mail-of-example"), "{elsewhere}");
    assert!(read(r#"{"notificationType":"Received"}"#).is_err());
}

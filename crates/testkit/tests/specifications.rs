//! Everything that our providers ask of the simulated vendors, which hold it and their own answers against the vendors'
//! official descriptions.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise, also in its helpers")]

extern crate chancery_testkit as testkit;

mod scene;

use std::sync::Arc;
use std::time::Duration;

use domain::clock::{Clock, Timestamp};
use domain::failure::{LookUp, Outcome};
use domain::message::EventKind;
use domain::outgoing::Outgoing;
use domain::suppression::SuppressionReason;
use providers::{LookUpRequest, Missed, MissedRequest, Provider, StoredMail, Suppressed, connect};
use serde_json::Value;
use testkit::sim::{mailgun, resend, sendgrid, ses};

const NOW: Timestamp = Timestamp::from_micros(1_795_185_398_000_000);
const MAIL: &str = "From: Jane Doe <jane@example.com>\r\nTo: support@company.example.com\r\nSubject: A question\r\n\
                    Message-ID: <question@example.com>\r\nMIME-Version: 1.0\r\n\
                    Content-Type: multipart/mixed; boundary=m\r\n\r\n\
                    --m\r\nContent-Type: text/plain\r\n\r\nWhere is it?\r\n\
                    --m\r\nContent-Type: image/png; name=photo.png\r\nContent-Disposition: attachment; filename=photo.png\r\n\
                    Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--m--\r\n";

fn connected(name: &str, settings: Value, clock: &Clock) -> Arc<dyn Provider> {
    connect(name, settings, &scene::surroundings(clock)).unwrap()
}

fn message() -> Outgoing {
    Outgoing {
        from: "Support <support@company.example.com>".parse().unwrap(),
        to: vec!["Jane Doe <jane+news@example.com>".parse().unwrap()],
        date: NOW,
        ..scene::message(0x0190_0000_0000_7000_8000_0000_0000_0001)
    }
}

/// Sends the message, tries the account, and gives the provider's id.
async fn sent(provider: &dyn Provider) -> String {
    let steps = provider.check().await;
    assert!(steps.iter().all(|step| step.ok), "{steps:?}");
    match provider.send(&message()).await {
        Outcome::Sent { provider_id: Some(id), .. } => id,
        other => panic!("{other:?}"),
    }
}

async fn found(provider: &dyn Provider, id: &str) {
    let request = LookUpRequest {
        message_id: message().id,
        rfc_message_id: message().rfc_message_id,
        provider_id: Some(id.to_owned()),
        recipients: vec!["jane+news@example.com".to_owned()],
        sent_from: NOW,
        sent_until: NOW,
    };
    let known = provider.look_up(&request).await;
    assert!(matches!(known, LookUp::Found { .. }), "{known:?}");
}

async fn missed(provider: &dyn Provider, id: &str, unmet: impl Fn() -> Vec<String>) -> Missed {
    let hour = Duration::from_hours(1);
    let open = vec![(message().id, id.to_owned())];
    let asked = MissedRequest { since: NOW.minus(hour), until: NOW.plus(hour), open };
    let missed = provider.missed(&asked).await;
    missed.unwrap_or_else(|failure| panic!("{failure}: {:?}", unmet()))
}

fn kinds(missed: &Missed) -> Vec<EventKind> {
    missed.reports.iter().map(|report| report.kind).collect()
}

async fn forgotten(provider: &dyn Provider, reasons: &[SuppressionReason]) {
    for reason in reasons {
        let entry = Suppressed { address: "jane+news@example.com".parse().unwrap(), reason: *reason };
        provider.unsuppress(&entry).await.unwrap();
    }
}

const REASONS: [SuppressionReason; 3] =
    [SuppressionReason::HardBounce, SuppressionReason::Complaint, SuppressionReason::Unsubscribed];

#[tokio::test]
async fn mailgun_is_asked_as_it_is_described() {
    let clock = Clock::manual(NOW);
    let vendor = mailgun::Mailgun::start(mailgun::Options::new(clock.clone())).await.unwrap();
    let provider = connected("mailgun", vendor.settings(), &clock);
    let id = sent(&*provider).await;
    found(&*provider, &id).await;
    vendor.happens(&mailgun::Told::failed(&vendor.taken()[0], "permanent", "bounce"));
    vendor.stores("support@mg.company.example.com", MAIL);
    let missed = missed(&*provider, &id, || vendor.unmet()).await;
    assert!(kinds(&missed).contains(&EventKind::BouncedHard), "{missed:?}");
    let mail = provider.fetch(&missed.stored[0]).await.unwrap();
    assert_eq!(mail.raw.as_ref(), MAIL.as_bytes());
    for list in ["bounces", "complaints", "unsubscribes"] {
        vendor.suppress(list, "jane+news@example.com");
    }
    forgotten(&*provider, &REASONS).await;
    assert_eq!((vendor.suppressed(), vendor.unmet()), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn resend_is_asked_as_it_is_described() {
    let clock = Clock::manual(NOW);
    let vendor = resend::Resend::start(resend::Options::new(clock.clone())).await.unwrap();
    let provider = connected("resend", vendor.settings(), &clock);
    let id = sent(&*provider).await;
    found(&*provider, &id).await;
    let taken = vendor.taken();
    vendor.happens(&taken[0], "bounced");
    vendor.receives_silently("support@company.example.com", MAIL);
    assert_eq!(
        kinds(&missed(&*provider, &id, || vendor.unmet()).await),
        [EventKind::BouncedSoft],
        "of what kind it is nobody says"
    );
    vendor.suppress("jane+news@example.com");
    let missed = missed(&*provider, &id, || vendor.unmet()).await;
    assert_eq!(kinds(&missed), [EventKind::BouncedHard]);
    assert_eq!(missed.reports[0].recipient.as_deref(), Some("jane+news@example.com"));
    assert_eq!(provider.fetch(&missed.stored[0]).await.unwrap().raw.as_ref(), MAIL.as_bytes());
    let (in_fields, _) = vendor.receive(false, "support@company.example.com", MAIL).await;
    let stored = StoredMail { place: in_fields, ..missed.stored[0].clone() };
    let parsed = mail::parse(&provider.fetch(&stored).await.unwrap().raw);
    assert_eq!((parsed.parts[0].filename.as_str(), parsed.parts[0].bytes.len()), ("photo.png", 8));
    forgotten(&*provider, &REASONS).await;
    assert_eq!((vendor.suppressed(), vendor.unmet()), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn sendgrid_is_asked_as_it_is_described() {
    let clock = Clock::manual(NOW);
    let vendor = sendgrid::Sendgrid::start(sendgrid::Options::new(clock.clone())).await.unwrap();
    let provider = connected("sendgrid", vendor.settings(), &clock);
    sent(&*provider).await;
    for list in [
        "suppression/bounces",
        "suppression/blocks",
        "suppression/invalid_emails",
        "suppression/spam_reports",
        "asm/suppressions/global",
    ] {
        vendor.suppress(list, "jane+news@example.com");
    }
    forgotten(&*provider, &REASONS).await;
    assert_eq!((vendor.suppressed(), vendor.unmet()), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn ses_is_asked_as_it_is_described() {
    let clock = Clock::manual(NOW);
    let vendor = ses::Ses::start(ses::Options::new(clock.clone())).await.unwrap();
    let mut settings = vendor.settings();
    settings["message_insights"] = true.into();
    let provider = connected("ses", settings, &clock);
    let id = sent(&*provider).await;
    let taken = vendor.taken();
    for event in ["DELIVERY_DELAY", "BOUNCE", "COMPLAINT"] {
        vendor.happens(&taken[0], event);
    }
    let missed = missed(&*provider, &id, || vendor.unmet()).await;
    assert_eq!(kinds(&missed), [EventKind::Deferred, EventKind::BouncedHard, EventKind::Complained]);
    assert_eq!(missed.reports[1].at, Some(NOW));
    assert_eq!(missed.reports[1].words.detail, "PERMANENT/General: smtp; 550 5.1.1 no such user");
    vendor.suppress("jane+news@example.com");
    forgotten(&*provider, &REASONS).await;
    assert_eq!((vendor.suppressed(), vendor.unmet()), (Vec::new(), Vec::new()));
}

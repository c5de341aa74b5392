//! Our providers against the simulated ones: what was taken, what was told, and what became of it agree.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise, also in its helpers")]

extern crate chancery_testkit as testkit;

mod scene;

use std::sync::Arc;
use std::time::Duration;

use domain::clock::{Clock, Timestamp};
use domain::failure::{AttemptOutcome, LookUp, Outcome};
use domain::message::EventKind;
use domain::outgoing::Outgoing;
use net::http::{Client, GuardPolicy};
use providers::{Fact, LookUpRequest, Provider, RawRequest, Surroundings, connect};
use serde_json::json;
use testkit::sim::smtp;
use testkit::sim::smtp2go::{Fault, Options, Smtp2go, Told};

use scene::{message, surroundings};

fn look_up(message: &Outgoing, clock: &Clock) -> LookUpRequest {
    LookUpRequest {
        message_id: message.id,
        rfc_message_id: message.rfc_message_id.clone(),
        provider_id: None,
        recipients: vec!["jane@example.com".to_owned()],
        sent_from: clock.now().minus(Duration::from_secs(1)),
        sent_until: clock.now(),
    }
}

async fn simulated(clock: &Clock) -> (Smtp2go, Arc<dyn Provider>) {
    let vendor =
        Smtp2go::start(Options { index_delay: Duration::from_secs(90), ..Options::new(clock.clone()) })
            .await
            .unwrap();
    let settings =
        json!({ "api_key": vendor.api_key(), "base_url": vendor.base_url(), "timeout_seconds": "1" });
    let provider = connect("smtp2go", settings, &surroundings(clock)).unwrap();
    (vendor, provider)
}

fn clock() -> Clock {
    Clock::manual(Timestamp::from_micros(1_795_185_398_000_000))
}

#[tokio::test]
async fn smtp2go_takes_what_we_send() {
    let clock = clock();
    let (vendor, provider) = simulated(&clock).await;
    let outcome = provider.send(&message(1)).await;
    let taken = vendor.taken();
    assert!(
        matches!(&outcome, Outcome::Sent { provider_id: Some(id), .. } if *id == taken[0].email_id),
        "{outcome:?}"
    );
    assert_eq!(taken[0].recipients, ["jane@example.com"]);
    assert_eq!(taken[0].header("x-chancery-id"), Some(message(1).id.to_string().as_str()));
    let steps = provider.check().await;
    assert!(steps.iter().all(|step| step.ok) && steps.len() == 3, "{steps:?}");
}

#[tokio::test]
async fn every_fault_of_smtp2go_has_its_class_and_is_reconciled() {
    use AttemptOutcome::{RateLimited, Rejected, Sent, Temporary, Unknown};
    for (fault, class, is_taken) in [
        (Fault::RateLimited, RateLimited, false),
        (Fault::ServerError, Temporary, false),
        (Fault::BadGateway, Unknown, false),
        (Fault::Hang, Unknown, false),
        (Fault::Drop, Unknown, false),
        (Fault::TakeAndHang, Unknown, true),
        (Fault::TakeAndDrop, Unknown, true),
        (Fault::TakeAndHalfAnswer, Unknown, true),
        (Fault::FailedWith200("unable to verify sender address".to_owned()), Rejected, false),
        (Fault::Answer(400, "{}".to_owned()), Rejected, false),
    ] {
        let clock = clock();
        let (vendor, provider) = simulated(&clock).await;
        assert_eq!(provider.send(&message(1)).await.class(), Sent);
        vendor.fail_sending(fault.clone(), 1);
        let second = message(2);
        let outcome = provider.send(&second).await;
        assert_eq!(outcome.class(), class, "{fault:?}: {outcome:?}");
        assert_eq!(vendor.count(), 1 + usize::from(is_taken), "{fault:?}");
        if class != Unknown {
            continue;
        }
        let request = look_up(&second, &clock);
        assert!(
            matches!(provider.look_up(&request).await, LookUp::Failed(_)),
            "{fault:?}: too early to tell"
        );
        clock.advance(Duration::from_secs(200));
        match (provider.look_up(&request).await, is_taken) {
            (LookUp::Found { provider_id, .. }, true) => {
                assert_eq!(provider_id, Some(vendor.taken()[1].email_id.clone()));
            }
            (LookUp::NotFound, false) => {}
            (answer, _) => panic!("{fault:?}: {answer:?}"),
        }
    }
}

#[tokio::test]
async fn what_smtp2go_tells_is_understood() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let clock = clock();
    let (vendor, _) = simulated(&clock).await;
    let settings = json!({
        "api_key": vendor.api_key(), "base_url": vendor.base_url(), "webhook_secret": "example-secret",
    });
    let provider = connect("smtp2go", settings, &surroundings(&clock)).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks/smtp2go/secret", listener.local_addr().unwrap());
    vendor.set_webhook(url, Some("Bearer example-secret".to_owned()));
    provider.send(&message(1)).await;
    let taken = vendor.taken().remove(0);
    for (told, kind) in [
        (Told::of(&taken, "processed"), EventKind::Accepted),
        (Told::of(&taken, "delivered"), EventKind::Delivered),
        (Told::bounce(&taken, "hard"), EventKind::BouncedHard),
        (Told::bounce(&taken, "soft"), EventKind::BouncedSoft),
        (Told::of(&taken, "spam"), EventKind::Complained),
    ] {
        let heard = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            while !bytes.ends_with(b"}") {
                stream.read_buf(&mut bytes).await.unwrap();
            }
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .await
                .unwrap();
            String::from_utf8(bytes).unwrap()
        };
        let (status, heard) = tokio::join!(vendor.tell(told), heard);
        assert_eq!(status, Some(200));
        let (head, body) = heard.split_once("\r\n\r\n").unwrap();
        let headers = head.lines().filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let request = RawRequest { headers, body: body.to_owned().into(), ..RawRequest::default() };
        assert!(provider.verify(&request).await.is_ok());
        let facts = provider.read(&request).unwrap();
        let [Fact::Report(report)] = facts.as_slice() else { panic!("{facts:?}") };
        assert_eq!(report.kind, kind);
        assert_eq!(report.about.message_id, Some(message(1).id));
        assert_eq!(report.about.provider_id.as_deref(), Some(taken.email_id.as_str()));
        assert_eq!(report.recipient.as_deref(), Some("jane@example.com"));
        assert_eq!(report.at, Some(clock.now()));
    }
}

#[tokio::test]
async fn smtp2go_is_not_reached_with_a_wrong_key_or_not_at_all() {
    let clock = clock();
    let (vendor, _) = simulated(&clock).await;
    let wrong = json!({ "api_key": "api-WRONG", "base_url": vendor.base_url() });
    let provider = connect("smtp2go", wrong, &surroundings(&clock)).unwrap();
    assert_eq!(provider.send(&message(1)).await.class(), AttemptOutcome::Misconfigured);
    assert!(provider.check().await.iter().any(|step| step.name == "api_key" && !step.ok));

    let nobody = json!({ "api_key": "api-X", "base_url": "http://127.0.0.1:9/v3" });
    let provider = connect("smtp2go", nobody.clone(), &surroundings(&clock)).unwrap();
    assert_eq!(provider.send(&message(1)).await.class(), AttemptOutcome::Temporary);

    // The guard refuses addresses inside unless they are allowed.
    let guarded = Surroundings { http: Client::new(GuardPolicy::default()), ..surroundings(&clock) };
    let settings = json!({ "api_key": vendor.api_key(), "base_url": vendor.base_url() });
    let outcome = connect("smtp2go", settings, &guarded).unwrap().send(&message(1)).await;
    assert_eq!(outcome.class(), AttemptOutcome::Temporary);
    assert_eq!(vendor.count(), 0);
}

#[tokio::test]
async fn a_mail_server_fails_at_every_verb_and_counts_what_it_took() {
    use AttemptOutcome::{Misconfigured, Rejected, Sent, Temporary, Unknown};
    use smtp::At;
    use smtp::Fault as F;
    let server = smtp::Server::start(smtp::Options {
        credentials: Some(("jane".to_owned(), "example-password".to_owned())),
        ..smtp::Options::default()
    })
    .await
    .unwrap();
    let settings = json!({
        "host": "127.0.0.1", "port": server.address().port(), "security": "none",
        "username": "jane", "password": "example-password",
    });
    let provider = connect("smtp", settings.clone(), &surroundings(&clock())).unwrap();
    let say = |text: &str| F::Say(text.to_owned());
    let mut number = 0;
    let mut taken = 0;
    for (fault, class, is_taken) in [
        (None, Sent, true),
        (Some((At::Mail, say("451 later"))), Temporary, false),
        (Some((At::Mail, F::Drop)), Sent, true),
        (Some((At::Rcpt, say("550 5.1.1 unknown"))), Rejected, false),
        (Some((At::Rcpt, F::Drop)), Temporary, false),
        (Some((At::Data, say("451 later"))), Temporary, false),
        (Some((At::Dot, say("552 5.3.4 too large"))), Rejected, false),
        (Some((At::Dot, F::Drop)), Unknown, false),
        (Some((At::Dot, F::TakeAndDrop)), Unknown, true),
        (Some((At::Connect, say("421 busy"))), Temporary, false),
        (Some((At::Hello, F::Drop)), Temporary, false),
        (Some((At::Auth, say("535 5.7.8 no"))), Misconfigured, false),
        (None, Sent, true),
    ] {
        if let Some((at, fault)) = fault.clone() {
            server.faults().plan(at, fault, 1);
        }
        number += 1;
        let outcome = provider.send(&message(number)).await;
        assert_eq!(outcome.class(), class, "{fault:?}: {outcome:?}");
        taken += usize::from(is_taken);
        assert_eq!(server.count(), taken, "{fault:?}");
        assert_eq!(server.faults().left(), 0, "{fault:?}");
    }
    assert!(server.ids().values().all(|count| *count == 1));
    let text = String::from_utf8(server.taken()[0].bytes.to_vec()).unwrap();
    assert!(text.contains("Subject: Your order\r\n") && text.ends_with("\r\n\r\nHello\r\n"), "{text}");
    assert!(provider.check().await.iter().all(|step| step.ok));
    let mut wrong = settings;
    wrong["password"] = json!("other");
    let provider = connect("smtp", wrong, &surroundings(&clock())).unwrap();
    assert_eq!(provider.send(&message(99)).await.class(), Misconfigured);
    server.stop().await;
}

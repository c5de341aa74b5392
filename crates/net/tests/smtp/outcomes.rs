//! Every way in which a server can fail, at every verb, leads to the right class; and no message arrives twice.

use std::sync::atomic::Ordering;

use domain::failure::{AttemptOutcome, Outcome, RejectReason};
use domain::secret::Secret;
use net::smtp::client::{Credentials, Mechanism, Pool};

use crate::scripted::{Act, Script, Server};
use crate::sink::{config, send};

const PLAIN_EHLO: Act = Act::Say("250 fake");

fn script(change: impl FnOnce(&mut Script)) -> Script {
    let mut script = Script::default();
    change(&mut script);
    script
}

/// Sends one message to one person and tells what came of it, and whether the server has it.
async fn outcome_of(script: Script) -> (Outcome, usize) {
    let server = Server::start(vec![script]).await;
    let pool = Pool::new(config(server.port), 1);
    let outcome = send(&pool, &["jane@example.com"]).await;
    (outcome, server.messages.load(Ordering::SeqCst))
}

#[tokio::test]
async fn every_fault_at_every_verb_has_its_class() {
    use Act::{Close, Hang, Last, Say};
    use AttemptOutcome::{Misconfigured, Rejected, Sent, Temporary, Unknown};
    let table = [
        (script(|_| {}), Sent, 1),
        (script(|s| s.greeting = Hang), Temporary, 0),
        (script(|s| s.greeting = Close), Temporary, 0),
        (script(|s| s.greeting = Say("421 busy")), Temporary, 0),
        (script(|s| s.greeting = Say("554 no service")), Temporary, 0),
        (script(|s| s.greeting = Say("HTTP/1.1 400 Bad Request")), Temporary, 0),
        (script(|s| s.ehlo = Hang), Temporary, 0),
        (script(|s| s.ehlo = Close), Temporary, 0),
        (script(|s| s.ehlo = Say("450 later")), Temporary, 0),
        (script(|s| s.ehlo = Say("550 bad name")), Misconfigured, 0),
        (script(|s| s.mail = Hang), Temporary, 0),
        (script(|s| s.mail = Close), Temporary, 0),
        (script(|s| s.mail = Say("421 bye")), Temporary, 0),
        (script(|s| s.mail = Say("451 later")), Temporary, 0),
        (script(|s| s.mail = Say("550 5.1.8 bad sender")), Rejected, 0),
        (script(|s| s.mail = Last("550 5.7.1 go away")), Rejected, 0),
        (script(|s| s.mail = Say("530 5.7.0 sign in first")), Misconfigured, 0),
        (script(|s| s.rcpt = vec![Hang]), Temporary, 0),
        (script(|s| s.rcpt = vec![Close]), Temporary, 0),
        (script(|s| s.rcpt = vec![Say("450 4.2.1 greylisted")]), Temporary, 0),
        (script(|s| s.rcpt = vec![Say("550 5.1.1 unknown")]), Rejected, 0),
        (script(|s| s.rcpt = vec![Last("550 5.1.1 unknown")]), Rejected, 0),
        (
            script(|s| (s.rcpt, s.data) = (vec![Say("550 5.1.1 unknown")], Say("554 no valid recipients"))),
            Rejected,
            0,
        ),
        (script(|s| s.data = Hang), Temporary, 0),
        (script(|s| s.data = Close), Temporary, 0),
        (script(|s| s.data = Say("451 later")), Temporary, 0),
        (script(|s| s.data = Say("554 no")), Rejected, 0),
        (script(|s| s.dot = Hang), Unknown, 1),
        (script(|s| s.dot = Close), Unknown, 1),
        (script(|s| s.dot = Say("ok, whatever")), Unknown, 1),
        (script(|s| s.dot = Say("354 more?")), Unknown, 1),
        (script(|s| s.dot = Say("451 4.3.0 disk")), Temporary, 1),
        (script(|s| s.dot = Say("421 4.3.2 closing")), Temporary, 1),
        (script(|s| s.dot = Say("550 5.7.1 spam")), Rejected, 1),
        (script(|s| s.dot = Last("250 ok")), Sent, 1),
    ];
    for is_pipelining in [true, false] {
        for (script, class, taken) in table.clone() {
            let mut script = script;
            if !is_pipelining && matches!(script.ehlo, Say(text) if text.contains("PIPELINING")) {
                script.ehlo = PLAIN_EHLO;
            }
            let (outcome, messages) = outcome_of(script.clone()).await;
            assert_eq!(outcome.class(), class, "{script:?}: {outcome:?}");
            assert_eq!(messages, taken, "{script:?}");
        }
    }
}

#[tokio::test]
async fn no_server_at_all_is_temporary() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_eq!(
        send(&Pool::new(config(port), 1), &["jane@example.com"]).await.class(),
        AttemptOutcome::Temporary
    );
}

#[tokio::test]
async fn the_queue_id_is_the_providers_id() {
    let (outcome, _) = outcome_of(Script::default()).await;
    assert!(matches!(outcome, Outcome::Sent { provider_id: Some(id), .. } if id == "ABC123"));
}

#[tokio::test]
async fn refused_recipients_are_named_and_the_others_served() {
    let rcpt = vec![Act::Say("250 ok"), Act::Say("550 5.1.1 unknown"), Act::Say("450 4.2.2 full")];
    let server = Server::start(vec![script(|script| script.rcpt = rcpt.clone())]).await;
    let pool = Pool::new(config(server.port), 1);
    let outcome = send(&pool, &["a@example.com", "b@example.com", "c@example.com"]).await;
    let Outcome::Sent { refused, .. } = outcome else { panic!("{outcome:?}") };
    let names: Vec<&str> = refused.iter().map(|(address, _)| address.as_str()).collect();
    assert_eq!(names, ["b@example.com", "c@example.com"]);
    assert_eq!(refused[0].1.code.as_deref(), Some("550 5.1.1"));

    // All refused, one of them for now: later it may work.
    let server = Server::start(vec![script(|script| script.rcpt = rcpt[1..].to_vec())]).await;
    let outcome = send(&Pool::new(config(server.port), 1), &["b@example.com", "c@example.com"]).await;
    assert_eq!(outcome.class(), AttemptOutcome::Temporary);
}

#[tokio::test]
async fn a_refused_message_does_not_spoil_the_connection() {
    for data in [Act::Say("354 go"), Act::Say("503 no recipients")] {
        let refusing = script(|script| {
            script.rcpt = vec![Act::Say("550 5.1.1 unknown")];
            script.data = data;
        });
        let server = Server::start(vec![refusing]).await;
        let pool = Pool::new(config(server.port), 1);
        for _ in 0..3 {
            let outcome = send(&pool, &["jane@example.com"]).await;
            assert!(
                matches!(outcome, Outcome::Rejected { reason: RejectReason::BadRecipient, .. }),
                "{outcome:?}"
            );
        }
        assert_eq!(server.connections.load(Ordering::SeqCst), 1);
        assert_eq!(server.messages.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn more_than_a_hundred_recipients_go_in_parts() {
    let server = Server::start(vec![Script::default()]).await;
    let everybody: Vec<String> = (0..250).map(|number| format!("p{number}@example.com")).collect();
    let everybody: Vec<&str> = everybody.iter().map(String::as_str).collect();
    let outcome = send(&Pool::new(config(server.port), 1), &everybody).await;
    assert_eq!(outcome.class(), AttemptOutcome::Sent);
    assert_eq!(server.messages.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn limits_of_the_server_are_kept_before_anything_is_said() {
    let server =
        Server::start(vec![script(|script| script.ehlo = Act::Say("250-fake\r\n250 SIZE 10"))]).await;
    let outcome = send(&Pool::new(config(server.port), 1), &["jane@example.com"]).await;
    assert!(matches!(outcome, Outcome::Rejected { reason: RejectReason::Content, .. }));
    let server = Server::start(vec![Script::default()]).await;
    let outcome = send(&Pool::new(config(server.port), 1), &["jäne@example.com"]).await;
    assert!(matches!(outcome, Outcome::Rejected { reason: RejectReason::Invalid, .. }));
    assert!(!server.lines.lock().unwrap().iter().any(|line| line.starts_with("MAIL")));
}

#[tokio::test]
async fn signing_in_fails_for_good_or_for_now() {
    let credentials = |mechanism| {
        Some(Credentials {
            mechanism,
            user: "jane".to_owned(),
            password: Secret::new("example-password".to_owned()),
        })
    };
    let ehlo = Act::Say("250-fake\r\n250 AUTH PLAIN LOGIN XOAUTH2");
    for (auth, class) in [
        (Act::Say("235 ok"), AttemptOutcome::Sent),
        (Act::Say("535 5.7.8 wrong"), AttemptOutcome::Misconfigured),
        (Act::Say("534 weak"), AttemptOutcome::Misconfigured),
        (Act::Say("454 4.7.0 later"), AttemptOutcome::Temporary),
        (Act::Close, AttemptOutcome::Temporary),
        (Act::Hang, AttemptOutcome::Temporary),
    ] {
        let server = Server::start(vec![script(|script| (script.ehlo, script.auth) = (ehlo, auth))]).await;
        let mut config = config(server.port);
        config.credentials = credentials(Mechanism::Auto);
        let outcome = send(&Pool::new(config, 1), &["jane@example.com"]).await;
        assert_eq!(outcome.class(), class, "{auth:?}");
        assert!(!format!("{outcome:?}").contains("example-password"));
        let lines = server.lines.lock().unwrap().clone();
        // printf '\0jane\0example-password' | base64
        assert_eq!(lines[1], "AUTH PLAIN AGphbmUAZXhhbXBsZS1wYXNzd29yZA==");
    }
    // No AUTH offered: the credentials are not said at all.
    let server = Server::start(vec![Script::default()]).await;
    let mut config = config(server.port);
    config.credentials = credentials(Mechanism::Plain);
    let outcome = send(&Pool::new(config, 1), &["jane@example.com"]).await;
    assert_eq!(outcome.class(), AttemptOutcome::Misconfigured);
    assert_eq!(server.lines.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_server_that_wants_a_message_after_refusing_the_sender_gets_none() {
    let confused = script(|script| script.mail = Act::Say("451 later"));
    let server = Server::start(vec![confused]).await;
    let outcome = send(&Pool::new(config(server.port), 1), &["jane@example.com"]).await;
    assert_eq!(outcome.class(), AttemptOutcome::Temporary);
    assert_eq!(server.messages.load(Ordering::SeqCst), 0);
}

//! Connections are kept, shared and replaced, and no message gets lost or doubled on the way.

use std::sync::atomic::Ordering;

use domain::failure::AttemptOutcome;
use net::smtp::client::{Envelope, Pool};
use tokio::task::JoinSet;

use crate::scripted::{Act, Script, Server};
use crate::sink::{MESSAGE, Sink, address, config, send};

#[tokio::test]
async fn what_is_sent_arrives_byte_for_byte() {
    let sink = Sink::start(None).await;
    let pool = Pool::new(config(sink.port), 1);
    let outcome = send(&pool, &["jane@example.com", "refused@example.com"]).await;
    assert_eq!(outcome.class(), AttemptOutcome::Sent);
    let taken = sink.taken();
    assert_eq!(taken[0].bytes.as_ref(), MESSAGE);
    assert_eq!(taken[0].from, Some(address("support@example.com")));
    assert_eq!(taken[0].to, [address("jane@example.com")]);
    assert_eq!(taken[0].peer.hello, "client.example.com");

    let large: Vec<u8> = "0123456789 abcdefghij .\r\n..\r\n".bytes().cycle().take(3_000_000).collect();
    let to = address("jane@example.com");
    let outcome = pool.send(Envelope { from: None, to: &[&to], id: None }, &large).await;
    assert_eq!(outcome.class(), AttemptOutcome::Sent);
    let taken = sink.taken();
    assert_eq!(taken[1].from, None);
    assert!(
        taken[1].bytes.as_ref().strip_suffix(b"\r\n").unwrap_or(&taken[1].bytes)
            == large.strip_suffix(b"\r\n").unwrap_or(&large)
    );
}

#[tokio::test]
async fn many_messages_share_few_connections() {
    let server = Server::start(vec![Script::default()]).await;
    let pool = Pool::new(config(server.port), 4);
    let mut sends = JoinSet::new();
    for _ in 0..1200 {
        let pool = pool.clone();
        sends.spawn(async move { send(&pool, &["jane@example.com"]).await.class() });
    }
    while let Some(class) = sends.join_next().await {
        assert_eq!(class.unwrap(), AttemptOutcome::Sent);
    }
    assert_eq!(server.messages.load(Ordering::SeqCst), 1200);
    // 500 messages on each connection, at most.
    assert!(server.connections.load(Ordering::SeqCst) <= 4 + 3);
    pool.close().await;
}

#[tokio::test]
async fn a_dead_kept_connection_is_replaced_at_once() {
    let sink = Sink::start(None).await;
    let port = sink.port;
    let pool = Pool::new(config(port), 1);
    assert_eq!(send(&pool, &["jane@example.com"]).await.class(), AttemptOutcome::Sent);
    sink.stop().await;
    let sink = Sink::on(port, None).await;
    assert_eq!(send(&pool, &["jane@example.com"]).await.class(), AttemptOutcome::Sent);
    assert_eq!(sink.taken().len(), 1);
}

#[tokio::test]
async fn a_server_that_says_good_bye_between_messages_is_asked_again() {
    // The second MAIL on the first connection is answered with 421.
    let tired = Script { dot: Act::Last("250 ok"), ..Script::default() };
    let server = Server::start(vec![tired, Script::default()]).await;
    let pool = Pool::new(config(server.port), 1);
    for _ in 0..3 {
        assert_eq!(send(&pool, &["jane@example.com"]).await.class(), AttemptOutcome::Sent);
    }
    assert_eq!(server.messages.load(Ordering::SeqCst), 3);
    assert_eq!(server.connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_unknown_outcome_is_never_tried_again_here() {
    let server = Server::start(vec![Script { dot: Act::Close, ..Script::default() }]).await;
    let pool = Pool::new(config(server.port), 1);
    assert_eq!(send(&pool, &["jane@example.com"]).await.class(), AttemptOutcome::Unknown);
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_probe_says_every_step_and_sends_nothing() {
    let sink = Sink::start(None).await;
    let steps = Pool::new(config(sink.port), 1).probe().await;
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["connect", "greeting", "hello", "quit"]);
    assert!(steps.iter().all(|step| step.ok), "{steps:?}");
    assert!(sink.taken().is_empty());
    sink.stop().await;
}

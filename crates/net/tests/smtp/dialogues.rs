//! Signing in, line by line, by every method.

use domain::failure::AttemptOutcome;
use domain::secret::Secret;
use net::smtp::client::{Credentials, Mechanism, Pool};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::sink::{config, send};

/// What the client must say, and what it hears then.
type Exchange = (&'static str, &'static str);

/// Serves one connection by heart; fails the test when the client says anything else.
async fn serve(listener: TcpListener, offer: &'static str, exchanges: Vec<Exchange>) {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 fake\r\n").await.unwrap();
    let ehlo = ("EHLO client.example.com", offer);
    for (expected, answer) in std::iter::once(ehlo).chain(exchanges) {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        assert_eq!(line, format!("{expected}\r\n"));
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
    }
}

async fn sign_in(mechanism: Mechanism, offer: &'static str, exchanges: Vec<Exchange>) -> AttemptOutcome {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = config(listener.local_addr().unwrap().port());
    config.credentials = Some(Credentials {
        mechanism,
        user: "tim".to_owned(),
        password: Secret::new("tanstaaftanstaaf".to_owned()),
    });
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(listener, offer, exchanges));
    let outcome = send(&Pool::new(config, 1), &["jane@example.com"]).await;
    tasks.join_next().await.unwrap().unwrap();
    outcome.class()
}

const MAIL: [Exchange; 4] = [
    ("MAIL FROM:<support@example.com>", "250 ok"),
    ("RCPT TO:<jane@example.com>", "250 ok"),
    ("DATA", "354 go"),
    ("From: support@example.com", "250 taken before its end, as far as this test cares"),
];

#[tokio::test]
async fn every_method_says_its_lines() {
    let cases: [(Mechanism, &'static str, &[Exchange]); 4] = [
        (
            Mechanism::Plain,
            "250-fake\r\n250 AUTH PLAIN",
            &[("AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "235 ok")],
        ),
        (
            Mechanism::Login,
            "250-fake\r\n250 AUTH LOGIN",
            &[
                ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
                ("dGlt", "334 UGFzc3dvcmQ6"),
                ("dGFuc3RhYWZ0YW5zdGFhZg==", "235 ok"),
            ],
        ),
        (
            // RFC 2195 section 2.
            Mechanism::Auto,
            "250-fake\r\n250 AUTH CRAM-MD5",
            &[
                ("AUTH CRAM-MD5", "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"),
                ("dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw", "235 ok"),
            ],
        ),
        (
            // printf 'user=tim\\001auth=Bearer tanstaaftanstaaf\\001\\001' | base64
            Mechanism::Xoauth2,
            "250-fake\r\n250 AUTH XOAUTH2",
            &[("AUTH XOAUTH2 dXNlcj10aW0BYXV0aD1CZWFyZXIgdGFuc3RhYWZ0YW5zdGFhZgEB", "235 ok")],
        ),
    ];
    for (mechanism, offer, exchanges) in cases {
        let exchanges = exchanges.iter().chain(&MAIL).copied().collect();
        assert_eq!(sign_in(mechanism, offer, exchanges).await, AttemptOutcome::Sent, "{mechanism:?}");
    }
}

#[tokio::test]
async fn a_refused_token_and_a_broken_challenge_are_the_accounts_fault() {
    let refused = vec![
        ("AUTH XOAUTH2 dXNlcj10aW0BYXV0aD1CZWFyZXIgdGFuc3RhYWZ0YW5zdGFhZgEB", "334 eyJzdGF0dXMiOiI0MDEifQ=="),
        ("", "535 5.7.8 token is over"),
    ];
    let class = sign_in(Mechanism::Xoauth2, "250-fake\r\n250 AUTH XOAUTH2", refused).await;
    assert_eq!(class, AttemptOutcome::Misconfigured);
    let broken = vec![("AUTH CRAM-MD5", "334 not base 64!"), ("*", "501 called off")];
    let class = sign_in(Mechanism::CramMd5, "250-fake\r\n250 AUTH CRAM-MD5", broken).await;
    assert_eq!(class, AttemptOutcome::Misconfigured);
}

//! TLS: what is asked for is kept to, and nothing said in the clear is believed.

use std::sync::Arc;

use domain::failure::AttemptOutcome;
use domain::secret::Secret;
use net::smtp::client::{Credentials, Mechanism, Pool, Security};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;

use crate::scripted::{Act, Script, Server};
use crate::sink::{Sink, config, send};

/// A certificate authority in PEM, and a server that has a certificate for `localhost` from it.
fn authority() -> (String, Arc<rustls::ServerConfig>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    (authority.pem(), Arc::new(server))
}

#[tokio::test]
async fn starttls_needs_a_certificate_that_is_trusted() {
    let (pem, tls) = authority();
    let sink = Sink::start(Some(tls)).await;
    let mut trusting = config(sink.port);
    trusting.security = Security::StartTls;
    trusting.root_ca_pem = Some(pem);
    let pool = Pool::new(trusting.clone(), 1);
    for _ in 0..3 {
        assert_eq!(send(&pool, &["jane@example.com"]).await.class(), AttemptOutcome::Sent);
    }
    assert!(sink.taken().iter().all(|incoming| incoming.peer.tls));
    let steps = pool.probe().await;
    assert!(
        steps.iter().any(|step| step.name == "tls" && step.ok && step.detail.contains("TLSv1")),
        "{steps:?}"
    );

    let mut other_name = trusting.clone();
    other_name.host = "127.0.0.1".to_owned();
    let outcome = send(&Pool::new(other_name, 1), &["jane@example.com"]).await;
    assert_eq!(outcome.class(), AttemptOutcome::Misconfigured, "{outcome:?}");

    let mut stranger = trusting;
    stranger.root_ca_pem = Some(authority().0);
    let outcome = send(&Pool::new(stranger, 1), &["jane@example.com"]).await;
    assert_eq!(outcome.class(), AttemptOutcome::Misconfigured, "{outcome:?}");
    assert_eq!(sink.taken().len(), 3);
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing() {
    let sink = Sink::start(None).await;
    let mut config = config(sink.port);
    config.security = Security::StartTls;
    config.root_ca_pem = Some(authority().0);
    assert_eq!(
        send(&Pool::new(config, 1), &["jane@example.com"]).await.class(),
        AttemptOutcome::Misconfigured
    );
    assert!(sink.taken().is_empty());
}

#[tokio::test]
async fn words_smuggled_in_before_tls_end_the_connection() {
    let ehlo = Act::Say("250-fake\r\n250 STARTTLS");
    // The scripted server does not know STARTTLS and answers 500.
    let server = Server::start(vec![Script { ehlo, ..Script::default() }]).await;
    let mut config = config(server.port);
    config.security = Security::StartTls;
    config.root_ca_pem = Some(authority().0);
    config.credentials = Some(Credentials {
        mechanism: Mechanism::Auto,
        user: "jane".to_owned(),
        password: Secret::new("example-password".to_owned()),
    });
    // No TLS, so nothing more is said.
    assert_eq!(
        send(&Pool::new(config.clone(), 1), &["jane@example.com"]).await.class(),
        AttemptOutcome::Misconfigured
    );

    let injecting =
        Script { ehlo: Act::Say("250-fake\r\n250 STARTTLS\r\n220 go\r\n250 injected"), ..Script::default() };
    let server = Server::start(vec![injecting]).await;
    config.port = server.port;
    assert_eq!(send(&Pool::new(config, 1), &["jane@example.com"]).await.class(), AttemptOutcome::Temporary);
    assert!(
        !server.lines.lock().unwrap().iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL"))
    );
}

#[tokio::test]
async fn certificates_that_are_none_are_the_accounts_fault() {
    let mut config = config(1);
    config.security = Security::Tls;
    config.root_ca_pem = Some("nonsense".to_owned());
    assert_eq!(
        send(&Pool::new(config, 1), &["jane@example.com"]).await.class(),
        AttemptOutcome::Misconfigured
    );
}

#[tokio::test]
async fn tls_from_the_first_byte() {
    let (pem, tls) = authority();
    let sink = Sink::start(None).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = config(listener.local_addr().unwrap().port());
    let inner = sink.port;
    let mut tunnels = tokio::task::JoinSet::new();
    tunnels.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut outside = tokio_rustls::TlsAcceptor::from(Arc::clone(&tls)).accept(stream).await.unwrap();
            let mut inside = tokio::net::TcpStream::connect(("127.0.0.1", inner)).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
        }
    });
    config.security = Security::Tls;
    config.root_ca_pem = Some(pem);
    let pool = Pool::new(config, 1);
    for _ in 0..3 {
        assert_eq!(send(&pool, &["jane@example.com"]).await.class(), AttemptOutcome::Sent);
    }
    pool.close().await;
    assert_eq!(pool.probe().await.iter().filter(|step| step.ok).count(), 5);
    assert_eq!(sink.taken().len(), 3);
}

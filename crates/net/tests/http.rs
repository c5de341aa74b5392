//! The HTTP client: what reached the other side is known, and nothing reaches what it must not.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise, also in its helpers")]

extern crate chancery_net as net;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use net::http::{Client, GuardPolicy, Request, Stage};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const OPEN: GuardPolicy = GuardPolicy { allow_private: true, allow_loopback: true };

struct Server {
    url: String,
    connections: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

/// Answers every request with these bytes, over and over on one connection; with nothing it hangs.
async fn server(answer: Option<Vec<u8>>, closes: bool) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/path?secret=1", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut sessions = JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let answer = answer.clone();
            sessions.spawn(async move {
                let mut buffer = vec![0_u8; 4096];
                while stream.read(&mut buffer).await.unwrap_or(0) > 0 {
                    let Some(answer) = &answer else { return std::future::pending().await };
                    let _ = stream.write_all(answer).await;
                    if closes {
                        return;
                    }
                }
            });
        }
    });
    Server { url, connections, _tasks: tasks }
}

fn post(url: &str) -> Request {
    Request::post_json(url, "{}", Duration::from_millis(500))
}

#[tokio::test]
async fn an_answer_is_an_answer_whatever_its_status_and_connections_are_kept() {
    let server =
        server(Some(b"HTTP/1.1 503 Busy\r\ncontent-length: 4\r\nx-a: b\r\n\r\nbusy".to_vec()), false).await;
    let client = Client::new(OPEN);
    for _ in 0..5 {
        let answer = client.send(post(&server.url)).await.unwrap();
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_ref(), &answer.headers["x-a"]),
            (503, &b"busy"[..], &"b".parse().unwrap())
        );
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = server(
        Some(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n".to_vec()),
        false,
    )
    .await;
    assert_eq!(Client::new(OPEN).send(post(&server.url)).await.unwrap().status.as_u16(), 302);
}

#[tokio::test]
async fn what_may_have_been_sent_is_told_from_what_was_not() {
    let hanging = server(None, false).await;
    let closing = server(Some(Vec::new()), true).await;
    let half = server(Some(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_vec()), true).await;
    let slow = server(Some(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_vec()), false).await;
    let huge =
        [b"HTTP/1.1 200 OK\r\ncontent-length: 17000000\r\n\r\n".to_vec(), vec![b'x'; 17_000_000]].concat();
    let huge = server(Some(huge), false).await;
    for (url, stage) in [
        (hanging.url.as_str(), Stage::MaybeSent),
        (&closing.url, Stage::MaybeSent),
        (&half.url, Stage::MaybeSent),
        (&slow.url, Stage::MaybeSent),
        (&huge.url, Stage::MaybeSent),
        ("http://127.0.0.1:9/", Stage::NotSent),
        ("http://name.invalid/", Stage::NotSent),
        ("ftp://127.0.0.1/", Stage::NotSent),
        ("nonsense", Stage::NotSent),
    ] {
        let mut request = post(url);
        if url == huge.url {
            request.timeout = Duration::from_secs(10);
        }
        let error = Client::new(OPEN).send(request).await.unwrap_err();
        assert_eq!(error.stage, stage, "{url}: {error}");
        assert!(!error.detail.contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn addresses_inside_are_refused_by_digits_and_by_name() {
    let server = server(Some(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()), false).await;
    let by_name = server.url.replace("127.0.0.1", "localhost");
    for url in [&server.url, &by_name] {
        let error = Client::new(GuardPolicy::default()).send(post(url)).await.unwrap_err();
        assert_eq!(error.stage, Stage::NotSent);
        assert!(error.detail.contains("private network"), "{error}");
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 0);
    assert!(Client::new(OPEN).send(post(&by_name)).await.is_ok());
}

//! Our receiver as strangers meet it: its limits, its patience, and LMTP.

use std::sync::Arc;
use std::time::Duration;

use net::smtp::server::{Handler, Limits, Listener, Protocol, ServerConfig, serve};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinSet;

use crate::sink::Recorder;

struct Receiver {
    port: u16,
    _tasks: JoinSet<()>,
}

async fn receiver(protocol: Protocol, limits: Limits) -> Receiver {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (_, tasks) = start(listener.into(), protocol, limits);
    Receiver { port, _tasks: tasks }
}

fn start(listener: Listener, protocol: Protocol, limits: Limits) -> (Arc<Recorder>, JoinSet<()>) {
    let recorder = Arc::new(Recorder::default());
    let config = ServerConfig { hostname: "localhost".to_owned(), protocol, limits, tls: None };
    let mut tasks = JoinSet::new();
    let handler = Arc::clone(&recorder) as Arc<dyn Handler>;
    tasks.spawn(serve(listener, config, handler, std::future::pending()));
    (recorder, tasks)
}

struct Client<S>(BufReader<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    fn over(stream: S) -> Client<S> {
        Client(BufReader::new(stream))
    }

    async fn say(&mut self, words: &str) {
        self.0.get_mut().write_all(words.as_bytes()).await.unwrap();
    }

    /// The codes of the next replies.
    async fn hear(&mut self, count: usize) -> Vec<String> {
        let mut codes = Vec::new();
        while codes.len() < count {
            let mut line = String::new();
            if self.0.read_line(&mut line).await.unwrap_or(0) == 0 {
                codes.push("end".to_owned());
            } else if line.as_bytes()[3] == b' ' {
                codes.push(line[..3].to_owned());
            }
        }
        codes
    }
}

async fn connect(receiver: &Receiver) -> Client<TcpStream> {
    Client::over(TcpStream::connect(("127.0.0.1", receiver.port)).await.unwrap())
}

#[tokio::test]
async fn one_address_has_so_many_connections() {
    let limits = Limits { max_connections_per_address: 2, ..Limits::default() };
    let receiver = receiver(Protocol::Smtp, limits).await;
    let (mut first, mut second) = (connect(&receiver).await, connect(&receiver).await);
    assert_eq!((first.hear(1).await, second.hear(1).await), (vec!["220".to_owned()], vec!["220".to_owned()]));
    assert_eq!(connect(&receiver).await.hear(2).await, ["421", "end"]);
    first.say("QUIT\r\n").await;
    assert_eq!(first.hear(2).await, ["221", "end"]);
    assert_eq!(connect(&receiver).await.hear(1).await, ["220"]);
}

#[tokio::test]
async fn messages_share_the_memory_and_who_finds_none_comes_again() {
    let limits = Limits { max_bytes_in_flight: 100_000, ..Limits::default() };
    let receiver = receiver(Protocol::Smtp, limits).await;
    let envelope = "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\n";
    let lines = "0123456789\r\n".repeat(6_000);
    let mut first = connect(&receiver).await;
    first.say(&format!("{envelope}BDAT {}\r\n{lines}", lines.len())).await;
    assert_eq!(first.hear(5).await, ["220", "250", "250", "250", "250"], "this one holds its room");
    let mut second = connect(&receiver).await;
    second.say(&format!("{envelope}DATA\r\n{lines}.\r\n")).await;
    assert_eq!(second.hear(6).await, ["220", "250", "250", "250", "354", "452"]);
    second.say(&format!("{envelope}BDAT {}\r\n{lines}BDAT 1 LAST\r\nxRSET\r\n", lines.len())).await;
    assert_eq!(second.hear(6).await, ["250", "250", "250", "452", "503", "250"]);
    first.say("BDAT 0 LAST\r\n").await;
    assert_eq!(first.hear(1).await, ["250"]);
    second.say(&format!("{envelope}DATA\r\n{lines}.\r\n")).await;
    assert_eq!(second.hear(5).await, ["250", "250", "250", "354", "250"], "it is free again");
}

#[tokio::test]
async fn who_is_silent_or_never_comes_to_an_end_is_sent_away() {
    let idle = Limits { idle_timeout: Duration::from_millis(200), ..Limits::default() };
    let impatient = receiver(Protocol::Smtp, idle).await;
    let mut silent = connect(&impatient).await;
    assert_eq!(silent.hear(3).await, ["220", "421", "end"]);

    let slow = Limits { transaction_timeout: Duration::from_millis(400), ..Limits::default() };
    let patient = receiver(Protocol::Smtp, slow).await;
    let mut slow = connect(&patient).await;
    slow.say("EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n").await;
    assert_eq!(slow.hear(5).await, ["220", "250", "250", "250", "354"]);
    for _ in 0..20 {
        if slow.0.get_mut().write_all(b"x\r\n").await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert_eq!(slow.hear(1).await, ["421"]);
}

#[tokio::test]
async fn a_mail_server_hands_over_by_lmtp_through_a_socket() {
    let path = std::env::temp_dir().join(format!("chancery-lmtp-{}.sock", std::process::id()));
    let (recorder, _tasks) = start(Listener::unix(&path).unwrap(), Protocol::Lmtp, Limits::default());
    let mut client = Client::over(UnixStream::connect(&path).await.unwrap());
    client
        .say(
            "LHLO relay.example.net\r\nMAIL FROM:<jane@example.org> BODY=8BITMIME\r\nRCPT TO:<a@example.com>\r\n\
             RCPT TO:<refused@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nHello\r\n.\r\n\
             MAIL FROM:<>\r\nRCPT TO:<b@example.com>\r\nBDAT 5 LAST\r\na\nb\r\nQUIT\r\n",
        )
        .await;
    let codes = client.hear(14).await;
    assert_eq!(
        codes,
        ["220", "250", "250", "250", "550", "250", "354", "250", "250", "250", "250", "250", "221", "end"]
    );
    let taken = recorder.0.lock().unwrap().clone();
    assert_eq!(taken[0].bytes, b"Hello\r\n"[..]);
    assert_eq!(taken[0].to.len(), 2);
    assert_eq!(taken[1].bytes, b"a\nb\r\n"[..]);
    assert!(taken[0].peer.address.is_none());
}

//! A mail server that does what its script says, verb by verb.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What the server does when it is its turn.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Say(&'static str),
    /// Answers and closes.
    Last(&'static str),
    Hang,
    Close,
}

/// One answer for each turn.
#[derive(Clone, Debug)]
pub struct Script {
    pub greeting: Act,
    pub ehlo: Act,
    pub auth: Act,
    pub mail: Act,
    /// For the recipients in order; the last one goes on for the rest.
    pub rcpt: Vec<Act>,
    pub data: Act,
    pub dot: Act,
    pub rset: Act,
}

impl Default for Script {
    fn default() -> Script {
        Script {
            greeting: Act::Say("220 fake ESMTP"),
            ehlo: Act::Say("250-fake\r\n250 PIPELINING"),
            auth: Act::Say("235 2.7.0 ok"),
            mail: Act::Say("250 2.1.0 ok"),
            rcpt: vec![Act::Say("250 2.1.5 ok")],
            data: Act::Say("354 go"),
            dot: Act::Say("250 2.0.0 Ok: queued as ABC123"),
            rset: Act::Say("250 2.0.0 ok"),
        }
    }
}

/// The running server.
pub struct Server {
    pub port: u16,
    /// Connections so far.
    pub connections: Arc<AtomicUsize>,
    /// Messages whose final dot arrived and that had a recipient.
    pub messages: Arc<AtomicUsize>,
    /// Every line that was said, but for bodies.
    pub lines: Arc<std::sync::Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// The first connection follows the first script, and so on; the last script goes on for the rest.
    pub async fn start(scripts: Vec<Script>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (connections, messages) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let lines = Arc::new(std::sync::Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        let (count, taken, said) = (Arc::clone(&connections), Arc::clone(&messages), Arc::clone(&lines));
        tasks.spawn(async move {
            let mut sessions = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = count.fetch_add(1, Ordering::SeqCst);
                let script = scripts[number.min(scripts.len() - 1)].clone();
                sessions.spawn(converse(stream, script, Arc::clone(&taken), Arc::clone(&said)));
            }
        });
        Server { port, connections, messages, lines, _tasks: tasks }
    }
}

async fn converse(
    stream: TcpStream,
    script: Script,
    messages: Arc<AtomicUsize>,
    lines: Arc<std::sync::Mutex<Vec<String>>>,
) {
    let mut stream = BufReader::new(stream);
    if !act(&mut stream, script.greeting).await {
        return;
    }
    let (mut recipients, mut accepted) = (0, 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        lines.lock().unwrap().push(line.trim_end().to_owned());
        let verb: String = line.chars().take(4).collect::<String>().to_ascii_uppercase();
        let turn = match verb.as_str() {
            "EHLO" | "HELO" => script.ehlo,
            "AUTH" => script.auth,
            "MAIL" => {
                (recipients, accepted) = (0, 0);
                script.mail
            }
            "RCPT" => {
                let turn = script.rcpt[recipients.min(script.rcpt.len() - 1)];
                recipients += 1;
                accepted += usize::from(matches!(turn, Act::Say(text) if text.starts_with('2')));
                turn
            }
            "DATA" => script.data,
            "RSET" => script.rset,
            "QUIT" => Act::Last("221 bye"),
            _ => Act::Say("500 what?"),
        };
        if !act(&mut stream, turn).await {
            return;
        }
        if verb == "DATA" && matches!(turn, Act::Say(text) if text.starts_with("354")) {
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                    return;
                }
                if line == ".\r\n" {
                    break;
                }
            }
            messages.fetch_add(usize::from(accepted > 0), Ordering::SeqCst);
            let turn = if accepted > 0 { script.dot } else { Act::Say("554 5.5.1 no valid recipients") };
            if !act(&mut stream, turn).await {
                return;
            }
        }
    }
}

/// Takes a turn; false when the connection is over.
async fn act(stream: &mut BufReader<TcpStream>, turn: Act) -> bool {
    match turn {
        Act::Say(text) => stream.write_all(format!("{text}\r\n").as_bytes()).await.is_ok(),
        Act::Last(text) => {
            let _ = stream.write_all(format!("{text}\r\n").as_bytes()).await;
            let _ = stream.shutdown().await;
            false
        }
        Act::Hang => std::future::pending().await,
        Act::Close => false,
    }
}

//! Servers that say what the test wants.

use domain::secret::Secret;
use net::imap::{Imap, ImapFault, SignIn};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::mailbox::config;

/// Says the greeting, and then to each line of the client what stands for it. `TAG` is the client's tag; the connection is
/// closed after what ends in `CLOSE`.
struct Scripted {
    port: u16,
    heard: tokio::sync::mpsc::UnboundedReceiver<String>,
    _task: JoinSet<()>,
}

async fn scripted(answers: &[&str]) -> Scripted {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answers: Vec<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
    let (told, heard) = tokio::sync::mpsc::unbounded_channel();
    let mut task = JoinSet::new();
    task.spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        let mut tag = String::new();
        for answer in answers {
            let (words, closes) = match answer.strip_suffix("CLOSE") {
                Some(words) => (words, true),
                None => (answer.as_str(), false),
            };
            stream.get_mut().write_all(words.replace("TAG", &tag).as_bytes()).await.unwrap();
            if closes {
                return;
            }
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            tag = line.split(' ').next().unwrap().to_owned();
            let _ = told.send(line.trim_end().to_owned());
        }
    });
    Scripted { port, heard, _task: task }
}

#[tokio::test]
async fn servers_without_plain_get_a_login_and_old_ones_are_moved_by_copy() {
    let mut server = scripted(&[
        "* OK hello\r\n",
        "* CAPABILITY IMAP4rev1 UIDPLUS\r\nTAG OK\r\n",
        "TAG OK [CAPABILITY IMAP4rev1 UIDPLUS] in\r\n",
        "* 2 EXISTS\r\n* OK [UIDVALIDITY 9] x\r\nTAG OK\r\n",
        "TAG NO [TRYCREATE] no such folder\r\n",
        "TAG OK\r\n",
        "TAG OK\r\n",
        "* 1 FETCH (FLAGS (\\Deleted))\r\nTAG OK\r\n",
        "* 1 EXPUNGE\r\nTAG OK\r\n",
    ])
    .await;
    let mut config = config(server.port, "pass \"word\\");
    config.username = "jane".to_owned();
    let mut imap = Imap::connect(&config, &mut Vec::new()).await.unwrap();
    assert_eq!(imap.select("INBOX").await.unwrap().uid_validity, 9);
    imap.move_to(&[4, 5, 6], "Done").await.unwrap();
    let mut heard = Vec::new();
    for _ in 0..8 {
        let line = server.heard.recv().await.unwrap();
        heard.push(line.split_once(' ').unwrap().1.to_owned());
    }
    assert_eq!(
        heard,
        [
            "CAPABILITY",
            "LOGIN \"jane\" \"pass \\\"word\\\\\"",
            "SELECT \"INBOX\"",
            "UID COPY 4:6 \"Done\"",
            "CREATE \"Done\"",
            "UID COPY 4:6 \"Done\"",
            "UID STORE 4:6 +FLAGS.SILENT (\\Deleted)",
            "UID EXPUNGE 4:6",
        ]
    );
}

#[tokio::test]
async fn a_token_is_shown_and_its_refusal_heard_to_the_end() {
    let mut server = scripted(&[
        "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hello\r\n",
        "+ eyJzdGF0dXMiOiI0MDEifQ==\r\n",
        "C1 NO [AUTHENTICATIONFAILED] Invalid credentials\r\n",
    ])
    .await;
    let mut config = config(server.port, "");
    config.sign_in = SignIn::AccessToken(Secret::new("ya29.token".to_owned()));
    let refused = Imap::connect(&config, &mut Vec::new()).await.unwrap_err();
    assert_eq!(refused, ImapFault::Credentials("[AUTHENTICATIONFAILED] Invalid credentials".to_owned()));
    assert!(server.heard.recv().await.unwrap().starts_with("C1 AUTHENTICATE XOAUTH2 dXNlcj1zdXBwb3J0"));
    assert_eq!(server.heard.recv().await.unwrap(), "");
}

#[tokio::test]
async fn what_is_wrong_is_told_in_words() {
    for (answers, expected) in [
        (&["* BYE too busy\r\n"][..], ImapFault::Unreachable("too busy".to_owned())),
        (&["220 smtp\r\n"], ImapFault::Garbled("the server does not greet as IMAP servers do".to_owned())),
        (
            &["* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] x\r\n"],
            ImapFault::Setup("the server takes no password over this connection".to_owned()),
        ),
        (
            &["* OK [CAPABILITY IMAP4rev1] x\r\n", "* BYE going\r\nCLOSE"],
            ImapFault::Unreachable("the server closed the connection: going".to_owned()),
        ),
        (
            &["* OK [CAPABILITY IMAP4rev1] x\r\n", "TAG NO [UNAVAILABLE] later\r\n"],
            ImapFault::Unreachable("[UNAVAILABLE] later".to_owned()),
        ),
    ] {
        let server = scripted(answers).await;
        let fault = Imap::connect(&config(server.port, "x"), &mut Vec::new()).await.unwrap_err();
        assert_eq!(fault, expected);
    }
    let mut inside = config(1, "x");
    inside.host = "10.0.0.1".to_owned();
    let fault = Imap::connect(&inside, &mut Vec::new()).await.unwrap_err();
    assert!(matches!(fault, ImapFault::Setup(_)), "{fault}");
}

#[tokio::test]
async fn only_what_was_asked_for_counts() {
    let server = scripted(&[
        "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] x\r\n",
        "TAG OK [CAPABILITY IMAP4rev1] x\r\n",
        "* SEARCH 3\r\nTAG OK\r\n",
        "* 1 FETCH (UID 99 BODY[] {1}\r\nx)\r\n* 3 FETCH (FLAGS ())\r\n* 2 FETCH (UID 7 BODY[] NIL)\r\n* 3 FETCH (BODY[] \"q\" UID 8)\r\nTAG OK\r\n",
        "TAG NO [SERVERBUG] broken message\r\n",
        "CLOSE",
    ])
    .await;
    let mut imap = Imap::connect(&config(server.port, "x"), &mut Vec::new()).await.unwrap();
    assert_eq!(imap.uids_from(5).await.unwrap(), [] as [u32; 0]);
    let fetched = imap.fetch(&[7, 8]).await.unwrap();
    assert_eq!(fetched.len(), 2);
    assert_eq!((fetched[0].uid, &fetched[0].mail), (7, &None));
    assert_eq!(fetched[1].mail.as_deref(), Some(&b"q"[..]));
    assert!(matches!(imap.fetch(&[7]).await, Err(ImapFault::Refused(_))));
    assert!(matches!(imap.noop().await, Err(ImapFault::Unreachable(_))));
}

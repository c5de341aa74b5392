//! Webhooks by the command line, beside a running server; and `listen`, which gives events to a program on this machine.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::json;
use testkit::sim::receiver::Receiver;

use super::program::{Folder, Outside, Server, wait_until};
use super::{mail_server, set_up};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_added_tried_and_removed_beside_a_server() {
    let (folder, mail, receiver) = (Folder::new(), mail_server().await, Receiver::start().await.unwrap());
    let (key, _) = set_up(&folder, &mail);
    let url = receiver.url();
    let refused = folder.fails(&["webhook", "add", &url]);
    assert!(refused.contains("private network"), "only with --allow-private: {refused}");
    let server = folder.serve(&["--allow-private"]).await;
    let add = ["webhook", "add", &url, "--events", "tag.*,contact.created", "--allow-private", "--json"];
    let added = folder.json(&add);
    let (id, secret) = (added["id"].as_str().unwrap(), added["secret"].as_str().unwrap());
    let tested = folder.text(&["webhook", "test", id]);
    assert!(tested.starts_with("delivered: the answer was 204"), "{tested}");
    let outside = Outside::new(&server, &key);
    assert_eq!(outside.post("/v1/tags", json!({ "name": "VIP" })).await.0, 201);
    wait_until("the event came", async || receiver.count() == 2).await;
    let rotated = folder.json(&["webhook", "rotate", id, "--overlap-hours", "1", "--json"]);
    let since = "--since=2020-01-01T00:00:00Z";
    assert!(folder.fails(&["webhook", "replay", id, since]).contains("within the last 30 days"));
    let event = receiver.received()[1].json();
    let since = format!("--since={}", event["timestamp"].as_str().unwrap());
    let replayed = folder.json(&["webhook", "replay", id, &since, "--wait", "--json"]);
    assert_eq!((&replayed["state"], &replayed["replayed"]), (&json!("done"), &json!(1)));
    wait_until("it came again", async || receiver.count() == 3).await;
    let told = folder.text(&["webhook", "replay-state", replayed["id"].as_str().unwrap(), "--wait"]);
    assert!(told.contains("done") && told.trim_end().ends_with("events, 1 sent again"), "{told}");
    let begun = folder.json(&["webhook", "replay", id, &since, "--only-failed", "--json"]);
    assert_eq!(begun["state"], "running", "the server does it");
    let received = receiver.received();
    assert!(received.iter().all(|one| one.fits(secret)));
    assert!(received[2].fits(rotated["secret"].as_str().unwrap()) && received[2].id == received[1].id);
    let list = folder.text(&["webhook", "list"]);
    assert!(
        list.contains(id) && list.contains("ok  tag.*,contact.created") && !list.contains("whsec_"),
        "{list}"
    );
    assert_eq!(folder.text(&["webhook", "remove", id]).trim(), "removed");
    assert_eq!(folder.text(&["webhook", "list"]).trim(), "");
}

/// `chancery listen`, until this is dropped.
struct Listening {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
    secret: String,
}

impl Listening {
    fn start(server: &Server, key: &str, more: &[&str]) -> Listening {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
        command.args(["listen", "--server", &server.url]).args(more).env_clear().env("CHANCERY_API_KEY", key);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut secret = String::new();
        for line in BufReader::new(child.stderr.take().unwrap()).lines() {
            let line = line.unwrap();
            if line.trim().starts_with("whsec_") {
                line.trim().clone_into(&mut secret);
            }
            if line.starts_with("Listening to") {
                break;
            }
        }
        let lines = BufReader::new(child.stdout.take().unwrap());
        Listening { child, lines, secret }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listen_forwards_signed_events_with_their_object() {
    let (folder, mail, receiver) = (Folder::new(), mail_server().await, Receiver::start().await.unwrap());
    let (key, _) = set_up(&folder, &mail);
    let server = folder.serve(&[]).await;
    let (url, outside) = (receiver.url(), Outside::new(&server, &key));
    let more = ["--forward-to", &url, "--events", "contact.*", "--after", "0"];
    let mut listening = Listening::start(&server, &key, &more);
    assert_eq!(outside.post("/v1/tags", json!({ "name": "VIP" })).await.0, 201);
    let jane =
        json!({ "name": "Jane", "identities": [{ "channel": "email", "address": "jane@example.com" }] });
    assert_eq!(outside.post("/v1/contacts", jane).await.0, 201);
    let line = listening.line();
    assert!(line.contains("contact.created") && line.contains("→ 204"), "{line}");
    let came = receiver.received().remove(0);
    assert!(came.fits(&listening.secret));
    assert_eq!(came.json()["data"]["contact"]["name"], "Jane");
    let mut json = Listening::start(&server, &key, &["--json", "--after", "0"]);
    let first: serde_json::Value = serde_json::from_str(&json.line()).unwrap();
    assert_eq!((&first["seq"], first["type"].is_string()), (&json!(1), true));
    let refused = folder.fails(&["listen", "--server", &server.url, "--key", "ck_wrong"]);
    assert!(refused.contains("refuses the key"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listen_begins_at_once_and_misses_nothing_when_the_server_is_away() {
    let (folder, mail) = (Folder::new(), mail_server().await);
    let (key, _) = set_up(&folder, &mail);
    let mut server = folder.serve(&[]).await;
    let address = server.url.trim_start_matches("http://").to_owned();
    let mut listening = Listening::start(&server, &key, &["--events", "tag.*"]);
    // Before anything was told to it, the server ends, and something happens while nobody listens.
    server.kill().await;
    let other = folder.serve(&[]).await;
    assert_eq!(Outside::new(&other, &key).post("/v1/tags", json!({ "name": "meanwhile" })).await.0, 201);
    other.stop().await;
    let again = folder.serve_at(&address).await;
    assert_eq!(Outside::new(&again, &key).post("/v1/tags", json!({ "name": "after" })).await.0, 201);
    let (first, second) = (listening.line(), listening.line());
    assert!(first.contains("tag.changed") && second.contains("tag.changed"), "{first}{second}");
    let number = |line: &str| -> i64 {
        line.split('#').nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap()
    };
    assert!(number(&first) < number(&second));
}

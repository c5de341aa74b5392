//! A full disk: new work is refused in words, and what was accepted before is whole.

use serde_json::{Value, json};
use testkit::sim::smtp;

use super::program::{Folder, Outside, wait_until};
use super::{mail_server, set_up};

/// Checks that every accepted message is kept, and that none is at the mail server twice.
pub async fn all_are_there_once(outside: &Outside, accepted: &[String], mail: &smtp::Server) {
    for id in accepted {
        let path = format!("/v1/messages/{id}");
        let settled = async || {
            let (status, message) = outside.get(&path).await;
            assert_eq!(status, 200, "{id} is lost: {message}");
            ["sent", "unknown"].contains(&message["state"].as_str().unwrap())
        };
        wait_until("the message is sent, or known to be unknown", settled).await;
        let (_, message) = outside.get(&path).await;
        let times = mail.ids().get(message["rfc_message_id"].as_str().unwrap()).copied().unwrap_or(0);
        assert!(times <= 1, "{id} arrived {times} times");
        assert!(message["state"] == "unknown" || times == 1, "{id} is said to be sent");
    }
}

fn large_letter(n: usize) -> Value {
    json!({ "to": format!("reader{n}@example.com"), "subject": "Your order", "text": "x".repeat(30_000) })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_new_work_and_loses_nothing() {
    let (folder, mail) = (Folder::new(), mail_server().await);
    let (key, _) = set_up(&folder, &mail);
    let mut server = folder.serve_with_little_room(1_500_000).await;
    let outside = Outside::new(&server, &key);
    let mut heavy = large_letter(0);
    heavy["attachments"] = json!([{ "filename": "film.bin", "content_base64": "A".repeat(4 << 20) }]);
    let (status, reply) = outside.post("/v1/messages", heavy).await;
    assert_eq!((status, &reply["code"]), (503, &json!("unavailable")), "a file that does not fit: {reply}");
    assert_eq!(folder.files_in("blobs"), 0, "half a file is no use to anybody");
    let mut accepted = Vec::new();
    let mut refused = None;
    for n in 0..500 {
        let (status, reply) = outside.post("/v1/messages", large_letter(n)).await;
        if status != 202 {
            refused = Some((status, reply));
            break;
        }
        accepted.push(reply["id"].as_str().unwrap().to_owned());
    }
    let (status, reply) = refused.expect("the room ends");
    assert_eq!((status, &reply["code"]), (503, &json!("unavailable")), "{reply}");
    assert!(accepted.len() > 3, "{} were accepted", accepted.len());
    assert_eq!(outside.get("/healthz").await.0, 200);
    // What is small may still have room; in the end nothing has.
    wait_until("it says that it is not ready", async || {
        let (status, reply) =
            outside.post("/v1/messages", json!({ "to": "jane@example.com", "text": "Hi" })).await;
        if status == 202 {
            accepted.push(reply["id"].as_str().unwrap().to_owned());
        }
        outside.get("/readyz").await.0 == 503
    })
    .await;
    assert_eq!(outside.get(&format!("/v1/messages/{}", accepted[0])).await.0, 200, "it still reads");
    server.kill().await;

    let server = folder.serve(&[]).await;
    let outside = Outside::new(&server, &key);
    all_are_there_once(&outside, &accepted, &mail).await;
    let (status, reply) = outside.post("/v1/messages", large_letter(1_000)).await;
    assert_eq!(status, 202, "{reply}");
    outside.becomes(reply["id"].as_str().unwrap(), "sent").await;
}

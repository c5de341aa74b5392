//! Search by the command line, beside a running server.

use serde_json::json;

use super::program::{Folder, Outside, wait_until};
use super::{letter, mail_server, set_up};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_took_in_is_found_beside_it() {
    let (folder, mail) = (Folder::new(), mail_server().await);
    let (key, _) = set_up(&folder, &mail);
    let server = folder.serve(&[]).await;
    let sent = Outside::new(&server, &key).post("/v1/messages", letter(1)).await;
    assert_eq!(sent.0, 202, "{}", sent.1);
    let outside = Outside::new(&server, &key);
    wait_until("the index has it", async || {
        outside.get("/v1/search?q=way").await.1["data"].as_array().is_some_and(|rows| !rows.is_empty())
    })
    .await;
    let found = folder.json(&["search", "subject:order", "\"its way\"", "--json"]);
    assert_eq!((&found["message_id"], &found["snippet"][1]["hit"]), (&sent.1["id"], &json!(true)), "{found}");
    let shown = folder.text(&["search", "to:reader1", "way"]);
    assert!(shown.contains("reader1@example.com: Your order") && shown.contains("on its [way]."), "{shown}");
    assert_eq!(folder.text(&["search", "absent"]).trim(), "");
}

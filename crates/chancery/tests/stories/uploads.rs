//! Files that come in by themselves: whatever their name and type, they harm nobody, and they stay as long as they are named.

use domain::access::{Principal, Role};
use domain::ids::TenantId;
use engine::Error;
use http::Method;
use serde_json::json;
use testkit::{Actor, Reply, TestApp};

use crate::scene::*;

async fn upload(actor: &Actor, filename: &str, content_type: Option<&str>, bytes: &[u8]) -> Reply {
    let path = format!("/v1/uploads?filename={}", encoded(filename));
    actor.send(Method::POST, &path, content_type, bytes.to_vec()).await
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn conversation_of(app: &TestApp) -> String {
    let message = receive(app, mail("jane@example.com", "Hello", "hello@example.com", &[], "Hi")).await;
    message["conversation_id"].as_str().unwrap().to_owned()
}

/// How many files lie in the folder of uploads.
fn files_on_disk(app: &TestApp) -> usize {
    std::fs::read_dir(app.engine().options().data_dir.join("uploads")).map_or(0, Iterator::count)
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

story!(a_file_comes_back_as_it_was, async |app| {
    let sam = app.person(Role::Agent).await;
    let text = "Grüße,\n".repeat(5_000);
    let made = upload(&sam, "Grüße.txt", None, text.as_bytes()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!((made.text("filename"), made.text("content_type")), ("Grüße.txt", "text/plain"));
    assert_eq!(made.body["size"], json!(text.len()));
    let got = sam.get(made.text("url")).await;
    assert_eq!((got.status, got.bytes), (200, text.into_bytes()));
    assert_eq!(got.headers["content-type"], "application/octet-stream");
    let disposition = got.headers["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment; ") && disposition.ends_with("''Gr%C3%BC%C3%9Fe.txt"));
    assert_eq!(got.headers["x-content-type-options"], "nosniff");
    assert!(got.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    // A generic type is found out, a given one is believed.
    let picture = upload(&sam, "a", Some("application/octet-stream"), PNG).await;
    assert_eq!(picture.text("content_type"), "image/png");
    assert_eq!(sam.get(picture.text("url")).await.headers["content-type"], "image/png");
    let given = upload(&sam, "a.pdf", Some("application/pdf"), b"%PDF-1.7").await;
    assert_eq!(given.text("content_type"), "application/pdf");
});

story!(hostile_names_and_types_harm_nobody, async |app| {
    let sam = app.person(Role::Agent).await;
    let page = b"<html><script>alert(1)</script></html>";
    for (name, kept) in [
        ("../../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a\"; filename=\"b.html\r\nX-Evil: 1", "a\"; filename=\"b.htmlX-Evil: 1"),
        ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
        ("", "file"),
        ("\0", "file"),
        ("<script>.html", "<script>.html"),
    ] {
        let made = upload(&sam, name, Some("text/html"), page).await;
        assert_eq!((made.status, made.text("filename")), (201, kept), "{}", made.body);
        let got = sam.get(made.text("url")).await;
        assert_eq!(got.headers["content-type"], "application/octet-stream", "never a page under our origin");
        let disposition = got.headers["content-disposition"].to_str().unwrap();
        assert!(disposition.starts_with("attachment; "), "{disposition}");
        assert_eq!(disposition.matches('"').count(), 2, "{disposition}");
        assert!(!got.headers.contains_key("x-evil"));
    }
    // A picture that is none is not run either: browsers are told not to guess.
    let liar = upload(&sam, "a.png", Some("image/png"), page).await;
    assert_eq!(sam.get(liar.text("url")).await.headers["x-content-type-options"], "nosniff");
    let svg = upload(&sam, "a.svg", Some("image/svg+xml"), b"<svg onload='alert(1)'/>").await;
    assert_eq!(sam.get(svg.text("url")).await.headers["content-type"], "application/octet-stream");
    let long = upload(&sam, &format!("{}.pdf", "x".repeat(2_000)), None, b"%PDF-1.7").await;
    assert!(long.text("filename").len() <= 255 && long.text("filename").ends_with(".pdf"));
    assert_eq!(upload(&sam, "a", Some("te xt"), b"x").await.status, 422);
    assert_eq!(upload(&sam, "a", None, b"").await.summary(), "422 invalid_request ");
});

story!(a_file_that_is_too_large_leaves_nothing, async |app| {
    let sam = app.person(Role::Agent).await;
    let most = 25 << 20;
    let large = upload(&sam, "large.bin", None, &vec![7; most + 1]).await;
    assert_eq!(large.summary(), "413 payload_too_large");
    // Also when nobody says beforehand how large it is.
    assert_eq!(files_on_disk(&app), 0);
    let fits = upload(&sam, "fits.bin", None, &vec![7; most]).await;
    assert_eq!(fits.status, 201, "{}", fits.body);
    assert_eq!(sam.get(fits.text("url")).await.bytes.len(), most);
    // With a key the same bytes are taken once, other bytes are refused.
    let once = sam.clone().with("idempotency-key", "file-1");
    let first = upload(&once, "a.bin", None, &vec![1; 2 << 20]).await;
    let again = upload(&once, "a.bin", None, &vec![1; 2 << 20]).await;
    assert_eq!((first.status, &first.body), (201, &again.body));
    assert_eq!(upload(&once, "a.bin", None, &vec![2; 2 << 20]).await.summary(), "422 idempotency_mismatch");
    assert_eq!(files_on_disk(&app), 2);
});

story!(what_was_coming_in_when_the_server_died_is_gone_at_its_next_start, async |app| {
    let key = app.key();
    let whole = upload(&key, "whole.txt", None, b"whole").await;
    let folder = app.engine().options().data_dir.join("uploads");
    std::fs::write(folder.join("upl_01h455vb4pex5vsknk084sn02q.part"), b"half").unwrap();
    let app = app.kill().await;
    assert_eq!(files_on_disk(&app), 1);
    assert_eq!(app.key().get(whole.text("url")).await.bytes, b"whole");
});

story!(an_upload_is_its_senders_until_a_note_has_it, async |app| {
    let (sam, kim) = (app.person(Role::Agent).await, app.person(Role::Agent).await);
    let conversation = conversation_of(&app).await;
    let notes = format!("/v1/conversations/{conversation}/notes");
    let file = upload(&sam, "plan.pdf", None, b"%PDF-1.7").await;
    let named = json!({ "text": "", "attachments": [{ "upload_id": file.text("id") }] });
    assert_eq!(kim.get(file.text("url")).await.summary(), "404 not_found");
    assert_eq!(
        kim.post(&notes, named.clone()).await.summary(),
        "422 invalid_request /attachments/0/upload_id"
    );
    let draft = json!({ "kind": "reply", "content": { "attachments": [{ "upload_id": file.text("id") }] } });
    assert_eq!(kim.post("/v1/drafts", draft).await.summary(), "422 invalid_request /content/attachments/0");
    let note = sam.post(&notes, named.clone()).await;
    assert_eq!(note.status, 201, "{}", note.body);
    let shown = &note.body["attachments"][0];
    assert_eq!(
        (&shown["filename"], &shown["size"], &shown["url"]),
        (&json!("plan.pdf"), &json!(8), &file.body["url"])
    );
    assert_eq!(kim.get(file.text("url")).await.bytes, b"%PDF-1.7");
    assert_eq!(sam.post(&notes, named).await.summary(), "422 invalid_request /attachments/0/upload_id");
    let empty = sam.patch(&format!("/v1/notes/{}", note.text("id")), json!({ "text": "" })).await;
    assert_eq!(empty.status, 200, "a file alone says something");
});

story!(a_message_takes_an_upload_along_and_leaves_it_where_it_is, async |app| {
    let (server, _) = app.mail_server().await;
    let (sam, kim) = (app.person(Role::Agent).await, app.person(Role::Agent).await);
    let file = upload(&sam, "Rechnung Müller.pdf", None, b"%PDF-1.7").await;
    let message =
        merged(letter("jane@example.com"), json!({ "attachments": [{ "upload_id": file.text("id") }] }));
    let stolen = kim.post("/v1/messages", message.clone()).await;
    assert_eq!(stolen.summary(), "422 invalid_request /attachments/0/upload_id", "{}", stolen.body);
    let sent = sam.post("/v1/messages", message.clone()).await;
    assert_eq!(sent.status, 202, "{}", sent.body);
    let shown = becomes(&app, sent.text("id"), "sent").await;
    let kept = &shown["attachments"][0];
    assert_eq!((&kept["filename"], &kept["size"]), (&json!("Rechnung Müller.pdf"), &json!(8)));
    // Called back or forgotten, it can be sent again; and the message's own outlives the upload.
    assert_eq!(sam.post("/v1/messages", message).await.status, 202);
    app.wait_until("both have left", async || server.count() == 2).await;
    app.advance(8 * DAY).await;
    app.wait_until("the upload is gone", async || files_on_disk(&app) == 0).await;
    assert_eq!(app.key().get(kept["url"].as_str().unwrap()).await.bytes, b"%PDF-1.7");
});

story!(an_upload_stays_as_long_as_something_names_it, async |app| {
    let sam = app.person(Role::Agent).await;
    let conversation = conversation_of(&app).await;
    let mut files = Vec::new();
    for name in ["forgotten.txt", "drafted.txt", "noted.txt"] {
        files.push(upload(&sam, name, None, name.as_bytes()).await.body);
    }
    let url = |place: usize| files[place]["url"].as_str().unwrap().to_owned();
    let named = |place: usize| json!([{ "upload_id": files[place]["id"] }]);
    let draft =
        sam.post("/v1/drafts", json!({ "kind": "new", "content": { "attachments": named(1) } })).await;
    let kept = &draft.body["content"]["attachments"][0];
    assert_eq!((&kept["filename"], &kept["url"]), (&json!("drafted.txt"), &files[1]["url"]));
    // A window sends back what it was told.
    let path = format!("/v1/drafts/{}", draft.text("id"));
    let body = json!({ "content": draft.body["content"] }).to_string().into_bytes();
    assert_eq!(sam.send(Method::PUT, &path, Some("application/json"), body).await.body, draft.body);
    let note = json!({ "text": "See there.", "attachments": named(2) });
    let note = sam.post(&format!("/v1/conversations/{conversation}/notes"), note).await;
    app.advance(6 * DAY).await;
    assert_eq!(files_on_disk(&app), 3);
    app.advance(2 * DAY).await;
    app.wait_until("the forgotten one is gone", async || files_on_disk(&app) == 2).await;
    app.advance(20 * DAY).await;
    for (place, expected) in [(0, 404), (1, 200), (2, 200)] {
        assert_eq!(sam.get(&url(place)).await.status, expected);
    }
    assert_eq!(files_on_disk(&app), 2, "the draft and the note still name theirs");
    assert_eq!(sam.delete(&path).await.status, 204);
    assert_eq!(sam.delete(&format!("/v1/notes/{}", note.text("id"))).await.status, 204);
    app.advance(2 * DAY).await;
    app.wait_until("nothing is left", async || files_on_disk(&app) == 0).await;
});

story!(another_tenant_finds_nothing_of_ours, async |app| {
    let sam = app.person(Role::Agent).await;
    let conversation = conversation_of(&app).await;
    let file = upload(&sam, "plan.pdf", None, b"%PDF-1.7").await;
    let note = json!({ "text": "Ours", "attachments": [{ "upload_id": file.text("id") }] });
    let note = sam.post(&format!("/v1/conversations/{conversation}/notes"), note).await;
    let canned = json!({ "shortcut": "hi", "name": "Hi", "text": "Hi" });
    let canned = sam.post("/v1/canned-responses", canned).await.text("id").parse().unwrap();
    let (theirs, engine) = (Principal::system(TenantId(2)), app.engine());
    let note_id = note.text("id").parse().unwrap();
    assert!(matches!(engine.note(&theirs, note_id).await, Err(Error::NotFound(_))));
    assert!(matches!(engine.remove_note(&theirs, note_id).await, Err(Error::NotFound(_))));
    let file = file.text("id").parse().unwrap();
    assert!(matches!(engine.upload_content(&theirs, file).await, Err(Error::NotFound(_))));
    assert!(matches!(engine.canned_response(&theirs, canned).await, Err(Error::NotFound(_))));
    assert!(matches!(engine.render_canned_response(&theirs, canned, None).await, Err(Error::NotFound(_))));
    assert!(matches!(engine.delete_canned_response(&theirs, canned).await, Err(Error::NotFound(_))));
    let new = engine::inbox::NewNote { text: "Theirs".into(), ..Default::default() };
    let written = engine.write_note(&theirs, conversation.parse().unwrap(), new).await;
    assert!(matches!(written, Err(Error::NotFound(_))));
    assert_eq!(sam.get(&format!("/v1/notes/{}", note.text("id"))).await.text("text"), "Ours");
});

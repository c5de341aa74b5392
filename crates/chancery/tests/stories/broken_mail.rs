//! Mail that is not as it should be: what it says is found all the same, and what was attached is whole.

use crate::scene::*;

/// A message with the headers of one with parts, and a body.
fn parts(id: &str, body: &str) -> String {
    format!(
        "From: jane@example.com\r\nTo: support@company.example.com\r\nSubject: Cut\r\nMessage-ID: <{id}@example.com>\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=outer\r\n\r\n{body}"
    )
}

const TEXT: &str = "Content-Type: text/plain\r\n\r\nHere it is.\r\n";
const FILE: &str =
    "Content-Type: application/pdf; name=plan.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n";

story!(a_mail_without_its_last_line_says_what_it_says, async |app| {
    for (id, body, files) in [
        ("one", format!("--outer\r\n{TEXT}"), 0),
        ("two", format!("--outer\r\n{TEXT}--outer\r\n{FILE}"), 1),
        (
            "inner",
            format!(
                "--outer\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n--inner\r\n{TEXT}\
                 --outer\r\n{FILE}--outer--\r\n"
            ),
            1,
        ),
    ] {
        let raw = parts(id, &body);
        let message = receive(&app, raw.as_str()).await;
        assert_eq!(message["text"], "Here it is.", "{id}: {message}");
        assert!(message["parse_notice"].is_string(), "{id}: {message}");
        let attached = message["attachments"].as_array().unwrap();
        assert_eq!(attached.len(), files, "{id}: {message}");
        for file in attached {
            let bytes = app.key().get(file["url"].as_str().unwrap()).await.bytes;
            assert_eq!((file["filename"].as_str(), &bytes[..]), (Some("plan.pdf"), &b"%PDF-"[..]), "{id}");
        }
        let as_it_came = format!("/v1/messages/{}/raw", message["id"].as_str().unwrap());
        assert_eq!(app.key().get(&as_it_came).await.bytes, raw.as_bytes());
    }
});

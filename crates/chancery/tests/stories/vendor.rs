//! What stories of providers behind an HTTP API begin with, and what all of them look at.

use serde_json::{Value, json};
use testkit::TestApp;

use crate::scene::*;

/// An account at a simulated provider, and the app where its webhooks reach it.
pub struct Account {
    pub id: String,
    /// Where its webhooks go.
    pub url: String,
    /// The app listens until this is dropped.
    pub listening: Listening,
}

/// Adds an account of a provider with these settings.
pub async fn account_at(app: &TestApp, provider: &str, settings: Value) -> Account {
    let account = json!({ "name": provider, "provider": provider, "settings": settings });
    let reply = app.key().post("/v1/channel-accounts", account).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let listening = listen(app).await;
    let path = reply.body["webhook_url"].as_str().unwrap().split_once("example.com").unwrap().1;
    let url = format!("http://{}{path}", listening.address);
    Account { id: reply.text("id").to_owned(), url, listening }
}

impl Account {
    pub fn path(&self) -> String {
        format!("/v1/channel-accounts/{}", self.id)
    }

    /// The path of its webhooks, with their secret.
    pub fn hook(&self) -> &str {
        self.url.strip_prefix(&format!("http://{}", self.listening.address)).unwrap()
    }
}

/// Tells something in which the provider may give no answer at all. Only then does the account wait for two seconds and no
/// longer: on a busy machine every other answer may take a while.
pub async fn told_with_patience<T>(
    app: &TestApp,
    account: &str,
    hangs: bool,
    told: impl Future<Output = T>,
) -> T {
    let waits = async |seconds: u16| {
        let settings = json!({ "settings": { "timeout_seconds": seconds } });
        let reply = app.key().patch(&format!("/v1/channel-accounts/{account}"), settings).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    };
    if hangs {
        waits(2).await;
    }
    let end = told.await;
    if hangs {
        waits(60).await;
    }
    end
}

/// Sends a message to Jane, and gives its id once its attempts have ended so.
pub async fn ended(app: &TestApp, expected: &[&str]) -> String {
    let id = send(app, letter("jane@example.com")).await;
    app.wait_until("the attempt is over", async || outcomes(&message(app, &id).await) == expected).await;
    id
}

/// The mails that came in, once there are so many.
pub async fn received(app: &TestApp, count: usize) -> Vec<Value> {
    let path = "/v1/messages?direction=inbound";
    app.wait_until("the mail is there", async || app.key().get(path).await.rows().len() == count).await;
    app.key().get(path).await.rows().to_vec()
}

/// An answer with a picture, in letters that are not ASCII.
pub fn mail_with_file(id: &str, header: &str) -> String {
    format!(
        "From: Jane Doe <jane@example.com>\r\nTo: support@company.example.com\r\nSubject: Re: Your order\r\n\
         Message-ID: <{id}>\r\n{header}\r\nToken: a header that is called like a field\r\n\
         Date: Fri, 20 Nov 2026 11:59:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=m\r\n\r\n\
         --m\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         Danke f=FCr alles\r\n\
         --m\r\nContent-Type: image/png; name=photo.png\r\nContent-Disposition: attachment; filename=photo.png\r\n\
         Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--m--\r\n"
    )
}

/// That such a mail came in whole, and into this conversation.
pub async fn arrived_whole(app: &TestApp, answer: &Value, conversation: &Value, how: &str) {
    assert_eq!(answer["conversation_id"], *conversation, "{how}");
    let answer = message(app, answer["id"].as_str().unwrap()).await;
    assert_eq!(answer["text"].as_str().map(str::trim), Some("Danke für alles"), "{how}");
    assert_eq!(answer["attachments"][0]["filename"], "photo.png", "{how}");
    assert_eq!(answer["attachments"][0]["size"], 8, "{how}");
}

/// A message with everything that one can have.
pub fn full_letter() -> Value {
    json!({
        "to": ["Jane Doe <jane@example.com>", "jim@example.com"],
        "cc": "joe@example.com",
        "bcc": "june@example.com",
        "subject": "Ihre Bestellung ✓",
        "text": "Hallo",
        "html": "<p>Hallo <img src=\"cid:logo\"></p>",
        "headers": {
            "List-Unsubscribe": "<https://example.com/u/1>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        "attachments": [
            { "filename": "logo.png", "content_type": "image/png", "content_base64": "iVBORw0KGgo=", "content_id": "logo" },
            // printf 'a\r\n--b\r\n\r\n' | base64
            { "filename": "Rechnung.bin", "content_type": "application/x-thing", "content_base64": "YQ0KLS1iDQoNCg==" },
        ],
    })
}

/// Changes settings of the account, and gives the steps of its check that fail then.
pub async fn failed_steps(app: &TestApp, account: &Account, settings: Value) -> Vec<String> {
    assert_eq!(app.key().patch(&account.path(), json!({ "settings": settings })).await.status, 200);
    let checked = app.key().post(&format!("{}/check", account.path()), json!({})).await;
    let steps = checked.body["steps"].as_array().unwrap();
    let failed = steps.iter().filter(|step| step["ok"] == false);
    failed.map(|step| step["name"].as_str().unwrap().to_owned()).collect()
}

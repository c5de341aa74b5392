//! Tells of events as the real one does: one in each request, JSON, with headers echoed.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use net::http::Request;
use serde_json::json;

use super::email::Taken;
use super::{Shared, vendor_time};

/// Where events go.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub url: String,
    pub authorization: Option<String>,
}

/// One event about one message.
#[derive(Debug, Clone)]
pub struct Told {
    pub about: Taken,
    /// The vendor's word, such as `delivered`.
    pub event: String,
    /// The recipient; the first one when it is not given.
    pub recipient: Option<String>,
    /// `hard` or `soft` for a bounce.
    pub bounce: Option<String>,
    pub message: Option<String>,
}

impl Told {
    /// The event of that name about a message.
    #[must_use]
    pub fn of(about: &Taken, event: &str) -> Told {
        Told { about: about.clone(), event: event.to_owned(), recipient: None, bounce: None, message: None }
    }

    /// A bounce, `hard` or `soft`.
    #[must_use]
    pub fn bounce(about: &Taken, kind: &str) -> Told {
        let message = if kind == "hard" { "550 5.1.1 no such user" } else { "452 4.2.2 mailbox full" };
        Told { bounce: Some(kind.to_owned()), message: Some(message.to_owned()), ..Told::of(about, "bounce") }
    }
}

pub(super) async fn tell(shared: &Shared, told: Told) -> Option<u16> {
    let target = shared.webhook.lock().clone()?;
    let about = &told.about;
    let recipient = told.recipient.as_ref().or(about.recipients.first());
    let is_processed = told.event == "processed";
    let mut body = json!({
        "event": told.event,
        "time": vendor_time(shared.options.clock.now()),
        "sendtime": vendor_time(about.at),
        "sender": about.sender,
        "from": about.sender,
        "auth": "api-SIMU",
        "srchost": "127.0.0.1",
        "email_id": about.email_id,
        "id": format!("{}-{}-{}", about.email_id, told.event, recipient.map_or("", String::as_str)),
        "message-id": format!("<E{}@message-id.smtpcorp.com>", about.email_id),
        "subject": about.subject,
    });
    if is_processed {
        body["recipients"] = json!(about.recipients);
    } else {
        body["rcpt"] = json!(recipient);
        body["host"] = json!("mx.example.com [192.0.2.10]");
        body["message"] = json!(told.message.as_deref().unwrap_or("250 2.0.0 ok"));
    }
    if let Some(bounce) = &told.bounce {
        body["bounce"] = json!(bounce);
    }
    if let Some(id) = about.header("X-Chancery-Id") {
        body["X-Chancery-Id"] = json!(id);
    }
    let mut request = Request::post_json(target.url, body.to_string(), Duration::from_secs(10));
    if let Some(value) = target.authorization.and_then(|text| HeaderValue::from_str(&text).ok()) {
        request.headers.insert(http::header::AUTHORIZATION, value);
    }
    shared.http.send(request).await.ok().map(|answer| answer.status.as_u16())
}

/// The usual life of a message: processed, then delivered, or bounced for who is called so.
pub(super) fn tell_later(shared: &Arc<Shared>, taken: Taken) {
    let later = Arc::clone(shared);
    let mut telling = shared.telling.lock();
    while telling.try_join_next().is_some() {}
    telling.spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut events = vec![Told::of(&taken, "processed")];
        for recipient in &taken.recipients {
            let told = if recipient.starts_with("bounce") {
                Told::bounce(&taken, "hard")
            } else {
                Told::of(&taken, "delivered")
            };
            events.push(Told { recipient: Some(recipient.clone()), ..told });
        }
        for event in events {
            tell(&later, event).await;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    });
}

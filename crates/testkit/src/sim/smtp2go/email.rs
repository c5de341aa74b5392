//! `/email/send`: what the real one refuses is refused, the rest is taken.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::address::Mailbox;
use domain::clock::Timestamp;
use serde_json::{Value, json};

use super::super::http::Turn;
use super::{Shared, ok, webhook, wrong_field};

const MAX_BODY_BYTES: usize = 50_000_000;
const MAX_RECIPIENTS: usize = 100;
const REFUSED_HEADERS: &[&str] = &["content-type", "content-transfer-encoding", "mime-version"];

/// One message that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    pub email_id: String,
    pub at: Timestamp,
    pub sender: String,
    /// To, Cc and Bcc: addresses only.
    pub recipients: Vec<String>,
    pub subject: String,
    /// The custom headers, in order.
    pub headers: Vec<(String, String)>,
    /// The whole request; null when requests are not kept.
    pub request: Value,
}

impl Taken {
    /// The custom header of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

pub(super) fn send(shared: &Arc<Shared>, request: Value, size: usize) -> Turn {
    if size > MAX_BODY_BYTES {
        return Turn::Answer { status: 413, body: "<html>413</html>".to_owned() };
    }
    let mut taken = match read(&request) {
        Ok(taken) => taken,
        Err((field, words)) => return wrong_field(field, &words),
    };
    let number = shared.count.fetch_add(1, Ordering::SeqCst) + 1;
    taken.email_id = format!("1sim00-{number:010}");
    taken.at = shared.options.clock.now();
    if shared.options.keeps_requests {
        taken.request = request;
    }
    let answer = json!({ "email_id": taken.email_id, "succeeded": 1, "failed": 0, "failures": [] });
    shared.taken.lock().push(taken.clone());
    if shared.options.tells {
        webhook::tell_later(shared, taken);
    }
    ok(answer)
}

fn read(request: &Value) -> Result<Taken, (&'static str, String)> {
    let sender = request.get("sender").and_then(Value::as_str).unwrap_or_default();
    if sender.parse::<Mailbox>().is_err() {
        return Err(("sender", format!("{sender} is not a valid sender")));
    }
    let mut recipients = Vec::new();
    for field in ["to", "cc", "bcc"] {
        recipients.extend(addresses(request, field)?);
    }
    if request.get("to").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return Err(("to", "at least one recipient is needed".to_owned()));
    }
    let has_body = ["text_body", "html_body", "template_id"].iter().any(|field| request.get(field).is_some());
    if !has_body {
        return Err(("text_body", "text_body, html_body or template_id is needed".to_owned()));
    }
    Ok(Taken {
        email_id: String::new(),
        at: Timestamp::default(),
        sender: sender.to_owned(),
        recipients,
        subject: request.get("subject").and_then(Value::as_str).unwrap_or_default().to_owned(),
        headers: headers(request)?,
        request: Value::Null,
    })
}

fn addresses(request: &Value, field: &'static str) -> Result<Vec<String>, (&'static str, String)> {
    let Some(list) = request.get(field) else { return Ok(Vec::new()) };
    let list = list.as_array().ok_or((field, "an array is expected".to_owned()))?;
    if list.len() > MAX_RECIPIENTS {
        return Err((field, "there are more than 100 recipients".to_owned()));
    }
    list.iter()
        .map(|item| {
            let text = item.as_str().unwrap_or_default();
            let mailbox: Mailbox =
                text.parse().map_err(|_| (field, format!("{text} is not a valid email address")))?;
            Ok(mailbox.address.as_str().to_owned())
        })
        .collect()
}

fn headers(request: &Value) -> Result<Vec<(String, String)>, (&'static str, String)> {
    let list = request.get("custom_headers").and_then(Value::as_array).into_iter().flatten();
    list.map(|item| {
        let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
        let (Some(name), Some(value)) = (text("header"), text("value")) else {
            return Err(("custom_headers", "header and value are needed".to_owned()));
        };
        if REFUSED_HEADERS.contains(&name.to_lowercase().as_str()) {
            return Err(("custom_headers", format!("{name} may not be given")));
        }
        Ok((name, value))
    })
    .collect()
}

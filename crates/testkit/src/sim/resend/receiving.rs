//! Received mails: announced without their content, and given out on request, whole or in fields.

use bytes::Bytes;
use domain::clock::Timestamp;
use serde_json::{Map, Value, json};

use super::super::http::Turn;
use super::webhook::Told;
use super::{Shared, error, ok};

/// One mail that was received.
pub(super) struct Received {
    id: String,
    whole: bool,
    to: String,
    raw: String,
    at: Timestamp,
}

pub(super) fn receive(shared: &Shared, whole: bool, to: &str, raw: &str) -> (String, Told) {
    let mut received = shared.received.lock();
    let id = format!("550e8400-0000-4000-8000-{:012}", received.len() + 1);
    received.push(Received {
        id: id.clone(),
        whole,
        to: to.to_owned(),
        raw: raw.to_owned(),
        at: shared.options.clock.now(),
    });
    let parsed = mail::parse(raw.as_bytes());
    let data = json!({
        "email_id": id,
        "created_at": shared.options.clock.now().to_string(),
        "from": parsed.from.map(|from| from.to_string()),
        "to": [to],
        "cc": [],
        "bcc": [],
        "subject": parsed.subject,
        "message_id": parsed.message_id,
        "attachments": [],
    });
    (id, Told::with("email.received", data))
}

/// Newest first, at most a hundred.
pub(super) fn list(shared: &Shared, query: &str) -> Turn {
    let asked = |name: &str| {
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(known, _)| *known == name)
            .map(|it| it.1)
    };
    let limit: usize = asked("limit").and_then(|limit| limit.parse().ok()).unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return error(422, "validation_error", "The `limit` must be between 1 and 100.");
    }
    let received = shared.received.lock();
    let newest: Vec<&Received> = received.iter().rev().collect();
    let behind = asked("after").and_then(|id| newest.iter().position(|one| one.id == id));
    let rest = &newest[behind.map_or(0, |place| place + 1)..];
    let page: Vec<Value> = rest
        .iter()
        .take(limit)
        .map(|one| json!({ "id": one.id, "to": [one.to], "created_at": one.at.to_string() }))
        .collect();
    ok(&json!({ "object": "list", "has_more": rest.len() > limit, "data": page }))
}

pub(super) fn show(shared: &Shared, id: &str) -> Turn {
    let received = shared.received.lock();
    let Some(found) = received.iter().find(|one| one.id == id) else { return not_found() };
    let parsed = mail::parse(found.raw.as_bytes());
    let headers: Map<String, Value> =
        parsed.headers.iter().map(|(name, value)| (name.to_lowercase(), json!(value.trim()))).collect();
    let files = parsed.parts.iter().enumerate().map(|(number, part)| {
        let mut file = json!({
            "id": format!("file-{number}"),
            "filename": part.filename,
            "content_type": part.content_type,
            "size": part.bytes.len(),
        });
        if let Some(id) = &part.content_id {
            file["content_id"] = json!(id);
        }
        file
    });
    let mut body = json!({
        "object": "email",
        "id": found.id,
        "to": [found.to],
        "from": parsed.from.map(|from| from.to_string()).unwrap_or_default(),
        "cc": null,
        "reply_to": [],
        "subject": parsed.subject.unwrap_or_default(),
        "message_id": parsed.message_id.map(|id| format!("<{id}>")).unwrap_or_default(),
        "text": parsed.text,
        "html": parsed.html,
        "headers": headers,
        "attachments": files.collect::<Vec<_>>(),
    });
    if found.whole {
        body["raw"] = json!({ "download_url": format!("{}/download/{}", shared.base_url(), found.id) });
    }
    ok(&body)
}

pub(super) fn attachment(shared: &Shared, id: &str, file: &str) -> Turn {
    if !shared.received.lock().iter().any(|one| one.id == id) {
        return not_found();
    }
    ok(&json!({ "id": file, "download_url": format!("{}/download/{id}+{file}", shared.base_url()) }))
}

pub(super) fn download(shared: &Shared, place: &str) -> Turn {
    let (id, file) = place.split_once("+file-").map_or((place, None), |(id, file)| (id, Some(file)));
    let received = shared.received.lock();
    let Some(found) = received.iter().find(|one| one.id == id) else { return not_found() };
    let bytes = match file {
        None => Some(Bytes::from(found.raw.clone())),
        Some(number) => {
            let parts = mail::parse(found.raw.as_bytes()).parts;
            let number: Option<usize> = number.parse().ok();
            number
                .and_then(|number| parts.into_iter().nth(number))
                .map(|part| Bytes::from(part.bytes.to_vec()))
        }
    };
    match bytes {
        Some(body) => Turn::Full {
            status: 200,
            headers: vec![("content-type", "application/octet-stream".to_owned())],
            body,
        },
        None => not_found(),
    }
}

fn not_found() -> Turn {
    error(404, "not_found", "Email not found.")
}

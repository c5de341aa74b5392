//! What can be asked for afterwards: bounces, what became of a message, mails that nobody took, and addresses to which
//! mail goes again.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::http::{Request, Turn};
use super::{Shared, error, ok, text};

fn number(query: &str, name: &str) -> Option<usize> {
    let pair = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name)?;
    pair.1.parse().ok()
}

/// Newest first.
pub(super) fn bounces(shared: &Shared, query: &str) -> Turn {
    let (Some(count), Some(offset)) = (number(query, "count"), number(query, "offset")) else {
        return error(422, 600, "The 'count' and 'offset' parameters are required.");
    };
    if count > 500 {
        return error(422, 600, "The 'count' parameter must not be more than 500.");
    }
    let happened = shared.happened.lock();
    let is_bounce = |event: &&Value| matches!(text(event, "RecordType"), Some("Bounce" | "SpamComplaint"));
    let all: Vec<Value> = happened
        .iter()
        .rev()
        .filter(is_bounce)
        .map(|event| {
            let mut bounce = event.clone();
            bounce["BouncedAt"] = event["at"].clone();
            if text(event, "RecordType") == Some("SpamComplaint") {
                bounce["Type"] = json!("SpamComplaint");
            }
            // The list has fewer fields than the webhook.
            for name in ["RecordType", "Metadata", "at"] {
                if let Some(fields) = bounce.as_object_mut() {
                    fields.remove(name);
                }
            }
            bounce
        })
        .collect();
    let page: Vec<&Value> = all.iter().skip(offset).take(count).collect();
    ok(&json!({ "TotalCount": all.len(), "Bounces": page }))
}

pub(super) fn details(shared: &Shared, path: &str) -> Turn {
    let id = path.trim_start_matches("/messages/outbound/").trim_end_matches("/details");
    let taken = shared.taken.lock();
    let Some(message) = taken.iter().find(|taken| taken.id == id) else {
        return error(422, 701, "This message was not found.");
    };
    let happened = shared.happened.lock();
    let of_it = happened.iter().filter(|event| {
        text(event, "MessageID") == Some(id) && text(event, "RecordType") == Some("Delivery")
    });
    let events: Vec<Value> = of_it
        .map(|event| {
            json!({
                "Recipient": event["Recipient"],
                "Type": "Delivered",
                "ReceivedAt": event["at"],
                "Details": { "DeliveryMessage": "smtp;250 2.0.0 OK", "DestinationServer": "mx.example.com" },
            })
        })
        .collect();
    ok(&json!({ "MessageID": id, "Status": "Sent", "Metadata": message.metadata, "MessageEvents": events }))
}

pub(super) fn inbound(shared: &Shared, query: &str) -> Turn {
    if number(query, "count").is_none() || number(query, "offset").is_none() {
        return error(422, 600, "The 'count' and 'offset' parameters are required.");
    }
    let refused = shared.refused.lock();
    let listed: Vec<Value> =
        refused.iter().map(|(id, _)| json!({ "MessageID": id, "Status": "Failed" })).collect();
    ok(&json!({ "TotalCount": listed.len(), "InboundMessages": listed }))
}

/// Hands a mail over once more.
pub(super) fn retry(shared: &Arc<Shared>, path: &str) -> Turn {
    let id = path.trim_start_matches("/messages/inbound/").trim_end_matches("/retry");
    let mut refused = shared.refused.lock();
    let Some(place) = refused.iter().position(|(known, _)| known == id) else {
        return error(422, 701, "This message was not found.");
    };
    let (_, body) = refused.remove(place);
    let telling = Arc::clone(shared);
    shared.retries.lock().spawn(async move {
        telling.post(&body).await;
    });
    ok(&json!({ "ErrorCode": 0, "Message": "Successfully rescheduled failed message." }))
}

pub(super) fn reactivate(shared: &Shared, request: &Request) -> Turn {
    let root: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(list) = root.get("Suppressions").and_then(Value::as_array) else {
        return error(422, 402, "The JSON is not valid.");
    };
    let done: Vec<Value> = list
        .iter()
        .map(|entry| {
            let address = text(entry, "EmailAddress").unwrap_or_default();
            shared.inactive.lock().retain(|known| known != address);
            json!({ "EmailAddress": address, "Status": "Deleted", "Message": null })
        })
        .collect();
    ok(&json!({ "Suppressions": done }))
}

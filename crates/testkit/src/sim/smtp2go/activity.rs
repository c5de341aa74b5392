//! `/activity/search`: answers from what was taken and what happened since; `/suppression/remove`.

use domain::clock::Timestamp;
use serde_json::{Value, json};

use super::super::http::Turn;
use super::email::Taken;
use super::webhook::Told;
use super::{Shared, ok, vendor_time, wrong_field};

pub(super) fn search(shared: &Shared, request: &Value) -> Turn {
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let instant = |name: &str| text(name).and_then(|text| text.parse().ok());
    let (start, end) = (instant("start_date"), instant("end_date"));
    let indexed_until = shared.options.clock.now().minus(shared.options.index_delay);
    let limit = request.get("limit").and_then(Value::as_u64).unwrap_or(100).min(1000);
    let asked: Vec<&str> = request
        .get("custom_headers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let includes_headers = request.get("include_headers").and_then(Value::as_bool).unwrap_or(false);
    let skipped: usize = text("continue_token").and_then(|token| token.parse().ok()).unwrap_or(0);

    let taken = shared.taken.lock();
    let happened = shared.happened.lock();
    let all = taken.iter().map(|taken| (taken.at, taken, None));
    let since = happened.iter().map(|(at, told)| (*at, &told.about, Some(told)));
    let matching: Vec<(Timestamp, &Taken, Option<&Told>)> = all
        .chain(since)
        .filter(|(at, ..)| *at <= indexed_until)
        .filter(|(at, ..)| start.is_none_or(|start| *at >= start) && end.is_none_or(|end| *at < end))
        .filter(|(_, taken, _)| text("search_email_id").is_none_or(|id| taken.email_id == id))
        .filter(|(_, taken, _)| {
            text("search_recipient").is_none_or(|part| taken.recipients.iter().any(|to| to.contains(part)))
        })
        .collect();
    let page = matching.iter().skip(skipped).take(usize::try_from(limit).unwrap_or(1000));
    let events: Vec<Value> =
        page.map(|(at, taken, told)| event(*at, taken, *told, &asked, includes_headers)).collect();
    let shown = skipped + events.len();
    let token = (shown < matching.len()).then(|| shown.to_string());
    ok(json!({ "events": events, "total_events": matching.len(), "continue_token": token }))
}

fn event(at: Timestamp, taken: &Taken, told: Option<&Told>, asked: &[&str], includes_headers: bool) -> Value {
    let recipient = told.and_then(|told| told.recipient.as_ref()).or(taken.recipients.first());
    // The search has other words than webhooks.
    let name = match told {
        None => "processed",
        Some(told) if told.bounce.as_deref() == Some("hard") => "hard-bounced",
        Some(told) if told.bounce.is_some() => "soft-bounced",
        Some(told) => match told.event.as_str() {
            "open" => "opened",
            "click" => "clicked",
            "reject" => "rejected",
            "unsubscribe" => "unsubscribed",
            other => other,
        },
    };
    let response =
        told.map_or("250 Message received", |told| told.message.as_deref().unwrap_or("250 2.0.0 ok"));
    let custom: serde_json::Map<String, Value> = asked
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), Value::from(taken.header(name)?))))
        .collect();
    let headers: Vec<String> = taken.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    json!({
        "email_id": taken.email_id,
        "date": vendor_time(at),
        "event": name,
        "from": taken.sender,
        "sender": taken.sender,
        "recipient": recipient,
        "recipients": taken.recipients,
        "subject": taken.subject,
        "smtp_response": response,
        "headers": if includes_headers { headers.join("\r\n") } else { String::new() },
        "custom_headers": custom,
    })
}

pub(super) fn unsuppress(shared: &Shared, request: &Value) -> Turn {
    let Some(address) = request.get("email_address").and_then(Value::as_str) else {
        return wrong_field("email_address", "is required");
    };
    let Some(reasons) = request.get("reasons").and_then(Value::as_array) else {
        return wrong_field("reasons", "is required");
    };
    for reason in reasons.iter().filter_map(Value::as_str) {
        shared.suppressed.remove(reason, address);
    }
    ok(json!({ "removed": true, "email_address": address }))
}

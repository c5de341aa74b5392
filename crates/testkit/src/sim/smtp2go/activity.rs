//! `/activity/search`: answers from what was taken.

use serde_json::{Value, json};

use super::super::http::Turn;
use super::email::Taken;
use super::{Shared, ok, vendor_time};

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
    let matching: Vec<&Taken> = taken
        .iter()
        .filter(|taken| taken.at <= indexed_until)
        .filter(|taken| start.is_none_or(|start| taken.at >= start) && end.is_none_or(|end| taken.at < end))
        .filter(|taken| text("search_email_id").is_none_or(|id| taken.email_id == id))
        .filter(|taken| {
            text("search_recipient").is_none_or(|part| taken.recipients.iter().any(|to| to.contains(part)))
        })
        .collect();
    let page = matching.iter().skip(skipped).take(usize::try_from(limit).unwrap_or(1000));
    let events: Vec<Value> = page.map(|taken| event(taken, &asked, includes_headers)).collect();
    let shown = skipped + events.len();
    let token = (shown < matching.len()).then(|| shown.to_string());
    ok(json!({ "events": events, "total_events": matching.len(), "continue_token": token }))
}

fn event(taken: &Taken, asked: &[&str], includes_headers: bool) -> Value {
    let custom: serde_json::Map<String, Value> = asked
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), Value::from(taken.header(name)?))))
        .collect();
    let headers: Vec<String> = taken.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    json!({
        "email_id": taken.email_id,
        "date": vendor_time(taken.at),
        "event": "processed",
        "from": taken.sender,
        "sender": taken.sender,
        "recipient": taken.recipients.first(),
        "recipients": taken.recipients,
        "subject": taken.subject,
        "smtp_response": "250 Message received",
        "headers": if includes_headers { headers.join("\r\n") } else { String::new() },
        "custom_headers": custom,
    })
}

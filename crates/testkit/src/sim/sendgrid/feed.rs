//! The Email Activity Feed: what became of messages, by the time of their last event.

use domain::clock::Timestamp;
use serde_json::{Value, json};

use super::super::http::Turn;
use super::send::Taken;
use super::{Shared, error};

/// What is known of a message.
pub(super) struct Activity {
    id: String,
    to: String,
    event: String,
    at: Timestamp,
}

impl Activity {
    pub(super) fn of(about: &Taken, event: &str, at: Timestamp) -> Activity {
        let to = about.recipients.first().cloned().unwrap_or_default();
        Activity { id: format!("{}.recvd-0-1", about.id), to, event: event.to_owned(), at }
    }

    fn summary(&self) -> Value {
        let status = if self.event == "delivered" { "delivered" } else { "not_delivered" };
        json!({
            "from_email": "support@company.example.com",
            "msg_id": self.id,
            "subject": "Your order",
            "to_email": self.to,
            "status": status,
            "opens_count": 0,
            "clicks_count": 0,
            "last_event_time": self.at.to_string(),
        })
    }
}

/// Only questions by the time of the last event are understood.
pub(super) fn list(shared: &Shared, query: &str) -> Turn {
    let plain = query.replace('+', " ").replace("%22", "\"").replace("%3A", ":");
    let times: Vec<Timestamp> = plain.split('"').filter_map(|part| part.parse().ok()).collect();
    let ([since, until], true) = (times.as_slice(), plain.contains("last_event_time BETWEEN TIMESTAMP"))
    else {
        return error(400, Some("query"), "invalid query");
    };
    let activity = shared.activity.lock();
    let messages: Vec<Value> =
        activity.iter().filter(|one| one.at >= *since && one.at <= *until).map(Activity::summary).collect();
    Turn::Answer { status: 200, body: json!({ "messages": messages }).to_string() }
}

pub(super) fn show(shared: &Shared, path: &str) -> Turn {
    let id = path.trim_start_matches("/v3/messages/");
    let activity = shared.activity.lock();
    let Some(found) = activity.iter().find(|one| one.id == id) else {
        return error(404, None, "message not found");
    };
    let mut message = found.summary();
    message["events"] = json!([
        { "event_name": "processed", "processed": found.at.to_string() },
        { "event_name": found.event, "processed": found.at.to_string(), "bounce_type": "hard", "reason": "550 5.1.1 no such user" },
    ]);
    Turn::Answer { status: 200, body: message.to_string() }
}

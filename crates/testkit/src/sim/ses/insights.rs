//! `GET /v2/email/insights/{MessageId}/`: what became of a message for each of its recipients.

use domain::clock::Timestamp;
use serde_json::{Value, json};

use super::super::http::Turn;
use super::email::Taken;
use super::{Shared, error, ok};

/// One event of a message.
pub(super) struct Insight {
    id: String,
    to: String,
    event: String,
    at: Timestamp,
}

impl Insight {
    pub(super) fn of(about: &Taken, event: &str, at: Timestamp) -> Insight {
        let to = about.recipients.first().cloned().unwrap_or_default();
        Insight { id: about.message_id.clone(), to, event: event.to_owned(), at }
    }

    fn event(&self) -> Value {
        let mut event = json!({ "Timestamp": self.at.micros() as f64 / 1e6, "Type": self.event });
        if self.event == "BOUNCE" {
            event["Details"] = json!({ "Bounce": {
                "BounceType": "PERMANENT", "BounceSubType": "General", "DiagnosticCode": "smtp; 550 5.1.1 no such user",
            } });
        }
        event
    }
}

pub(super) fn show(shared: &Shared, id: &str) -> Turn {
    let taken = shared.taken.lock();
    let Some(found) = taken.iter().find(|taken| taken.message_id == id) else {
        return error(404, "NotFoundException", "The message does not exist.");
    };
    let insights = shared.insights.lock();
    let each = found.recipients.iter().map(|to| {
        let sent = json!({ "Timestamp": found.at.micros() as f64 / 1e6, "Type": "SEND" });
        let events = insights.iter().filter(|one| one.id == id && one.to == *to).map(Insight::event);
        json!({ "Destination": to, "Isp": "Example", "Events": std::iter::once(sent).chain(events).collect::<Vec<_>>() })
    });
    ok(&json!({
        "MessageId": id,
        "FromEmailAddress": found.from,
        "Insights": each.collect::<Vec<_>>(),
    }))
}

//! `POST /activity/search`: whether SMTP2GO has a message whose outcome we do not know. Pure.
//! <https://developers.smtp2go.com/docs/view-account-activity>

use std::time::Duration;

use domain::clock::Timestamp;
use domain::failure::{LookUp, Words};
use net::http::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::letter::REFERENCE_HEADER;
use crate::provider::LookUpRequest;

/// Of up to 1,000 events each; the search may be asked 60 times a minute.
pub(super) const MAX_PAGES: usize = 10;
/// Clocks differ: the search begins a little before the first attempt.
const SKEW: Duration = Duration::from_mins(2);

/// The request's body.
pub(super) fn encode(request: &LookUpRequest, now: Timestamp, continue_token: Option<&str>) -> Vec<u8> {
    let mut body = json!({
        "start_date": request.sent_from.minus(SKEW).to_string(),
        "end_date": now.plus(SKEW).to_string(),
        "limit": 1000,
        "include_headers": true,
        "custom_headers": [REFERENCE_HEADER, "Message-ID"],
    });
    if let Some(recipient) = request.recipients.first() {
        body["search_recipient"] = json!(recipient);
    }
    if let Some(id) = &request.provider_id {
        body["search_email_id"] = json!(id);
    }
    if let Some(token) = continue_token {
        body["continue_token"] = json!(token);
    }
    body.to_string().into_bytes()
}

#[derive(Deserialize)]
struct Answer {
    data: Found,
}

#[derive(Deserialize)]
struct Found {
    events: Vec<Event>,
    #[serde(default)]
    continue_token: Option<String>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    email_id: Option<String>,
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    smtp_response: Option<String>,
    #[serde(default)]
    headers: Option<String>,
    #[serde(default)]
    custom_headers: Option<Map<String, Value>>,
}

/// What a page of events says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Page {
    Answer(LookUp),
    /// Nothing yet; ask on with this token.
    Next(String),
}

/// Looks for our message among the events.
pub(super) fn decode(
    answer: &Response,
    request: &LookUpRequest,
    now: Timestamp,
    index_delay: Duration,
) -> Page {
    if answer.status != http::StatusCode::OK {
        return Page::Answer(LookUp::Failed(super::failures::outcome(answer).words().clone()));
    }
    let Ok(Answer { data }) = serde_json::from_slice(&answer.body) else {
        return failed("the answer is not what SMTP2GO answers");
    };
    if let Some(event) = data.events.iter().find(|event| event.is_about(request)) {
        let detail = [event.event.as_deref(), event.smtp_response.as_deref()];
        let detail: Vec<&str> = detail.into_iter().flatten().collect();
        return Page::Answer(LookUp::Found {
            provider_id: event.email_id.clone(),
            words: Words::plain(format!("found by activity search: {}", detail.join(", "))),
        });
    }
    if let Some(token) = data.continue_token.filter(|token| !token.is_empty()) {
        return Page::Next(token);
    }
    if data.events.iter().any(Event::is_mute) {
        // Any of them may be ours.
        return failed(
            "activity search shows events without their headers, so ours cannot be told from others",
        );
    }
    if now.since(request.sent_until) < index_delay {
        return failed("not indexed yet");
    }
    Page::Answer(LookUp::NotFound)
}

fn failed(detail: &str) -> Page {
    Page::Answer(LookUp::Failed(Words::plain(detail)))
}

impl Event {
    fn is_about(&self, request: &LookUpRequest) -> bool {
        if request.provider_id.is_some() && request.provider_id == self.email_id {
            return true;
        }
        let (ours, theirs) = (request.message_id.to_string(), format!("<{}>", request.rfc_message_id));
        let named = self.custom_headers.iter().flatten().filter_map(|(_, value)| value.as_str());
        named.map(str::trim).any(|value| value == ours || value == theirs)
            || self
                .headers
                .as_deref()
                .is_some_and(|headers| headers.contains(&theirs) || headers.contains(&ours))
    }

    /// Whether it does not say which message it is about.
    fn is_mute(&self) -> bool {
        let has_custom = self
            .custom_headers
            .iter()
            .flatten()
            .any(|(_, value)| value.as_str().is_some_and(|v| !v.is_empty()));
        !has_custom && self.headers.as_deref().is_none_or(str::is_empty)
    }
}

//! `GET /v3/{domain}/events`: whether Mailgun has a message whose outcome we do not know. Pure.
//! <https://documentation.mailgun.com/docs/mailgun/api-reference/openapi-final/tag/Events/>

use std::time::Duration;

use domain::clock::Timestamp;
use domain::failure::{LookUp, Words};
use net::http::Response;
use serde::Deserialize;
use serde_json::Value;

use super::config::Account;
use super::webhook;
use crate::provider::LookUpRequest;

/// Of up to 300 events each.
pub(super) const MAX_PAGES: usize = 10;
/// Clocks differ: the search begins a little before the first attempt.
const SKEW: Duration = Duration::from_mins(2);

/// The address of the first page.
pub(super) fn first_page(account: &Account, request: &LookUpRequest, now: Timestamp) -> String {
    let seconds = |at: Timestamp| at.micros().div_euclid(1_000_000).to_string();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("begin", &seconds(request.sent_from.minus(SKEW)))
        .append_pair("end", &seconds(now.plus(SKEW)))
        .append_pair("ascending", "yes")
        .append_pair("limit", "300");
    if let Some(recipient) = request.recipients.first() {
        query.append_pair("recipient", recipient);
    }
    format!("{}/v3/{}/events?{}", account.base_url, account.domain, query.finish())
}

#[derive(Deserialize)]
pub(super) struct Found {
    pub items: Vec<Value>,
    #[serde(default)]
    paging: Paging,
}

impl Found {
    /// Where the next page is; the last one, which has no events, names one all the same.
    pub(super) fn next(&self) -> Option<&str> {
        self.paging.next.as_deref()
    }
}

/// The page in an answer.
pub(super) fn page(answer: &Response) -> Option<Found> {
    serde_json::from_slice(&answer.body).ok()
}

/// Whether a next page is at the server of the account: the key goes with the request, so it goes nowhere else.
pub(super) fn is_at(account: &Account, place: &str) -> bool {
    place.starts_with(&format!("{}/", account.base_url))
}

#[derive(Deserialize, Default)]
struct Paging {
    #[serde(default)]
    next: Option<String>,
}

/// What a page of events says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Page {
    Answer(LookUp),
    /// Nothing yet; ask on at this address.
    Next(String),
}

/// Looks for our message among the events.
pub(super) fn decode(answer: &Response, account: &Account, request: &LookUpRequest, now: Timestamp) -> Page {
    if answer.status != http::StatusCode::OK {
        return Page::Answer(LookUp::Failed(super::failures::outcome(answer, now).words().clone()));
    }
    let Some(found) = page(answer) else {
        return failed("the answer is not what Mailgun answers");
    };
    for event in &found.items {
        let about = webhook::about(event);
        let is_ours = about.message_id == Some(request.message_id)
            || about.rfc_message_id.as_deref() == Some(request.rfc_message_id.as_str())
            || (request.provider_id.is_some() && about.provider_id == request.provider_id);
        if is_ours {
            let name = event.get("event").and_then(Value::as_str).unwrap_or("an event");
            return Page::Answer(LookUp::Found {
                provider_id: about.provider_id,
                words: Words::plain(format!("found among Mailgun's events: {name}")),
            });
        }
    }
    match found.next().filter(|_| !found.items.is_empty()) {
        Some(next) if is_at(account, next) => Page::Next(next.to_owned()),
        Some(_) => failed("the next page of events is at another server"),
        None if now.since(request.sent_until) < account.index_delay => failed("not findable yet"),
        None => Page::Answer(LookUp::NotFound),
    }
}

fn failed(detail: &str) -> Page {
    Page::Answer(LookUp::Failed(Words::plain(detail)))
}

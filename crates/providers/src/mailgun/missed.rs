//! `GET /v3/{domain}/events` once more: everything that happened in a time, as webhooks should have told it, and mail that
//! a route has stored. Pure.

use std::time::Duration;

use domain::clock::Timestamp;
use net::http::Response;
use serde_json::Value;

use super::config::Account;
use super::{events, inbound, stored, webhook};
use crate::answer::not_done;
use crate::provider::{Missed, MissedRequest, NotDone, StoredMail};

/// Of up to 300 events each.
pub(super) const MAX_PAGES: usize = 10;

/// The address of the first page.
pub(super) fn first_page(account: &Account, asked: &MissedRequest) -> String {
    let seconds = |at: Timestamp| at.micros().div_euclid(1_000_000).to_string();
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("begin", &seconds(asked.since))
        .append_pair("end", &seconds(asked.until.plus(Duration::from_secs(1))))
        .append_pair("ascending", "yes")
        .append_pair("limit", "300")
        .finish();
    format!("{}/v3/{}/events?{query}", account.base_url, account.domain)
}

/// Adds a page to what is known; gives where the next one is.
///
/// # Errors
/// When it is no page of events, or the next one is at another server.
pub(super) fn add(
    found: &mut Missed,
    answer: &Response,
    account: &Account,
    now: Timestamp,
) -> Result<Option<String>, NotDone> {
    if answer.status != http::StatusCode::OK {
        return Err(not_done(&super::failures::outcome(answer, now)));
    }
    let page =
        events::page(answer).ok_or_else(|| NotDone::Later("the answer is no list of events".to_owned()))?;
    for event in &page.items {
        found.more = event.get("timestamp").and_then(webhook::instant).or(found.more);
        match event.get("event").and_then(Value::as_str) {
            Some("stored") => found.stored.extend(mail(event)),
            Some(_) => found.reports.extend(webhook::report(event)),
            None => {}
        }
    }
    match page.next().filter(|_| !page.items.is_empty()) {
        Some(next) if events::is_at(account, next) => Ok(Some(next.to_owned())),
        Some(_) => Err(NotDone::Never("the next page of events is at another server".to_owned())),
        None => {
            found.more = None;
            Ok(None)
        }
    }
}

/// Where a route has stored a mail. The address comes as a text or as a list.
fn mail(event: &Value) -> Option<StoredMail> {
    let place = event.pointer("/storage/url")?;
    let place = place.as_str().or_else(|| place.get(0)?.as_str())?.to_owned();
    let list = event.pointer("/message/recipients").and_then(Value::as_array).into_iter().flatten();
    let listed = list.filter_map(Value::as_str).collect::<Vec<_>>().join(",");
    let to = event.get("recipient").and_then(Value::as_str).unwrap_or(&listed);
    Some(StoredMail {
        dedupe_key: stored::key(&place)?,
        envelope_from: event
            .pointer("/envelope/sender")
            .and_then(Value::as_str)
            .and_then(|one| one.parse().ok()),
        envelope_to: inbound::addresses(to),
        place,
    })
}

//! `GET /v3/{domain}/events`: one `accepted` for each recipient of what was taken, and what happened since, a page at a
//! time.

use serde_json::{Value, json};

use super::super::http::Turn;
use super::webhook::{Told, event_data};
use super::{Shared, error, ok};

const LARGEST_PAGE: usize = 300;

/// `after` is what follows `events` in the path: the place of a later page.
pub(super) fn list(shared: &Shared, after: &[&str], query: &str) -> Turn {
    // A later page's place carries the question of the first.
    let (question, from) = match after {
        [place] => place.split_once('~').unwrap_or((place, "0")),
        _ => (query, "0"),
    };
    let asked: Vec<(&str, &str)> = question.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let text = |name: &str| asked.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let seconds = |name: &str| text(name).and_then(|value| value.parse::<i64>().ok());
    if text("ascending").is_none() && seconds("end").is_none() {
        return error(400, "'ascending' must be given where 'end' is not");
    }
    let limit = text("limit").and_then(|limit| limit.parse().ok()).unwrap_or(LARGEST_PAGE);
    if limit > LARGEST_PAGE {
        return error(400, "'limit' must not be more than 300");
    }
    let from: usize = from.parse().unwrap_or(0);
    let indexed_until = shared.options.clock.now().minus(shared.options.index_delay);
    let recipient = text("recipient").map(|value| value.replace("%40", "@").replace("%2B", "+"));
    let taken = shared.taken.lock();
    let is_asked = |at: domain::clock::Timestamp| {
        let at = at.micros().div_euclid(1_000_000);
        seconds("begin").is_none_or(|begin| at >= begin) && seconds("end").is_none_or(|end| at <= end)
    };
    let mut found: Vec<Value> = taken
        .iter()
        .filter(|taken| taken.at <= indexed_until)
        .filter(|taken| is_asked(taken.at))
        .flat_map(|taken| taken.recipients.iter().map(move |to| (taken, to)))
        .filter(|(_, to)| recipient.as_ref().is_none_or(|wanted| *to == wanted))
        .map(|(taken, to)| event_data(shared, &Told::of(taken, "accepted").to(to)))
        .collect();
    let happened = shared.happened.lock();
    let later = happened.iter().filter(|(at, event)| {
        is_asked(*at)
            && *at <= indexed_until
            && recipient.as_ref().is_none_or(|wanted| event["recipient"].as_str() == Some(wanted))
    });
    found.extend(later.map(|(_, event)| event.clone()));
    let page: Vec<&Value> = found.iter().skip(from).take(limit).collect();
    let next = from + page.len();
    // The last page names a next one as well, which is empty.
    let base = format!("http://{}/v3/{}/events", shared.host(), shared.options.domain);
    ok(json!({ "items": page, "paging": { "next": format!("{base}/{question}~{next}"), "first": base } }))
}

//! Mailgun's statuses and sentences, and what they mean for the message. Pure. There are no codes: where a status means
//! several things, the sentence is all there is to go by.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::failure::{Outcome, RejectReason, Words};
use net::check::CheckStep;
use net::http::Response;
use serde_json::Value;

use crate::answer::retry_after;

/// How long to wait when the sentence does not say.
const PAUSE: Duration = Duration::from_secs(60);
/// An account must not be shut out for long by a slip of the other side.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// The vendor's sentence, and whether the API itself wrote the answer.
fn told(answer: &Response) -> (Option<String>, bool) {
    let root: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    match root.get("message").and_then(Value::as_str) {
        Some(message) => (Some(message.to_owned()), true),
        None => {
            let text = String::from_utf8_lossy(&answer.body).trim().to_owned();
            // A wrong key is answered with one bare word.
            let is_word = !text.is_empty() && text.len() <= 200 && !text.starts_with('<');
            (is_word.then_some(text), false)
        }
    }
}

/// The outcome of an answer that is not 200. The time is for sentences that name the hour of the next try.
pub(super) fn outcome(answer: &Response, now: Timestamp) -> Outcome {
    let (sentence, is_api) = told(answer);
    let status = answer.status.as_u16();
    let sentence = sentence.unwrap_or_else(|| format!("Mailgun answered {}", answer.status));
    let words = Words::new(status.to_string(), sentence.clone());
    let says = |part: &str| sentence.to_ascii_lowercase().contains(part);
    match status {
        429 => limited(answer, &sentence, words, now),
        400 if says("limit exceeded") => limited(answer, &sentence, words, now),
        400 | 403 if says("authorized recipients") => {
            Outcome::Rejected { reason: RejectReason::BadRecipient, words }
        }
        400 if says("not allowed to send") => Outcome::Misconfigured(words),
        300..=399 | 401..=405 => Outcome::Misconfigured(words),
        413 => Outcome::Rejected { reason: RejectReason::Content, words },
        408 | 503 => Outcome::Temporary(words),
        // The API says itself that it failed. Anything in front of it cannot know whether the API had taken the message.
        500..=599 if is_api && !matches!(status, 502 | 504) => Outcome::Temporary(words),
        500..=599 => Outcome::Unknown(words),
        400..=499 => Outcome::Rejected { reason: reason(&sentence), words },
        _ => Outcome::Unknown(words),
    }
}

fn reason(sentence: &str) -> RejectReason {
    let sentence = sentence.to_ascii_lowercase();
    let first = sentence.split_whitespace().next().unwrap_or_default().trim_matches(['\'', '"']);
    if matches!(first, "to" | "cc" | "bcc") || sentence.contains("recipient") {
        RejectReason::BadRecipient
    } else if first == "from" {
        RejectReason::BadSender
    } else if sentence.contains("attachment") || sentence.contains("too large") {
        RejectReason::Content
    } else {
        RejectReason::Invalid
    }
}

fn limited(answer: &Response, sentence: &str, words: Words, now: Timestamp) -> Outcome {
    let named = wait(sentence, now).or_else(|| retry_after(answer)).unwrap_or(PAUSE);
    Outcome::RateLimited { after: Some(named.clamp(Duration::from_secs(1), LONGEST_PAUSE)), words }
}

/// The wait in `…, try again after 120 seconds`, or until the time in `…, try again after Mon, 20 Dec 2021 20:33:21 UTC`.
fn wait(sentence: &str, now: Timestamp) -> Option<Duration> {
    let (_, after) = sentence.split_once("try again after ")?;
    let first = after.split_whitespace().next()?;
    if let Ok(seconds) = first.parse() {
        return Some(Duration::from_secs(seconds));
    }
    Some(instant(after)?.since(now))
}

/// A time as in mail: `Mon, 20 Dec 2021 20:33:21 UTC`.
fn instant(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_whitespace().skip_while(|word| word.ends_with(','));
    let (day, month, year, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let month = MONTHS.iter().position(|known| *known == month)? + 1;
    format!("{year}-{month:02}-{day:0>2}T{time}Z").parse().ok()
}

/// The steps of a check from the answer about the domain, when the key may ask for it.
pub(super) fn check_domain(answer: &Response, domain: &str) -> Vec<CheckStep> {
    let (sentence, _) = told(answer);
    let said = sentence.unwrap_or_else(|| format!("Mailgun answered {}", answer.status));
    let key = CheckStep::passed("api_key", "the API key is accepted");
    match answer.status.as_u16() {
        200 => vec![key, state(&answer.body, domain)],
        401 => vec![CheckStep::failed("api_key", said)],
        404 => vec![key, CheckStep::failed("domain", format!("{said}: is it the domain's region?"))],
        _ => vec![CheckStep::failed("domain", said)],
    }
}

fn state(body: &[u8], domain: &str) -> CheckStep {
    let root: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let found = root.get("domain").unwrap_or(&root);
    let is_disabled = found.get("is_disabled").and_then(Value::as_bool).unwrap_or(false);
    match found.get("state").and_then(Value::as_str) {
        _ if is_disabled => CheckStep::failed("domain", format!("{domain} is disabled")),
        Some("active") | None => CheckStep::passed("domain", format!("{domain} is set up")),
        Some(other) => CheckStep::failed("domain", format!("{domain} is {other}")),
    }
}

/// The steps of a check from the answer to a message without anything in it, which nobody takes: a key that may only send
/// is known by it.
pub(super) fn check_sending(answer: &Response, domain: &str) -> Vec<CheckStep> {
    let (sentence, is_api) = told(answer);
    let said = sentence.unwrap_or_else(|| format!("Mailgun answered {}", answer.status));
    match answer.status.as_u16() {
        400 if is_api && said.contains("not allowed to send") => vec![CheckStep::failed("domain", said)],
        400 if is_api => {
            vec![CheckStep::passed("api_key", format!("the key may send through {domain}"))]
        }
        404 => vec![CheckStep::failed("domain", format!("{said}: is it the domain's region?"))],
        _ => vec![CheckStep::failed("api_key", said)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_stands_in_the_sentence() {
        let now = instant("Mon, 20 Dec 2021 20:31:21 GMT").unwrap();
        let limit = "Domain example.com is not allowed to send: request limit exceeded, try again after";
        for (sentence, waited) in [
            (format!("{limit} 120 seconds"), Some(120)),
            (format!("{limit} Mon, 20 Dec 2021 20:33:21 UTC"), Some(120)),
            (format!("{limit} Mon, 20 Dec 2021 20:30:00 UTC"), Some(0)),
            (format!("{limit} a while"), None),
            ("too many requests".to_owned(), None),
        ] {
            assert_eq!(wait(&sentence, now), waited.map(Duration::from_secs), "{sentence}");
        }
    }
}

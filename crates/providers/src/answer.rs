//! What answers of HTTP APIs have in common: requests without one, and how long to wait. Pure.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::failure::{Outcome, Words};
use net::http::{Response, Stage, TransportError};

use crate::provider::{Missed, MissedRequest, NotDone};

/// The outcome of a request that got no answer.
pub(crate) fn unanswered(error: TransportError) -> Outcome {
    match error.stage {
        Stage::NotSent => Outcome::Temporary(Words::plain(error.detail)),
        Stage::MaybeSent => Outcome::Unknown(Words::plain(error.detail)),
    }
}

/// Why something that was asked for besides sending was not answered; what the class of the answer says of its future.
pub(crate) fn not_done(outcome: &Outcome) -> NotDone {
    let Words { code, detail } = outcome.words().clone();
    let said = code.map_or_else(|| detail.clone(), |code| format!("{code}: {detail}"));
    match outcome {
        Outcome::Rejected { .. } | Outcome::Misconfigured(_) => NotDone::Never(said),
        _ => NotDone::Later(said),
    }
}

/// The same for a request that got no answer.
pub(crate) fn not_asked(error: TransportError) -> NotDone {
    NotDone::Later(error.detail)
}

/// The ends of a time that is asked for as a whole, and while that is too much, for the first half of it, and so on.
pub(crate) fn ends(asked: &MissedRequest) -> impl Iterator<Item = Timestamp> + Send + use<> {
    let (since, length) = (asked.since, asked.until.since(asked.since));
    (0..8).map(move |halvings| since.plus(length / (1 << halvings)))
}

/// What happened up to an end, with the note that there is more when it is not the last one.
pub(crate) fn up_to(asked: &MissedRequest, until: Timestamp, found: Missed) -> Missed {
    Missed { more: (until < asked.until).then_some(until), ..found }
}

/// What is said when even the shortest time holds too much.
pub(crate) fn too_much() -> NotDone {
    NotDone::Later("more happened than can be asked for".to_owned())
}

/// One part of a path.
pub(crate) fn path_part(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// `Retry-After` in seconds, at most an hour: an account must not be shut out by a slip of the other side.
pub(crate) fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(Duration::from_hours(1)))
}

//! What answers of HTTP APIs have in common: requests without one, and how long to wait. Pure.

use std::time::Duration;

use domain::failure::{Outcome, Words};
use net::http::{Response, Stage, TransportError};

/// The outcome of a request that got no answer.
pub(crate) fn unanswered(error: TransportError) -> Outcome {
    match error.stage {
        Stage::NotSent => Outcome::Temporary(Words::plain(error.detail)),
        Stage::MaybeSent => Outcome::Unknown(Words::plain(error.detail)),
    }
}

/// `Retry-After` in seconds, at most an hour: an account must not be shut out by a slip of the other side.
pub(crate) fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(Duration::from_hours(1)))
}

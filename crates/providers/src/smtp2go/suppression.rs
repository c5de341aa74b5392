//! `POST /suppression/remove`: an address off SMTP2GO's own list. Pure.
//! <https://developers.smtp2go.com/reference/suppressions>

use domain::suppression::SuppressionReason;
use net::http::Response;
use serde_json::json;

use super::failures;
use crate::answer::not_done;
use crate::provider::{NotDone, Suppressed};

/// The request's body. The list has entries for the same reasons as ours, in other words.
pub(super) fn encode(entry: &Suppressed) -> Vec<u8> {
    let reasons: &[&str] = match entry.reason {
        SuppressionReason::HardBounce => &["bounce"],
        SuppressionReason::Complaint => &["spam", "complaint"],
        SuppressionReason::Unsubscribed => &["unsubscribe"],
        SuppressionReason::Manual => &["manual"],
    };
    json!({ "email_address": entry.address, "reasons": reasons }).to_string().into_bytes()
}

/// Whether it is off.
///
/// # Errors
/// When it is not.
pub(super) fn decode(answer: &Response) -> Result<(), NotDone> {
    let outcome = || failures::outcome(answer);
    match answer.status.as_u16() {
        200 => Ok(()),
        // It is not on the list; that is told in words only.
        400 | 404 if outcome().words().detail.to_lowercase().contains("not found") => Ok(()),
        _ => Err(not_done(&outcome())),
    }
}

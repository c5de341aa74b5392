//! Mail that Mailgun keeps for three days: where it may be fetched, and what the answer holds. Pure.

use bytes::Bytes;
use net::http::Response;
use serde::Deserialize;

use super::inbound;
use crate::provider::{NotDone, ReceivedMail, StoredMail};

/// No mail that a route takes is larger.
pub(super) const LARGEST: usize = 80 << 20;

/// Whether the key may be shown at this address: at the API itself, or at one of the servers that store for it.
pub(super) fn is_ours(place: &str, base_url: &str) -> bool {
    let (Ok(place), Ok(base)) = (place.parse::<http::Uri>(), base_url.parse::<http::Uri>()) else {
        return false;
    };
    if place.authority().is_none_or(|authority| authority.as_str().contains('@')) {
        return false;
    }
    if place.scheme() == base.scheme() && place.authority() == base.authority() {
        return true;
    }
    let is_mailgun = |host: &str| host == "mailgun.net" || host.ends_with(".mailgun.net");
    place.scheme_str() == Some("https")
        && place.port().is_none()
        && base.host().is_some_and(is_mailgun)
        && place.host().is_some_and(|host| is_mailgun(&host.to_ascii_lowercase()))
}

/// By which a stored mail is known, however it is heard of: the last part of its address.
pub(super) fn key(place: &str) -> Option<String> {
    let (_, last) = place.trim_end_matches('/').rsplit_once('/')?;
    (!last.is_empty()).then(|| format!("stored:{last}"))
}

#[derive(Deserialize)]
struct Kept {
    #[serde(rename = "body-mime")]
    body_mime: String,
    #[serde(default)]
    sender: Option<String>,
    #[serde(default)]
    recipients: Option<String>,
}

/// The mail in the answer.
///
/// # Errors
/// `Never` when it is gone or no mail; `Later` for everything that may pass.
pub(super) fn decode(answer: &Response, stored: &StoredMail) -> Result<ReceivedMail, NotDone> {
    let status = answer.status;
    match status.as_u16() {
        200 => {}
        404 | 410 => return Err(NotDone::Never("Mailgun does not have the mail any more".to_owned())),
        _ => return Err(NotDone::Later(format!("Mailgun answered {status} when asked for the mail"))),
    }
    let kept: Kept = serde_json::from_slice(&answer.body)
        .map_err(|_| NotDone::Never("the answer holds no mail as it came".to_owned()))?;
    let mut envelope_to = stored.envelope_to.clone();
    if envelope_to.is_empty() {
        envelope_to = inbound::addresses(&kept.recipients.unwrap_or_default());
    }
    Ok(ReceivedMail {
        dedupe_key: stored.dedupe_key.clone(),
        envelope_from: stored.envelope_from.clone().or_else(|| kept.sender?.parse().ok()),
        envelope_to,
        raw: Bytes::from(kept.body_mime),
    })
}

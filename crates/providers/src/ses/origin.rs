//! Whether a message comes from SNS, and from a topic of ours. Addresses in messages are visited only when they lead to
//! SNS itself: who can make us visit an address of theirs can sign with a key of theirs.

use std::collections::HashMap;
use std::time::Duration;

use domain::clock::Timestamp;
use http::Uri;
use net::http::{Client, Request};
use net::signature::certificate::Certificate;
use parking_lot::Mutex;

use super::config::{Account, is_region};
use super::envelope::{self, Envelope};
use crate::provider::{Confirmation, NotDone, RawRequest, Refused};
use crate::webhook::is_recent;

/// SNS wants its answer within 15 seconds.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// SNS repeats for at most an hour; clocks differ.
const REPLAY_WINDOW: Duration = Duration::from_mins(65);
/// There is one for each region, and a new one every year.
const MOST_CERTIFICATES: usize = 32;

/// The certificates of SNS by address, fetched once.
pub(super) struct Certificates {
    http: Client,
    known: Mutex<HashMap<String, Certificate>>,
}

impl Certificates {
    pub(super) fn new(http: Client) -> Certificates {
        Certificates { http, known: Mutex::default() }
    }

    /// The certificate at an address that was checked.
    async fn at(&self, url: &str, now: Timestamp) -> Result<Certificate, Refused> {
        let known = self.known.lock().get(url).filter(|known| known.is_valid_at(now)).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        const LATER: Refused = Refused::later("the certificate of SNS could not be fetched");
        let answer = self.http.send(Request::get(url, FETCH_TIMEOUT)).await.map_err(|_| LATER)?;
        if answer.status != http::StatusCode::OK {
            return Err(LATER);
        }
        let certificate = Certificate::from_pem(&answer.body)
            .map_err(|_| Refused::unauthorized("the certificate of SNS cannot be read"))?;
        if !certificate.is_valid_at(now) {
            return Err(Refused::unauthorized("the certificate of SNS is not valid now"));
        }
        if !certificate.names.iter().any(|name| is_sns(name)) {
            return Err(Refused::unauthorized("the certificate is not that of SNS"));
        }
        let mut known = self.known.lock();
        if known.len() >= MOST_CERTIFICATES {
            known.clear();
        }
        known.insert(url.to_owned(), certificate.clone());
        Ok(certificate)
    }
}

/// Whether a webhook comes from SNS and one of the account's topics.
pub(super) async fn verify(
    account: &Account,
    certificates: &Certificates,
    now: Timestamp,
    request: &RawRequest,
) -> Result<(), Refused> {
    if envelope::is_raw(request) {
        return verify_raw(account, request);
    }
    let envelope = Envelope::read(&request.body)
        .map_err(|_| Refused::unauthorized("the webhook is not a message of SNS"))?;
    agrees(request, &envelope)?;
    is_our_topic(account, &envelope.topic_arn)?;
    let url = certificate_url(account, &envelope.certificate_url)
        .ok_or(Refused::forbidden("the certificate is not on a host of SNS"))?;
    let digest = envelope.digest().ok_or(Refused::forbidden("the version of the signature is not known"))?;
    let sent =
        envelope.timestamp.parse::<Timestamp>().map_err(|_| Refused::forbidden("the message has no time"))?;
    if !is_recent(sent.micros() / 1_000_000, now, REPLAY_WINDOW) {
        return Err(Refused::forbidden("the message is too old, or our clock is wrong"));
    }
    let certificate = certificates.at(&url, now).await?;
    let signature = envelope.signature().unwrap_or_default();
    if certificate.has_signed(digest, envelope.string_to_sign().as_bytes(), &signature) {
        Ok(())
    } else {
        Err(Refused::unauthorized("the signature is not that of SNS"))
    }
}

/// A message without its envelope has no signature.
fn verify_raw(account: &Account, request: &RawRequest) -> Result<(), Refused> {
    if !account.accepts_raw {
        return Err(Refused::forbidden(
            "raw message delivery is not signed, and not accepted by the settings",
        ));
    }
    is_our_topic(account, request.header(envelope::TOPIC_HEADER).unwrap_or_default())
}

/// What the headers say is not signed: they may not say anything else.
fn agrees(request: &RawRequest, envelope: &Envelope) -> Result<(), Refused> {
    let said = [
        (envelope::TYPE_HEADER, &envelope.kind),
        (envelope::ID_HEADER, &envelope.message_id),
        (envelope::TOPIC_HEADER, &envelope.topic_arn),
    ];
    let agrees =
        said.iter().all(|(name, value)| request.header(name).is_none_or(|header| header == value.as_str()));
    if agrees { Ok(()) } else { Err(Refused::forbidden("the headers and the message of SNS differ")) }
}

fn is_our_topic(account: &Account, topic: &str) -> Result<(), Refused> {
    if account.topics.is_empty() {
        Err(Refused::forbidden("the account names no SNS topic"))
    } else if account.topics.iter().any(|known| known == topic) {
        Ok(())
    } else {
        Err(Refused::forbidden("the SNS topic is not one of the account's"))
    }
}

/// Says yes to SNS, for a topic of ours.
pub(super) async fn confirm(account: &Account, http: &Client, asked: &Confirmation) -> Result<(), NotDone> {
    let url = subscribe_url(account, &asked.url, &asked.subject).ok_or_else(|| {
        NotDone::Never("the confirmation leads elsewhere than to SNS and a topic of ours".to_owned())
    })?;
    let answer =
        http.send(Request::get(url, FETCH_TIMEOUT)).await.map_err(|error| NotDone::Later(error.detail))?;
    match answer.status.as_u16() {
        200 => Ok(()),
        status @ (429 | 500..=599) => Err(NotDone::Later(format!("SNS answered {status}"))),
        status => Err(NotDone::Never(format!("SNS answered {status}: its token may have expired"))),
    }
}

/// Where the certificate is, put together from what was checked.
pub(super) fn certificate_url(account: &Account, given: &str) -> Option<String> {
    let uri: Uri = given.parse().ok()?;
    let origin = origin(account, &uri)?;
    let name = uri.path().strip_prefix("/SimpleNotificationService-")?.strip_suffix(".pem")?;
    let is_plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_plain && uri.query().is_none()).then(|| format!("{origin}{}", uri.path()))
}

/// Where a subscription is confirmed, put together from what was checked.
pub(super) fn subscribe_url(account: &Account, given: &str, topic: &str) -> Option<String> {
    let uri: Uri = given.parse().ok()?;
    let origin = origin(account, &uri)?;
    let mut token = None;
    for (name, value) in form_urlencoded::parse(uri.query()?.as_bytes()) {
        match &*name {
            "Action" if value != "ConfirmSubscription" => return None,
            "TopicArn" if value != topic => return None,
            "Token" => token = Some(value.into_owned()),
            _ => {}
        }
    }
    is_our_topic(account, topic).ok()?;
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("Action", "ConfirmSubscription")
        .append_pair("TopicArn", topic)
        .append_pair("Token", &token?)
        .finish();
    (uri.path() == "/").then(|| format!("{origin}/?{query}"))
}

/// Scheme and host, when they are those of SNS. With a simulated SNS nothing else is believed, and the other way round.
fn origin(account: &Account, uri: &Uri) -> Option<String> {
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?.as_str());
    let origin = format!("{scheme}://{authority}");
    match &account.sns_url {
        Some(simulated) => (origin == *simulated).then_some(origin),
        None => (scheme == "https" && is_regional_sns(authority)).then_some(origin),
    }
}

/// `sns.<region>.amazonaws.com`, also that of China; nothing before or after it, such as a user or a port.
fn is_regional_sns(host: &str) -> bool {
    let place = host.strip_prefix("sns.");
    let place =
        place.and_then(|rest| rest.strip_suffix(".amazonaws.com").or(rest.strip_suffix(".amazonaws.com.cn")));
    place.is_some_and(is_region)
}

/// The names that certificates of SNS have.
fn is_sns(name: &str) -> bool {
    name == "sns.amazonaws.com" || is_regional_sns(name)
}

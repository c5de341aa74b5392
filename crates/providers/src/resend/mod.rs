//! Sends mail through Resend's HTTP API. Never retries: the queue does, and Resend's idempotency key makes that harmless.

mod config;
mod failures;
mod missed;
mod received;
mod send;
mod signature;
#[cfg(test)]
mod tests;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::channel::Channel;
use domain::clock::Clock;
use domain::failure::{LookUp, Outcome, Words};
use domain::invalid::Invalid;
use domain::outgoing::Outgoing;
use futures_util::future::BoxFuture;
use http::HeaderValue;
use net::check::CheckStep;
use net::http::{Client, Request, Response, Stage, TransportError};

use crate::answer::{not_asked, not_done, path_part, unanswered};
use crate::connect::Surroundings;
use crate::manifest::{Capabilities, Link, Manifest};
use crate::provider::{
    Fact, LookUpRequest, Missed, MissedRequest, NotDone, Provider, RawRequest, ReceivedMail, Refused,
    StoredMail, Suppressed, Unreadable,
};
use crate::{limits, settings};

pub(crate) static MANIFEST: Manifest = Manifest {
    name: "resend",
    title: "Resend",
    summary: "Sends and receives mail through Resend's HTTP API, with signed events and harmless retries.",
    channels: &[Channel::Email],
    capabilities: Capabilities {
        attachments: true,
        inline_images: true,
        custom_headers: true,
        delivery_events: true,
        inbound: true,
        signed_webhooks: true,
        look_up: true,
        missed_events: true,
        unsuppress: true,
        idempotency_key: true,
        idempotency_key_hours: Some(24),
        sandbox: true,
        // A message may have 40 MB once its files are base 64, which takes a third of it.
        max_message_bytes: Some(29_000_000),
        max_recipients: Some(50),
        look_up_after_seconds: Some(LOOK_UP_AFTER_SECONDS),
        ..Capabilities::NONE
    },
    webhook_headers: &["svix-id", "webhook-id"],
    provider_id_in: None,
    links: &[
        Link { title: "API reference", url: "https://resend.com/docs/api-reference/introduction" },
        Link { title: "Errors", url: "https://resend.com/docs/api-reference/errors" },
        Link { title: "Webhooks", url: "https://resend.com/docs/dashboard/webhooks/introduction" },
        Link { title: "Receiving", url: "https://resend.com/docs/dashboard/receiving/introduction" },
    ],
    guide: include_str!("README.md"),
    schema: settings::schema_of::<config::ResendSettings>,
    connect,
};

/// A message can be asked for by its id at once; this is for the clocks.
const LOOK_UP_AFTER_SECONDS: u32 = 60;
/// The largest mail or file that is fetched.
const LARGEST: usize = 50 << 20;
/// A large file takes longer than an answer of the API.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_mins(2);

struct Resend {
    http: Client,
    clock: Clock,
    account: config::Account,
}

fn connect(given: serde_json::Value, surroundings: &Surroundings) -> Result<Arc<dyn Provider>, Invalid> {
    let account = config::read(given)?;
    Ok(Arc::new(Resend { http: surroundings.http.clone(), clock: surroundings.clock.clone(), account }))
}

impl Provider for Resend {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            if let Some(outcome) = limits::refused(message, &MANIFEST) {
                return outcome;
            }
            let mut request =
                Request::post_json(self.url("/emails"), send::encode(message), self.account.timeout);
            request.headers.insert("idempotency-key", send::idempotency_key(message));
            match self.ask(request).await {
                Ok(answer) => send::decode(&answer),
                Err(error) => unanswered(error),
            }
        })
    }

    fn check(&self) -> BoxFuture<'_, Vec<CheckStep>> {
        Box::pin(async move {
            match self.get("/domains").await {
                Ok(answer) => failures::check(&answer, self.account.from_domain.as_deref()),
                Err(error) => vec![CheckStep::failed("connect", error.detail)],
            }
        })
    }

    fn look_up<'a>(&'a self, request: &'a LookUpRequest) -> BoxFuture<'a, LookUp> {
        Box::pin(async move {
            let is_id = |id: &&String| received::is_id(id);
            // Without its id a message cannot be asked for, and the idempotency key answers better.
            let Some(id) = request.provider_id.as_ref().filter(is_id) else { return LookUp::Unsupported };
            match self.get(&format!("/emails/{id}")).await {
                Ok(answer) => send::decode_look_up(&answer, id),
                Err(error) => LookUp::Failed(Words::plain(error.detail)),
            }
        })
    }

    fn missed<'a>(&'a self, asked: &'a MissedRequest) -> BoxFuture<'a, Result<Missed, NotDone>> {
        Box::pin(async move {
            let mut found = Missed::default();
            let mut after: Option<String> = None;
            for _ in 0..missed::MAX_PAGES {
                let answer = self.get(&missed::received_page(after.as_deref())).await.map_err(not_asked)?;
                let (mails, older) = missed::received(&answer, asked.since)?;
                found.stored.extend(mails);
                after = older;
                if after.is_none() {
                    break;
                }
            }
            let open = asked.open.iter().filter(|(_, id)| received::is_id(id));
            for (message, id) in open.take(missed::MAX_MESSAGES) {
                let answer = self.get(&format!("/emails/{id}")).await.map_err(not_asked)?;
                if answer.status == http::StatusCode::TOO_MANY_REQUESTS {
                    break;
                }
                let Some(mut report) = missed::last_event(&answer, *message, id) else { continue };
                if let Some(path) = missed::suppression(&report) {
                    let answer = self.get(&path).await.map_err(not_asked)?;
                    if answer.status == http::StatusCode::TOO_MANY_REQUESTS {
                        // Asked again in the next round; of what kind it is cannot be taken back.
                        break;
                    }
                    report = missed::for_good(report, &answer);
                }
                found.reports.push(report);
            }
            Ok(found)
        })
    }

    fn unsuppress<'a>(&'a self, entry: &'a Suppressed) -> BoxFuture<'a, Result<(), NotDone>> {
        Box::pin(async move {
            let url = self.url(&format!("/suppressions/{}", path_part(entry.address.as_str())));
            let mut request = Request::get(url, self.account.timeout);
            request.method = http::Method::DELETE;
            let answer = self.ask(request).await.map_err(not_asked)?;
            match answer.status.as_u16() {
                200 | 204 | 404 => Ok(()),
                _ => Err(not_done(&failures::outcome(&answer))),
            }
        })
    }

    fn verify<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<(), Refused>> {
        Box::pin(async move { signature::verify(request, &self.account.webhook_secrets, self.clock.now()) })
    }

    fn read(&self, request: &RawRequest) -> Result<Vec<Fact>, Unreadable> {
        webhook::read(request)
    }

    fn fetch<'a>(&'a self, stored: &'a StoredMail) -> BoxFuture<'a, Result<ReceivedMail, NotDone>> {
        Box::pin(async move {
            if !received::is_id(&stored.place) {
                return Err(NotDone::Never("the mail's id is not an id of Resend".to_owned()));
            }
            let path = format!("/emails/receiving/{}", stored.place);
            let email = received::decode(&self.asked(&path).await?)?;
            let raw = match email.download_url() {
                Some(url) => self.download(url).await?,
                None => self.put_together(&path, email).await?.into(),
            };
            Ok(ReceivedMail {
                dedupe_key: stored.dedupe_key.clone(),
                envelope_from: stored.envelope_from.clone(),
                envelope_to: stored.envelope_to.clone(),
                raw,
            })
        })
    }
}

impl Resend {
    /// The mail out of its fields, with every file fetched.
    async fn put_together(&self, path: &str, email: received::Email) -> Result<Vec<u8>, NotDone> {
        let mut files = Vec::new();
        let mut total = 0;
        for attachment in email.attachments() {
            let place = format!("{path}/attachments/{}", attachment.id()?);
            let url = received::decode_attachment(&self.asked(&place).await?)?;
            let bytes = self.download(&url).await?;
            total += bytes.len();
            if total > LARGEST {
                return Err(NotDone::Never("the mail's files are larger than 50 MiB together".to_owned()));
            }
            files.push(attachment.file(bytes));
        }
        Ok(email.rebuild(files))
    }

    /// An answer of the API about received mail that is 200.
    async fn asked(&self, path: &str) -> Result<Response, NotDone> {
        let request = Request::get(self.url(path), self.account.timeout);
        let answer = self.ask(request).await.map_err(|error| NotDone::Later(error.detail))?;
        if answer.status == http::StatusCode::OK {
            return Ok(answer);
        }
        let words = failures::outcome(&answer).words().clone();
        // Keys are mended, limits pass, and what was just received may not be found yet.
        Err(NotDone::Later(format!("{}: {}", words.code.unwrap_or_default(), words.detail)))
    }

    /// What lies at an address that Resend named. Our key does not go there.
    async fn download(&self, url: &str) -> Result<Bytes, NotDone> {
        if !received::may_fetch(url, &self.account.base_url) {
            return Err(NotDone::Never("the mail lies at an address that may not be visited".to_owned()));
        }
        let answer = self
            .http
            .send_up_to(Request::get(url, DOWNLOAD_TIMEOUT), LARGEST)
            .await
            .map_err(|error| NotDone::Later(error.detail))?;
        if answer.status != http::StatusCode::OK {
            // Such addresses are good for a while only; the next try asks for a new one.
            return Err(NotDone::Later(format!("the download was answered with {}", answer.status)));
        }
        Ok(answer.body)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.account.base_url)
    }

    async fn get(&self, path: &str) -> Result<Response, TransportError> {
        self.ask(Request::get(self.url(path), self.account.timeout)).await
    }

    async fn ask(&self, mut request: Request) -> Result<Response, TransportError> {
        let bearer = format!("Bearer {}", self.account.api_key.reveal());
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| TransportError {
            stage: Stage::NotSent,
            detail: "the API key holds characters that no key has".to_owned(),
        })?;
        bearer.set_sensitive(true);
        request.headers.insert(http::header::AUTHORIZATION, bearer);
        self.http.send(request).await
    }
}

//! Sends mail through SMTP2GO's HTTP API (v3). Never retries: the queue does.

mod activity;
mod config;
mod failures;
mod missed;
mod send;
mod suppression;
#[cfg(test)]
mod tests;
mod webhook;

use std::sync::Arc;

use domain::channel::Channel;
use domain::clock::{Clock, Timestamp};
use domain::failure::{LookUp, Outcome, Words};
use domain::invalid::Invalid;
use domain::outgoing::Outgoing;
use futures_util::future::BoxFuture;
use http::HeaderValue;
use net::check::CheckStep;
use net::http::{Client, Request, Response, Stage, TransportError};

use crate::answer::{ends, not_asked, too_much, unanswered, up_to};
use crate::connect::Surroundings;
use crate::limits;
use crate::manifest::{Capabilities, Link, Manifest};
use crate::provider::{
    Fact, LookUpRequest, Missed, MissedRequest, NotDone, Provider, RawRequest, Refused, Suppressed,
    Unreadable,
};
use crate::settings;
use crate::webhook::authorized;

pub(crate) static MANIFEST: Manifest = Manifest {
    name: "smtp2go",
    title: "SMTP2GO",
    summary: "Sends mail through SMTP2GO's HTTP API, with delivery events and look-up of unknown outcomes.",
    channels: &[Channel::Email],
    capabilities: Capabilities {
        attachments: true,
        inline_images: true,
        custom_headers: true,
        delivery_events: true,
        look_up: true,
        missed_events: true,
        unsuppress: true,
        keeps_message_id: true,
        sandbox: true,
        // The whole request may have 50 MB, and base 64 takes a third of it.
        max_message_bytes: Some(37_000_000),
        // To, Cc and Bcc may have 100 each; one limit for all three is the safe side.
        max_recipients: Some(100),
        look_up_after_seconds: Some(config::DEFAULT_INDEX_DELAY_SECONDS),
        ..Capabilities::NONE
    },
    webhook_headers: &[],
    provider_id_in: None,
    links: &[
        Link { title: "API reference", url: "https://developers.smtp2go.com/reference/introduction-1" },
        Link { title: "Webhooks", url: "https://developers.smtp2go.com/docs/webhooks-1" },
        Link { title: "Activity search", url: "https://developers.smtp2go.com/docs/view-account-activity" },
    ],
    guide: include_str!("README.md"),
    schema: settings::schema_of::<config::Smtp2goSettings>,
    connect,
};

const API_KEY_HEADER: &str = "x-smtp2go-api-key";

struct Smtp2go {
    http: Client,
    clock: Clock,
    account: config::Account,
}

fn connect(given: serde_json::Value, surroundings: &Surroundings) -> Result<Arc<dyn Provider>, Invalid> {
    let account = config::read(given)?;
    Ok(Arc::new(Smtp2go { http: surroundings.http.clone(), clock: surroundings.clock.clone(), account }))
}

impl Provider for Smtp2go {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            if let Some(outcome) = limits::refused(message, &MANIFEST) {
                return outcome;
            }
            match self.post("/email/send", send::encode(message)).await {
                Ok(answer) => send::decode(&answer),
                Err(error) => unanswered(error),
            }
        })
    }

    fn check(&self) -> BoxFuture<'_, Vec<CheckStep>> {
        Box::pin(async move {
            // This endpoint is open to every key, so it tells a wrong key from one with few permissions.
            match self.post("/api_keys/permissions", b"{}".to_vec()).await {
                Ok(answer) => failures::check(&answer),
                Err(error) => vec![CheckStep::failed("connect", error.detail)],
            }
        })
    }

    fn look_up<'a>(&'a self, request: &'a LookUpRequest) -> BoxFuture<'a, LookUp> {
        Box::pin(async move {
            let mut continue_token = None;
            for _ in 0..activity::MAX_PAGES {
                let now = self.clock.now();
                let body = activity::encode(request, now, continue_token.as_deref());
                let answer = match self.post("/activity/search", body).await {
                    Ok(answer) => answer,
                    Err(error) => return LookUp::Failed(Words::plain(error.detail)),
                };
                match activity::decode(&answer, request, now, self.account.index_delay) {
                    activity::Page::Answer(answer) => return answer,
                    activity::Page::Next(token) => continue_token = Some(token),
                }
            }
            LookUp::Failed(Words::plain("too many events in that time to look through"))
        })
    }

    fn missed<'a>(&'a self, asked: &'a MissedRequest) -> BoxFuture<'a, Result<Missed, NotDone>> {
        Box::pin(async move {
            for until in ends(asked) {
                if let Some(found) = self.happened(asked.since, until).await? {
                    return Ok(up_to(asked, until, found));
                }
            }
            Err(too_much())
        })
    }

    fn unsuppress<'a>(&'a self, entry: &'a Suppressed) -> BoxFuture<'a, Result<(), NotDone>> {
        Box::pin(async move {
            let body = suppression::encode(entry);
            let answer = self.post("/suppression/remove", body).await.map_err(not_asked)?;
            suppression::decode(&answer)
        })
    }

    fn verify<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<(), Refused>> {
        Box::pin(async move { authorized(request, &self.account.webhook_secrets) })
    }

    fn read(&self, request: &RawRequest) -> Result<Vec<Fact>, Unreadable> {
        Ok(webhook::read(request)?.into_iter().map(Fact::Report).collect())
    }
}

impl Smtp2go {
    /// The events of a time; nothing when there are too many.
    async fn happened(&self, since: Timestamp, until: Timestamp) -> Result<Option<Missed>, NotDone> {
        let mut found = Missed::default();
        let mut continue_token: Option<String> = None;
        for _ in 0..missed::MAX_PAGES {
            let body = missed::encode((since, until), continue_token.as_deref());
            let answer = self.post("/activity/search", body).await.map_err(not_asked)?;
            let (reports, next) = missed::decode(&answer)?;
            found.reports.extend(reports);
            match next {
                Some(token) => continue_token = Some(token),
                None => return Ok(Some(found)),
            }
        }
        Ok(None)
    }

    async fn post(&self, path: &str, body: Vec<u8>) -> Result<Response, TransportError> {
        let url = format!("{}{path}", self.account.base_url);
        let mut request = Request::post_json(url, body, self.account.timeout);
        let mut key = HeaderValue::from_str(self.account.api_key.reveal()).map_err(|_| TransportError {
            stage: Stage::NotSent,
            detail: "the API key holds characters that no key has".to_owned(),
        })?;
        key.set_sensitive(true);
        request.headers.insert(API_KEY_HEADER, key);
        self.http.send(request).await
    }
}

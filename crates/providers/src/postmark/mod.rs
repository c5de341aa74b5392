//! Sends mail through Postmark's HTTP API. Never retries: the queue does.

mod config;
mod failures;
mod inbound;
mod missed;
mod search;
mod send;
#[cfg(test)]
mod tests;
mod webhook;

use std::sync::Arc;

use domain::channel::Channel;
use domain::clock::Clock;
use domain::failure::{LookUp, Outcome, Words};
use domain::invalid::Invalid;
use domain::outgoing::Outgoing;
use futures_util::future::BoxFuture;
use http::HeaderValue;
use net::check::CheckStep;
use net::http::{Client, Request, Response, Stage, TransportError};
use serde_json::json;

use crate::answer::{not_asked, unanswered};
use crate::connect::Surroundings;
use crate::manifest::{Capabilities, Link, Manifest};
use crate::provider::{
    Fact, LookUpRequest, Missed, MissedRequest, NotDone, Provider, RawRequest, Refused, Suppressed,
    Unreadable,
};
use crate::webhook::authorized;
use crate::{limits, settings};

pub(crate) static MANIFEST: Manifest = Manifest {
    name: "postmark",
    title: "Postmark",
    summary: "Sends and receives mail through Postmark's HTTP API, with delivery events and message search.",
    channels: &[Channel::Email],
    capabilities: Capabilities {
        attachments: true,
        inline_images: true,
        custom_headers: true,
        delivery_events: true,
        inbound: true,
        look_up: true,
        missed_events: true,
        unsuppress: true,
        keeps_message_id: true,
        sandbox: true,
        // The whole request may have 10 MB, and base 64 takes a third of it.
        max_message_bytes: Some(7_000_000),
        max_recipients: Some(50),
        look_up_after_seconds: Some(config::DEFAULT_INDEX_DELAY_SECONDS),
        ..Capabilities::NONE
    },
    webhook_headers: &[],
    provider_id_in: None,
    links: &[
        Link { title: "Email API", url: "https://postmarkapp.com/developer/api/email-api" },
        Link { title: "Errors", url: "https://postmarkapp.com/developer/api/overview#error-codes" },
        Link { title: "Webhooks", url: "https://postmarkapp.com/developer/webhooks/webhooks-overview" },
        Link { title: "Message search", url: "https://postmarkapp.com/developer/api/messages-api" },
    ],
    guide: include_str!("README.md"),
    schema: settings::schema_of::<config::PostmarkSettings>,
    connect,
};

const TOKEN_HEADER: &str = "x-postmark-server-token";

struct Postmark {
    http: Client,
    clock: Clock,
    account: config::Account,
}

fn connect(given: serde_json::Value, surroundings: &Surroundings) -> Result<Arc<dyn Provider>, Invalid> {
    let account = config::read(given)?;
    Ok(Arc::new(Postmark { http: surroundings.http.clone(), clock: surroundings.clock.clone(), account }))
}

impl Provider for Postmark {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            if let Some(outcome) = limits::refused(message, &MANIFEST) {
                return outcome;
            }
            let body = send::encode(message, &self.account.stream);
            let request = Request::post_json(self.url("/email"), body, self.account.timeout);
            match self.ask(request).await {
                Ok(answer) => send::decode(&answer),
                Err(error) => unanswered(error),
            }
        })
    }

    fn check(&self) -> BoxFuture<'_, Vec<CheckStep>> {
        Box::pin(async move {
            if self.account.server_token.reveal() == config::TEST_TOKEN {
                return vec![CheckStep::passed(
                    "server_token",
                    "the test token: messages are checked and not delivered",
                )];
            }
            let server = match self.get("/server").await {
                Ok(answer) => failures::check_server(&answer),
                Err(error) => return vec![CheckStep::failed("connect", error.detail)],
            };
            let mut steps = vec![CheckStep::passed("connect", "Postmark answered"), server];
            if steps.iter().all(|step| step.ok) {
                let path = format!("/message-streams/{}", self.account.stream);
                steps.push(match self.get(&path).await {
                    Ok(answer) => failures::check_stream(&answer, &self.account.stream),
                    Err(error) => CheckStep::failed("message_stream", error.detail),
                });
            }
            steps
        })
    }

    fn look_up<'a>(&'a self, request: &'a LookUpRequest) -> BoxFuture<'a, LookUp> {
        Box::pin(async move {
            match self.get(&search::path(request)).await {
                Ok(answer) => search::decode(&answer, request, self.clock.now(), self.account.index_delay),
                Err(error) => LookUp::Failed(Words::plain(error.detail)),
            }
        })
    }

    fn missed<'a>(&'a self, asked: &'a MissedRequest) -> BoxFuture<'a, Result<Missed, NotDone>> {
        Box::pin(async move {
            let mut found = Missed::default();
            for page in 0..missed::MAX_PAGES {
                let answer = self.get(&missed::bounces(asked.since, page)).await.map_err(not_asked)?;
                let (reports, is_more) = missed::bounced(&answer, asked.since)?;
                found.reports.extend(reports);
                if !is_more {
                    break;
                }
            }
            for (_, id) in asked.open.iter().take(missed::MAX_MESSAGES) {
                let answer = self.get(&missed::message(id)).await.map_err(not_asked)?;
                // A message that is too old to be shown is no reason to forget the others.
                found.reports.extend(missed::delivered(&answer).unwrap_or_default());
            }
            self.hand_over_again().await?;
            Ok(found)
        })
    }

    fn unsuppress<'a>(&'a self, entry: &'a Suppressed) -> BoxFuture<'a, Result<(), NotDone>> {
        Box::pin(async move {
            let url = self.url(&format!("/message-streams/{}/suppressions/delete", self.account.stream));
            let body = json!({ "Suppressions": [{ "EmailAddress": entry.address }] }).to_string();
            let request = Request::post_json(url, body, self.account.timeout);
            missed::reactivated(&self.ask(request).await.map_err(not_asked)?)
        })
    }

    fn verify<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<(), Refused>> {
        // Refused with 401: after a 403 Postmark would never try again.
        Box::pin(async move { authorized(request, &self.account.webhook_secrets) })
    }

    fn read(&self, request: &RawRequest) -> Result<Vec<Fact>, Unreadable> {
        webhook::read(request)
    }
}

impl Postmark {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.account.base_url)
    }

    /// Mail that Postmark gave up to hand over is handed over once more, by webhook: its files can be had only so.
    async fn hand_over_again(&self) -> Result<(), NotDone> {
        let answer = self.get(missed::FAILED_INBOUND).await.map_err(not_asked)?;
        for id in missed::given_up(&answer)? {
            let mut request = Request::get(self.url(&missed::hand_over_again(&id)), self.account.timeout);
            request.method = http::Method::PUT;
            self.ask(request).await.map_err(not_asked)?;
        }
        Ok(())
    }

    async fn get(&self, path: &str) -> Result<Response, TransportError> {
        self.ask(Request::get(self.url(path), self.account.timeout)).await
    }

    async fn ask(&self, mut request: Request) -> Result<Response, TransportError> {
        let mut token =
            HeaderValue::from_str(self.account.server_token.reveal()).map_err(|_| TransportError {
                stage: Stage::NotSent,
                detail: "the server token holds characters that no token has".to_owned(),
            })?;
        token.set_sensitive(true);
        request.headers.insert(TOKEN_HEADER, token);
        request.headers.insert(http::header::ACCEPT, HeaderValue::from_static("application/json"));
        self.http.send(request).await
    }
}

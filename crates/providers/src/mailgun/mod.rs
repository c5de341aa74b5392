//! Sends mail through Mailgun's HTTP API (v3), and hears of events and received mail by webhook. Never retries: the queue
//! does.

mod config;
mod events;
mod failures;
mod inbound;
mod missed;
mod multipart;
mod send;
mod signature;
mod stored;
#[cfg(test)]
mod tests;
mod webhook;

use std::sync::Arc;

use domain::channel::Channel;
use domain::clock::Clock;
use domain::failure::{LookUp, Outcome, Words};
use domain::invalid::Invalid;
use domain::outgoing::Outgoing;
use domain::suppression::SuppressionReason;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Method};
use net::check::CheckStep;
use net::http::{Client, Request, Response, Stage, TransportError};

use crate::answer::{not_asked, not_done, path_part, unanswered};
use crate::connect::Surroundings;
use crate::limits;
use crate::manifest::{Capabilities, Link, Manifest};
use crate::provider::{
    Fact, LookUpRequest, Missed, MissedRequest, NotDone, Provider, RawRequest, ReceivedMail, Refused,
    StoredMail, Suppressed, Unreadable,
};
use crate::settings;

pub(crate) static MANIFEST: Manifest = Manifest {
    name: "mailgun",
    title: "Mailgun",
    summary: "Sends and receives mail through Mailgun's HTTP API, with signed events and look-up of unknown outcomes.",
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
        keeps_message_id: true,
        sandbox: true,
        // A request may have 52.4 MiB, and files go as they are; the rest is for the form around them.
        max_message_bytes: Some(52_000_000),
        max_recipients: Some(1000),
        look_up_after_seconds: Some(config::DEFAULT_INDEX_DELAY_SECONDS),
        spf_include: Some("mailgun.org"),
        ..Capabilities::NONE
    },
    webhook_headers: &[],
    provider_id_in: Some(send::own_form),
    links: &[
        Link {
            title: "API reference",
            url: "https://documentation.mailgun.com/docs/mailgun/api-reference/openapi-final/tag/Messages/",
        },
        Link {
            title: "Webhooks",
            url: "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhooks",
        },
        Link {
            title: "Receiving",
            url: "https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/",
        },
    ],
    guide: include_str!("README.md"),
    schema: settings::schema_of::<config::MailgunSettings>,
    connect,
};

struct Mailgun {
    http: Client,
    clock: Clock,
    account: config::Account,
    authorization: HeaderValue,
}

fn connect(given: serde_json::Value, surroundings: &Surroundings) -> Result<Arc<dyn Provider>, Invalid> {
    let account = config::read(given)?;
    let pair = net::signature::base64(format!("api:{}", account.api_key.reveal()).as_bytes());
    let mut authorization = HeaderValue::try_from(format!("Basic {pair}"))
        .expect("base 64 holds no character that a header cannot");
    authorization.set_sensitive(true);
    Ok(Arc::new(Mailgun {
        http: surroundings.http.clone(),
        clock: surroundings.clock.clone(),
        account,
        authorization,
    }))
}

impl Provider for Mailgun {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            if let Some(outcome) = limits::refused(message, &MANIFEST) {
                return outcome;
            }
            match self.post(send::encode(message, self.account.sandbox)).await {
                Ok(answer) => send::decode(&answer, self.clock.now()),
                Err(error) => unanswered(error),
            }
        })
    }

    fn check(&self) -> BoxFuture<'_, Vec<CheckStep>> {
        Box::pin(async move {
            let mut steps = vec![CheckStep::passed("connect", "Mailgun answered")];
            match self.check_domain().await {
                Ok(found) => steps.extend(found),
                Err(error) => steps = vec![CheckStep::failed("connect", error.detail)],
            }
            steps
        })
    }

    fn look_up<'a>(&'a self, request: &'a LookUpRequest) -> BoxFuture<'a, LookUp> {
        Box::pin(async move {
            let mut url = events::first_page(&self.account, request, self.clock.now());
            for _ in 0..events::MAX_PAGES {
                let answer = match self.get(url).await {
                    Ok(answer) => answer,
                    Err(error) => return LookUp::Failed(Words::plain(error.detail)),
                };
                match events::decode(&answer, &self.account, request, self.clock.now()) {
                    events::Page::Answer(answer) => return answer,
                    events::Page::Next(next) => url = next,
                }
            }
            LookUp::Failed(Words::plain("too many events in that time to look through"))
        })
    }

    fn missed<'a>(&'a self, asked: &'a MissedRequest) -> BoxFuture<'a, Result<Missed, NotDone>> {
        Box::pin(async move {
            let mut found = Missed::default();
            let mut url = missed::first_page(&self.account, asked);
            for _ in 0..missed::MAX_PAGES {
                let answer = self.get(url).await.map_err(not_asked)?;
                match missed::add(&mut found, &answer, &self.account, self.clock.now())? {
                    Some(next) => url = next,
                    None => break,
                }
            }
            Ok(found)
        })
    }

    fn unsuppress<'a>(&'a self, entry: &'a Suppressed) -> BoxFuture<'a, Result<(), NotDone>> {
        Box::pin(async move {
            let list = match entry.reason {
                SuppressionReason::HardBounce => "bounces",
                SuppressionReason::Complaint => "complaints",
                SuppressionReason::Unsubscribed => "unsubscribes",
                SuppressionReason::Manual => return Ok(()),
            };
            let config::Account { base_url, domain, timeout, .. } = &self.account;
            let address = path_part(entry.address.as_str());
            let mut request = Request::get(format!("{base_url}/v3/{domain}/{list}/{address}"), *timeout);
            request.method = Method::DELETE;
            self.authorize(&mut request);
            let answer = self.http.send(request).await.map_err(not_asked)?;
            match answer.status.as_u16() {
                // Whether the address or the domain is not found is told in words only.
                200 => Ok(()),
                404 if !String::from_utf8_lossy(&answer.body).contains("Domain") => Ok(()),
                _ => Err(not_done(&failures::outcome(&answer, self.clock.now()))),
            }
        })
    }

    fn verify<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<(), Refused>> {
        Box::pin(async move {
            let account = &self.account;
            signature::verify(request, &account.signing_keys, self.clock.now(), account.replay_window)
        })
    }

    fn read(&self, request: &RawRequest) -> Result<Vec<Fact>, Unreadable> {
        if signature::is_json(request) {
            return Ok(vec![Fact::Report(webhook::read(&request.body)?)]);
        }
        Ok(vec![inbound::read(request)?])
    }

    fn single_use(&self, request: &RawRequest) -> Option<String> {
        signature::of(request).map(|signed| signed.token)
    }

    fn fetch<'a>(&'a self, stored: &'a StoredMail) -> BoxFuture<'a, Result<ReceivedMail, NotDone>> {
        Box::pin(async move {
            if !stored::is_ours(&stored.place, &self.account.base_url) {
                return Err(NotDone::Never(
                    "the mail is said to be at a server that is not Mailgun's".to_owned(),
                ));
            }
            let mut request = Request::get(stored.place.clone(), self.account.timeout);
            self.authorize(&mut request);
            request.headers.insert(http::header::ACCEPT, HeaderValue::from_static("message/rfc2822"));
            let answer = self.http.send_up_to(request, stored::LARGEST).await;
            stored::decode(&answer.map_err(|error| NotDone::Later(error.detail))?, stored)
        })
    }
}

impl Mailgun {
    /// By the domain itself where the key may ask for it. A key that may only send is tried with a message that holds
    /// nothing, which nobody takes.
    async fn check_domain(&self) -> Result<Vec<CheckStep>, TransportError> {
        let config::Account { base_url, domain, .. } = &self.account;
        let found = self.get(format!("{base_url}/v4/domains/{domain}")).await?;
        if !matches!(found.status.as_u16(), 401 | 403) {
            return Ok(failures::check_domain(&found, domain));
        }
        let form = multipart::Form {
            content_type: "application/x-www-form-urlencoded".to_owned(),
            body: Vec::new(),
        };
        Ok(failures::check_sending(&self.post(form).await?, domain))
    }

    async fn post(&self, form: multipart::Form) -> Result<Response, TransportError> {
        let url = format!("{}/v3/{}/messages", self.account.base_url, self.account.domain);
        let mut request = Request::get(url, self.account.timeout);
        request.method = Method::POST;
        request.body = form.body.into();
        self.authorize(&mut request);
        let content_type = HeaderValue::try_from(form.content_type).map_err(|_| TransportError {
            stage: Stage::NotSent,
            detail: "the form's boundary is no header".to_owned(),
        })?;
        request.headers.insert(http::header::CONTENT_TYPE, content_type);
        self.http.send(request).await
    }

    async fn get(&self, url: String) -> Result<Response, TransportError> {
        let mut request = Request::get(url, self.account.timeout);
        self.authorize(&mut request);
        self.http.send(request).await
    }

    fn authorize(&self, request: &mut Request) {
        request.headers.insert(http::header::AUTHORIZATION, self.authorization.clone());
    }
}

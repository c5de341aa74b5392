//! Sends mail through SendGrid's HTTP API (v3), and hears of events and received mail by webhook. Never retries: the queue
//! does.

mod config;
mod failures;
mod inbound;
mod missed;
mod send;
mod signature;
#[cfg(test)]
mod tests;
mod webhook;

use std::sync::Arc;

use domain::channel::Channel;
use domain::clock::Clock;
use domain::failure::{Outcome, RejectReason, Words};
use domain::invalid::Invalid;
use domain::outgoing::Outgoing;
use domain::suppression::SuppressionReason;
use futures_util::future::BoxFuture;
use http::HeaderValue;
use net::check::CheckStep;
use net::http::{Client, Request, Response, TransportError};

use crate::answer::{ends, not_asked, not_done, path_part, too_much, unanswered, up_to};
use crate::connect::Surroundings;
use crate::limits;
use crate::manifest::{Capabilities, Link, Manifest};
use crate::provider::{
    Fact, Missed, MissedRequest, NotDone, Provider, RawRequest, Refused, Suppressed, Unreadable,
};
use crate::settings;
use crate::webhook::authorized;

pub(crate) static MANIFEST: Manifest = Manifest {
    name: "sendgrid",
    title: "SendGrid",
    summary: "Sends mail through SendGrid's HTTP API, with signed delivery events and mail received by Inbound Parse.",
    channels: &[Channel::Email],
    capabilities: Capabilities {
        attachments: true,
        inline_images: true,
        custom_headers: true,
        delivery_events: true,
        inbound: true,
        signed_webhooks: true,
        missed_events: true,
        unsuppress: true,
        keeps_message_id: true,
        sandbox: true,
        // The whole request may have 30 MB, and base 64 takes a third of it.
        max_message_bytes: Some(22_000_000),
        max_recipients: Some(1000),
        ..Capabilities::NONE
    },
    webhook_headers: &[],
    provider_id_in: Some(send::id_in),
    links: &[
        Link {
            title: "Mail Send",
            url: "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send",
        },
        Link {
            title: "Event Webhook",
            url: "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event",
        },
        Link {
            title: "Inbound Parse",
            url: "https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook",
        },
    ],
    guide: include_str!("README.md"),
    schema: settings::schema_of::<config::SendgridSettings>,
    connect,
};

struct Sendgrid {
    http: Client,
    clock: Clock,
    account: config::Account,
    authorization: HeaderValue,
}

fn connect(given: serde_json::Value, surroundings: &Surroundings) -> Result<Arc<dyn Provider>, Invalid> {
    let account = config::read(given)?;
    let mut authorization = HeaderValue::try_from(format!("Bearer {}", account.api_key.reveal()))
        .map_err(|_| Invalid::at("/settings/api_key", "expected a key such as SG.0123456789.ABCDEF"))?;
    authorization.set_sensitive(true);
    Ok(Arc::new(Sendgrid {
        http: surroundings.http.clone(),
        clock: surroundings.clock.clone(),
        account,
        authorization,
    }))
}

impl Provider for Sendgrid {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            if let Some(outcome) = limits::refused(message, &MANIFEST).or_else(|| nobody_to(message)) {
                return outcome;
            }
            let sandbox = self.account.sandbox;
            let url = format!("{}/v3/mail/send", self.account.base_url);
            let request = Request::post_json(url, send::encode(message, sandbox), self.account.timeout);
            match self.http.send(self.authorized(request)).await {
                Ok(answer) => send::decode(&answer, sandbox, self.clock.now()),
                Err(error) => unanswered(error),
            }
        })
    }

    fn check(&self) -> BoxFuture<'_, Vec<CheckStep>> {
        Box::pin(async move {
            let url = format!("{}/v3/scopes", self.account.base_url);
            match self.http.send(self.authorized(Request::get(url, self.account.timeout))).await {
                Ok(answer) => failures::check(&answer),
                Err(error) => vec![CheckStep::failed("connect", error.detail)],
            }
        })
    }

    fn missed<'a>(&'a self, asked: &'a MissedRequest) -> BoxFuture<'a, Result<Missed, NotDone>> {
        Box::pin(async move {
            if !self.account.activity_feed {
                return Err(NotDone::Never(
                    "the Email Activity Feed is not switched on in the settings".to_owned(),
                ));
            }
            for until in ends(asked) {
                let answer = self.get(&missed::path((asked.since, until))).await.map_err(not_asked)?;
                let Some(page) = missed::decode(&answer)? else { continue };
                let mut found = Missed { reports: page.delivered, ..Missed::default() };
                let ours =
                    |id: &&String| asked.open.iter().any(|(_, known)| id.split('.').next() == Some(known));
                for id in page.undelivered.iter().filter(ours).take(missed::MAX_DETAILS) {
                    let answer = self.get(&missed::details(id)).await.map_err(not_asked)?;
                    found.reports.extend(missed::decode_details(&answer).unwrap_or_default());
                }
                return Ok(up_to(asked, until, found));
            }
            Err(too_much())
        })
    }

    fn unsuppress<'a>(&'a self, entry: &'a Suppressed) -> BoxFuture<'a, Result<(), NotDone>> {
        Box::pin(async move {
            let lists: &[&str] = match entry.reason {
                SuppressionReason::HardBounce => {
                    &["suppression/bounces", "suppression/blocks", "suppression/invalid_emails"]
                }
                SuppressionReason::Complaint => &["suppression/spam_reports"],
                SuppressionReason::Unsubscribed => &["asm/suppressions/global"],
                SuppressionReason::Manual => &[],
            };
            for list in lists {
                let address = path_part(entry.address.as_str());
                let url = format!("{}/v3/{list}/{address}", self.account.base_url);
                let mut request = Request::get(url, self.account.timeout);
                request.method = http::Method::DELETE;
                let answer = self.http.send(self.authorized(request)).await.map_err(not_asked)?;
                if !matches!(answer.status.as_u16(), 200 | 204 | 404) {
                    return Err(not_done(&failures::outcome(&answer, self.clock.now())));
                }
            }
            Ok(())
        })
    }

    fn verify<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<(), Refused>> {
        Box::pin(async move {
            let account = &self.account;
            let (now, window) = (self.clock.now(), account.replay_window);
            if !inbound::is_mail(request) {
                if account.event_keys.is_empty() {
                    return Err(Refused::unauthorized("the account has no event verification key"));
                }
                return signature::verify(request, &account.event_keys, now, window);
            }
            authorized(request, &account.inbound_secrets)?;
            if account.inbound_keys.is_empty() {
                return Ok(());
            }
            signature::verify(request, &account.inbound_keys, now, window)
        })
    }

    fn read(&self, request: &RawRequest) -> Result<Vec<Fact>, Unreadable> {
        if inbound::is_mail(request) {
            return Ok(vec![Fact::Mail(inbound::read(request)?)]);
        }
        Ok(webhook::read(&request.body)?.into_iter().map(Fact::Report).collect())
    }
}

impl Sendgrid {
    async fn get(&self, path: &str) -> Result<Response, TransportError> {
        let request = Request::get(format!("{}{path}", self.account.base_url), self.account.timeout);
        self.http.send(self.authorized(request)).await
    }

    fn authorized(&self, mut request: Request) -> Request {
        request.headers.insert(http::header::AUTHORIZATION, self.authorization.clone());
        let subuser = self.account.on_behalf_of.as_deref().and_then(|user| HeaderValue::from_str(user).ok());
        if let Some(subuser) = subuser {
            request.headers.insert("on-behalf-of", subuser);
        }
        request
    }
}

/// SendGrid takes no message without a recipient in `To`.
fn nobody_to(message: &Outgoing) -> Option<Outcome> {
    message.to.is_empty().then(|| Outcome::Rejected {
        reason: RejectReason::Invalid,
        words: Words::plain("SendGrid takes no message without a recipient in To"),
    })
}

//! Sends mail through Amazon SES (API v2), and hears of it and receives mail through SNS. Never retries: the queue does.

mod check;
mod config;
mod envelope;
mod events;
mod failures;
mod inbound;
mod insights;
mod origin;
mod request;
mod send;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use domain::channel::Channel;
use domain::clock::Clock;
use domain::failure::Outcome;
use domain::invalid::Invalid;
use domain::outgoing::Outgoing;
use domain::suppression::SuppressionReason;
use futures_util::future::BoxFuture;
use http::Method;
use net::check::CheckStep;
use net::http::{Client, Response, TransportError};

use crate::answer::{not_asked, not_done, unanswered};
use crate::connect::Surroundings;
use crate::limits;
use crate::manifest::{Capabilities, Link, Manifest};
use crate::provider::{
    Confirmation, Fact, Missed, MissedRequest, NotDone, Provider, RawRequest, Refused, Suppressed, Unreadable,
};
use crate::settings;

pub(crate) static MANIFEST: Manifest = Manifest {
    name: "ses",
    title: "Amazon SES",
    summary: "Sends mail through Amazon SES, with signed delivery events and received mail by SNS.",
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
        // Nothing is delivered to the mailbox simulator, nor from an account in the sandbox to strangers.
        sandbox: true,
        // Counted with the base 64 of attachments, as it is composed.
        max_message_bytes: Some(40_000_000),
        max_recipients: Some(50),
        ..Capabilities::NONE
    },
    webhook_headers: &[
        envelope::RAW_HEADER,
        envelope::ID_HEADER,
        envelope::TOPIC_HEADER,
        envelope::TYPE_HEADER,
    ],
    provider_id_in: Some(provider_id_in),
    links: &[
        Link {
            title: "SendEmail",
            url: "https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html",
        },
        Link {
            title: "Event publishing to SNS",
            url: "https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns.html",
        },
        Link {
            title: "Signatures of SNS",
            url: "https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html",
        },
        Link {
            title: "Receiving mail",
            url: "https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-sns.html",
        },
    ],
    guide: include_str!("README.md"),
    schema: settings::schema_of::<config::SesSettings>,
    connect,
};

struct Ses {
    http: Client,
    clock: Clock,
    account: config::Account,
    certificates: origin::Certificates,
}

fn connect(given: serde_json::Value, surroundings: &Surroundings) -> Result<Arc<dyn Provider>, Invalid> {
    let account = config::read(given)?;
    let certificates = origin::Certificates::new(surroundings.http.clone());
    Ok(Arc::new(Ses {
        http: surroundings.http.clone(),
        clock: surroundings.clock.clone(),
        account,
        certificates,
    }))
}

/// SES writes `<its id@email.amazonses.com>`, or its region in place of `email`, whatever Message-ID it was given.
fn provider_id_in(rfc_message_id: &str) -> Option<&str> {
    let (id, host) = rfc_message_id.rsplit_once('@')?;
    let place = host.strip_suffix(".amazonses.com")?;
    (!id.is_empty() && config::is_region(place)).then_some(id)
}

impl Provider for Ses {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let capabilities = MANIFEST.capabilities;
            if let Some(outcome) = limits::recipients(message.recipients().len(), capabilities.max_recipients)
            {
                return outcome;
            }
            let mime = mail::compose(message);
            if let Some(outcome) = limits::too_large(mime.len() as u64, capabilities.max_message_bytes) {
                return outcome;
            }
            let body = send::encode(message, &mime, self.account.configuration_set.as_deref());
            match self.ask(Method::POST, send::PATH, body).await {
                Ok(answer) => send::decode(&answer),
                Err(error) => unanswered(error),
            }
        })
    }

    fn check(&self) -> BoxFuture<'_, Vec<CheckStep>> {
        Box::pin(async move {
            let mut steps = match self.ask(Method::GET, check::ACCOUNT_PATH, Vec::new()).await {
                Ok(answer) => check::account(&answer),
                Err(error) => return vec![CheckStep::failed("connect", error.detail)],
            };
            if steps.iter().all(|step| step.ok) {
                steps.extend(self.check_sender().await);
                steps.extend(self.check_events().await);
            }
            steps
        })
    }

    fn missed<'a>(&'a self, asked: &'a MissedRequest) -> BoxFuture<'a, Result<Missed, NotDone>> {
        Box::pin(async move {
            if !self.account.message_insights {
                return Err(NotDone::Never(
                    "message insights are not switched on in the settings".to_owned(),
                ));
            }
            let mut found = Missed::default();
            for (number, (message, id)) in asked.open.iter().take(insights::MAX_MESSAGES).enumerate() {
                if number > 0 {
                    tokio::time::sleep(insights::PAUSE).await;
                }
                let answer =
                    self.ask(Method::GET, &insights::path(id), Vec::new()).await.map_err(not_asked)?;
                match insights::decode(&answer, *message, id) {
                    Ok(reports) => found.reports.extend(reports),
                    // What was heard until then counts; the rest is asked for in the next round.
                    Err(NotDone::Later(_)) if number > 0 => break,
                    Err(failure) => return Err(failure),
                }
            }
            Ok(found)
        })
    }

    fn unsuppress<'a>(&'a self, entry: &'a Suppressed) -> BoxFuture<'a, Result<(), NotDone>> {
        Box::pin(async move {
            // The account-level list knows bounces and complaints only.
            if !matches!(entry.reason, SuppressionReason::HardBounce | SuppressionReason::Complaint) {
                return Ok(());
            }
            let path = format!("/v2/email/suppression/addresses/{}", request::part(entry.address.as_str()));
            let answer = self.ask(Method::DELETE, &path, Vec::new()).await.map_err(not_asked)?;
            match answer.status.as_u16() {
                200 | 404 => Ok(()),
                _ => Err(not_done(&failures::outcome(&answer))),
            }
        })
    }

    fn verify<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<(), Refused>> {
        Box::pin(origin::verify(&self.account, &self.certificates, self.clock.now(), request))
    }

    fn read(&self, request: &RawRequest) -> Result<Vec<Fact>, Unreadable> {
        envelope::facts(request)
    }

    fn confirm<'a>(&'a self, asked: &'a Confirmation) -> BoxFuture<'a, Result<(), NotDone>> {
        Box::pin(origin::confirm(&self.account, &self.http, asked))
    }
}

impl Ses {
    async fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Response, TransportError> {
        let request = request::signed(&self.account, method, path, body, self.clock.now())?;
        self.http.send(request).await
    }

    /// The address may be verified itself, or with its domain.
    async fn check_sender(&self) -> Option<CheckStep> {
        let address = &self.account.from.as_ref()?.address;
        let mut found = None;
        for name in [address.as_str(), address.domain()] {
            let path = format!("/v2/email/identities/{}", request::part(name));
            let step = match self.ask(Method::GET, &path, Vec::new()).await {
                Ok(answer) => check::identity(name, &answer),
                Err(error) => Some(CheckStep::failed("sender", error.detail)),
            };
            if step.as_ref().is_some_and(|step| step.ok) {
                return step;
            }
            found = step.or(found);
        }
        let unknown = || format!("SES knows neither {address} nor {} in this region", address.domain());
        Some(found.unwrap_or_else(|| CheckStep::failed("sender", unknown())))
    }

    async fn check_events(&self) -> Option<CheckStep> {
        let name = self.account.configuration_set.as_deref()?;
        let path = format!("/v2/email/configuration-sets/{}/event-destinations", request::part(name));
        Some(match self.ask(Method::GET, &path, Vec::new()).await {
            Ok(answer) => check::events(name, &self.account.topics, &answer),
            Err(error) => CheckStep::failed("events", error.detail),
        })
    }
}

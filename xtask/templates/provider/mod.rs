//! Sends email through Acme and hears from it by webhook. Never retries: the queue does.

mod config;
mod failures;
mod send;
#[cfg(test)]
mod tests;
mod webhook;

use std::sync::Arc;

use domain::channel::Channel;
use domain::failure::Outcome;
use domain::invalid::Invalid;
use domain::outgoing::Outgoing;
use futures_util::future::BoxFuture;
use net::check::CheckStep;
use net::http::Client;

use crate::answer::unanswered;
use crate::connect::Surroundings;
use crate::limits;
use crate::manifest::{Capabilities, Link, Manifest};
use crate::provider::{Fact, Provider, RawRequest, Refused, Unreadable};
use crate::settings;

pub(crate) static MANIFEST: Manifest = Manifest {
    name: "acme",
    title: "Acme",
    summary: "Email through Acme's HTTP API.",
    channels: &[Channel::Email],
    capabilities: Capabilities {
        attachments: true,
        custom_headers: true,
        delivery_events: true,
        signed_webhooks: true,
        keeps_message_id: true,
        max_recipients: Some(100),
        ..Capabilities::NONE
    },
    webhook_headers: &[],
    provider_id_in: None,
    links: &[Link { title: "API", url: "https://acme.example/docs/api" }],
    guide: include_str!("README.md"),
    schema: settings::schema_of::<config::AcmeSettings>,
    connect,
};

struct Acme {
    http: Client,
    account: config::Account,
}

fn connect(given: serde_json::Value, surroundings: &Surroundings) -> Result<Arc<dyn Provider>, Invalid> {
    let account = config::read(given)?;
    Ok(Arc::new(Acme { http: surroundings.http.clone(), account }))
}

impl Provider for Acme {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            if let Some(outcome) =
                limits::recipients(message.recipients().len(), MANIFEST.capabilities.max_recipients)
            {
                return outcome;
            }
            match self.http.send(send::encode(message, &self.account)).await {
                Ok(answer) => send::decode(&answer),
                Err(error) => unanswered(error),
            }
        })
    }

    fn check(&self) -> BoxFuture<'_, Vec<CheckStep>> {
        Box::pin(async move {
            match self.http.send(send::encode_check(&self.account)).await {
                Ok(answer) => vec![failures::check(&answer)],
                Err(error) => vec![CheckStep::failed("connect", error.detail)],
            }
        })
    }

    fn verify<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<(), Refused>> {
        Box::pin(async move { webhook::verify(request, &self.account.webhook_secrets) })
    }

    fn read(&self, request: &RawRequest) -> Result<Vec<Fact>, Unreadable> {
        Ok(webhook::read(&request.body)?.into_iter().map(Fact::Report).collect())
    }
}

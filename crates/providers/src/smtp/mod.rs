//! Sends mail through any SMTP server. Never retries: the queue does.

mod config;
pub mod signing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use domain::address::EmailAddress;
use domain::channel::Channel;
use domain::failure::Outcome;
use domain::invalid::Invalid;
use domain::outgoing::Outgoing;
use futures_util::future::BoxFuture;
use net::check::CheckStep;
use net::smtp::client::{Envelope, Pool};

use crate::connect::Surroundings;
use crate::limits;
use crate::manifest::{Capabilities, Link, Manifest};
use crate::provider::Provider;
use crate::settings;

pub(crate) static MANIFEST: Manifest = Manifest {
    name: "smtp",
    title: "SMTP",
    summary: "Sends mail through any mail server, with STARTTLS or TLS and a password or an access token.",
    channels: &[Channel::Email],
    capabilities: Capabilities {
        attachments: true,
        inline_images: true,
        custom_headers: true,
        keeps_message_id: true,
        // Where the server offers SMTPUTF8; it is asked at the time.
        international_addresses: true,
        ..Capabilities::NONE
    },
    webhook_headers: &[],
    provider_id_in: None,
    links: &[
        Link {
            title: "RFC 5321: Simple Mail Transfer Protocol",
            url: "https://www.rfc-editor.org/rfc/rfc5321",
        },
        Link { title: "RFC 8314: TLS for submission", url: "https://www.rfc-editor.org/rfc/rfc8314" },
    ],
    guide: include_str!("README.md"),
    schema: settings::schema_of::<config::SmtpSettings>,
    connect,
};

struct Smtp {
    pool: Pool,
    envelope_from: Option<EmailAddress>,
    max_message_bytes: Option<u64>,
    dkim: Arc<[mail::dkim::Key]>,
}

fn connect(given: serde_json::Value, surroundings: &Surroundings) -> Result<Arc<dyn Provider>, Invalid> {
    let account = config::read(given, &surroundings.hello_name)?;
    Ok(Arc::new(Smtp {
        pool: Pool::new(account.server, account.max_connections),
        envelope_from: account.envelope_from,
        max_message_bytes: account.max_message_bytes,
        dkim: account.dkim.into(),
    }))
}

impl Provider for Smtp {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            // The date of the message and not the time of the attempt: every attempt has the same bytes.
            let bytes = signing::signed(mail::compose(message), &self.dkim, message.date).await;
            if let Some(outcome) = limits::too_large(bytes.len() as u64, self.max_message_bytes) {
                return outcome;
            }
            let recipients = message.recipients();
            let from =
                self.envelope_from.as_ref().or(message.return_path.as_ref()).unwrap_or(&message.from.address);
            let id = message.id.suffix();
            self.pool.send(Envelope { from: Some(from), to: &recipients, id: Some(&id) }, &bytes).await
        })
    }

    fn check(&self) -> BoxFuture<'_, Vec<CheckStep>> {
        Box::pin(self.pool.probe())
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.pool.close())
    }
}

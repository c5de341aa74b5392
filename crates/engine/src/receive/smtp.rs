//! Mail over SMTP: recipients are known routes, and the 250 after the final dot comes after the journal's commit.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::address::EmailAddress;
use domain::ids::{AccountId, TenantId};
use futures_util::future::BoxFuture;
use net::smtp::Reply;
use net::smtp::server::{Handler, Incoming, ServerConfig, SessionPeer, serve};
use serde_json::json;
use store::routes::{self, InboundRoute};
use tokio::net::TcpListener;

use super::take_in::{self, InboundMail, LARGEST_MAIL};
use crate::core::Core;
use crate::{Engine, Error};

/// How the SMTP listener behaves.
#[derive(Clone, Default)]
pub struct SmtpOptions {
    /// Offers STARTTLS with this certificate.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

const MOST_RECIPIENTS: usize = 100;
const MOST_CONNECTIONS: usize = 200;
const IDLE: Duration = Duration::from_mins(5);

impl Engine {
    /// Takes mail in on a listener until the engine stops.
    pub async fn serve_smtp(&self, listener: TcpListener, options: SmtpOptions) {
        let config = ServerConfig {
            hostname: self.core.options.hostname.clone(),
            max_message_bytes: LARGEST_MAIL,
            max_recipients: MOST_RECIPIENTS,
            max_connections: MOST_CONNECTIONS,
            idle_timeout: IDLE,
            tls: options.tls,
        };
        let handler = Arc::new(Door { core: Arc::clone(&self.core) });
        serve(listener, config, handler, self.core.stopping.clone().cancelled_owned()).await;
    }
}

struct Door {
    core: Arc<Core>,
}

impl Handler for Door {
    fn recipient<'a>(
        &'a self,
        _: &'a SessionPeer,
        _: Option<&'a EmailAddress>,
        to: &'a EmailAddress,
    ) -> BoxFuture<'a, Reply> {
        Box::pin(async move {
            match self.route(to).await {
                Ok(Some(_)) => Reply::new(250, "2.1.5 Recipient ok"),
                Ok(None) => Reply::new(550, "5.1.1 Nobody of that name receives mail here"),
                Err(_) => Reply::new(451, "4.3.0 Cannot look that up now, please try again"),
            }
        })
    }

    fn message(&self, incoming: Incoming) -> BoxFuture<'_, Reply> {
        Box::pin(async move {
            match self.take_in(incoming).await {
                Ok(()) => Reply::new(250, "2.0.0 Stored"),
                Err(error) => {
                    tracing::warn!(%error, "A mail could not be stored; its sender keeps it and tries again.");
                    Reply::new(451, "4.3.0 Cannot store it now, please try again")
                }
            }
        })
    }
}

impl Door {
    /// The route of a recipient, with or without a tag.
    async fn route(&self, to: &EmailAddress) -> Result<Option<InboundRoute>, Error> {
        let (with_tag, without_tag) = (to.key(), mail::address::without_tag(to).key());
        let found = self
            .core
            .store
            .read(move |tx| match routes::find(tx, &with_tag)? {
                Some(route) => Ok::<_, store::Error>(Some(route)),
                None => routes::find(tx, &without_tag),
            })
            .await?;
        Ok(found)
    }

    /// Into the journal of every tenant that a recipient is of. A sender that repeats the mail after a failure in between
    /// changes nothing where it was stored already: the content is its key.
    async fn take_in(&self, incoming: Incoming) -> Result<(), Error> {
        let mut tenants: BTreeMap<TenantId, (Option<AccountId>, Vec<EmailAddress>)> = BTreeMap::new();
        for to in &incoming.to {
            if let Some(route) = self.route(to).await? {
                let entry = tenants.entry(route.tenant).or_default();
                entry.0 = entry.0.or(route.account);
                entry.1.push(to.clone());
            }
        }
        if tenants.is_empty() {
            // The route was removed between RCPT and the final dot.
            return Err(Error::NotFound("inbound route"));
        }
        let peer = json!({ "address": incoming.peer.address, "hello": incoming.peer.hello, "tls": incoming.peer.tls });
        for (tenant, (account, envelope_to)) in tenants {
            let mail = InboundMail {
                raw: incoming.bytes.clone(),
                account,
                envelope_from: incoming.from.clone(),
                envelope_to,
                dedupe_key: None,
            };
            take_in::take_in(&self.core, take_in::mail_entry(tenant, "smtp", mail, peer.clone())).await?;
        }
        Ok(())
    }
}

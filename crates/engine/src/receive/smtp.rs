//! Mail over SMTP and LMTP: recipients are known routes, and the 250 after the final dot comes after the journal's commit.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use domain::address::EmailAddress;
use domain::ids::{AccountId, TenantId};
use futures_util::future::BoxFuture;
use net::smtp::Reply;
use net::smtp::server::{
    Handler, Incoming, Limits, Listener, Protocol, ServerConfig, SessionPeer, received, serve,
};
use serde_json::json;
use store::routes::{self, InboundRoute};

use super::take_in::{self, InboundMail, LARGEST_MAIL};
use crate::core::Core;
use crate::{Engine, Error};

/// How the SMTP listener behaves.
#[derive(Clone, Default)]
pub struct SmtpOptions {
    /// Offers STARTTLS with this certificate.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

impl Engine {
    /// Takes mail in by SMTP on a listener until the engine stops.
    pub async fn serve_smtp(&self, listener: impl Into<Listener>, options: SmtpOptions) {
        self.listen(listener.into(), Protocol::Smtp, options.tls, limits()).await;
    }

    /// Takes mail in by LMTP, from the mail server on the same machine or beside it, until the engine stops.
    pub async fn serve_lmtp(&self, listener: impl Into<Listener>) {
        // The one mail server is known, and shares its connections out itself.
        let most = limits().max_connections;
        let limits = Limits { max_connections_per_address: most, max_recipients: 1_000, ..limits() };
        self.listen(listener.into(), Protocol::Lmtp, None, limits).await;
    }

    async fn listen(
        &self,
        listener: Listener,
        protocol: Protocol,
        tls: Option<Arc<rustls::ServerConfig>>,
        limits: Limits,
    ) {
        let hostname = self.core.options.hostname.clone();
        let config = ServerConfig { hostname, protocol, limits, tls };
        let handler = Arc::new(Door { core: Arc::clone(&self.core) });
        serve(listener, config, handler, self.core.stopping.clone().cancelled_owned()).await;
    }
}

fn limits() -> Limits {
    Limits { max_message_bytes: LARGEST_MAIL, ..Limits::default() }
}

struct Door {
    core: Arc<Core>,
}

/// The recipients of one mail that are of one tenant.
struct Share {
    tenant: TenantId,
    account: Option<AccountId>,
    /// Their places among all recipients.
    recipients: Vec<usize>,
}

impl Handler for Door {
    fn recipient<'a>(
        &'a self,
        _: &'a SessionPeer,
        _: Option<&'a EmailAddress>,
        to: &'a EmailAddress,
    ) -> BoxFuture<'a, Reply> {
        Box::pin(async move {
            match self.routes(vec![to.clone()]).await.as_deref() {
                Ok([Some(_)]) => Reply::new(250, "2.1.5 Recipient ok"),
                Ok(_) => nobody(),
                Err(_) => Reply::new(451, "4.3.0 Cannot look that up now, please try again"),
            }
        })
    }

    /// Stored for all, or for the sender to repeat: what was stored already is known by its content then.
    fn message(&self, incoming: Incoming) -> BoxFuture<'_, Reply> {
        Box::pin(async move {
            let replies = self.take_in(incoming).await;
            let later = replies.iter().find(|reply| reply.is_temporary());
            // A route that was removed between RCPT and the final dot stops nobody else's mail.
            let stored = replies.iter().find(|reply| reply.is_positive());
            later.or(stored).cloned().unwrap_or_else(nobody)
        })
    }

    fn message_for_each(&self, incoming: Incoming) -> BoxFuture<'_, Vec<Reply>> {
        Box::pin(self.take_in(incoming))
    }
}

fn nobody() -> Reply {
    Reply::new(550, "5.1.1 Nobody of that name receives mail here")
}

fn not_now(error: &Error) -> Reply {
    tracing::warn!(%error, "A mail could not be stored; its sender keeps it and tries again.");
    Reply::new(451, "4.3.0 Cannot store it now, please try again")
}

impl Door {
    /// The route of each recipient, with or without a tag.
    async fn routes(&self, to: Vec<EmailAddress>) -> Result<Vec<Option<InboundRoute>>, Error> {
        let found = self
            .core
            .store
            .read(move |tx| {
                let mut found = Vec::with_capacity(to.len());
                for to in &to {
                    let route = match routes::find(tx, &to.key())? {
                        Some(route) => Some(route),
                        None => routes::find(tx, &mail::address::without_tag(to).key())?,
                    };
                    found.push(route);
                }
                Ok::<_, store::Error>(found)
            })
            .await?;
        Ok(found)
    }

    /// Into the journal of every tenant that a recipient is of. Gives a reply for each recipient.
    async fn take_in(&self, incoming: Incoming) -> Vec<Reply> {
        let mut replies = vec![nobody(); incoming.to.len()];
        let routes = match self.routes(incoming.to.clone()).await {
            Ok(routes) => routes,
            Err(error) => return vec![not_now(&error); incoming.to.len()],
        };
        for share in shares(&routes) {
            let taken = self.take_in_share(&incoming, &share).await;
            let reply = match taken {
                Ok(()) => Reply::new(250, "2.0.0 Stored"),
                Err(error) => not_now(&error),
            };
            for place in share.recipients {
                replies[place] = reply.clone();
            }
        }
        replies
    }

    /// The journal keeps our `Received:` line and then the mail as it came; the key is the mail's alone, so that the same
    /// mail given again is known.
    async fn take_in_share(&self, incoming: &Incoming, share: &Share) -> Result<(), Error> {
        let source = source(incoming.peer.protocol);
        let mut envelope_to: Vec<EmailAddress> = Vec::with_capacity(share.recipients.len());
        for place in &share.recipients {
            if !envelope_to.contains(&incoming.to[*place]) {
                envelope_to.push(incoming.to[*place].clone());
            }
        }
        let (core, peer) = (&self.core, &incoming.peer);
        let trace = received(peer, &envelope_to, incoming.utf8, &core.options.hostname, core.clock.now());
        let mail = InboundMail {
            raw: incoming.bytes.clone(),
            account: share.account,
            envelope_from: incoming.from.clone(),
            envelope_to,
            dedupe_key: None,
        };
        let peer = json!({ "address": peer.address, "hello": peer.hello, "tls": peer.tls });
        let mut entry = take_in::mail_entry(share.tenant, source, mail, peer);
        entry.context["prepended_bytes"] = json!(trace.len());
        entry.body = with_trace(&trace, &incoming.bytes);
        take_in::take_in(core, entry).await?;
        Ok(())
    }
}

fn source(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Smtp => "smtp",
        Protocol::Lmtp => "lmtp",
    }
}

fn with_trace(trace: &str, mail: &Bytes) -> Bytes {
    let mut whole = BytesMut::with_capacity(trace.len() + mail.len());
    whole.extend_from_slice(trace.as_bytes());
    whole.extend_from_slice(mail);
    whole.freeze()
}

fn shares(routes: &[Option<InboundRoute>]) -> Vec<Share> {
    let mut shares: Vec<Share> = Vec::new();
    for (place, route) in routes.iter().enumerate() {
        let Some(route) = route else { continue };
        match shares.iter_mut().find(|share| share.tenant == route.tenant) {
            Some(share) => {
                share.account = share.account.or(route.account);
                share.recipients.push(place);
            }
            None => {
                shares.push(Share { tenant: route.tenant, account: route.account, recipients: vec![place] });
            }
        }
    }
    shares
}

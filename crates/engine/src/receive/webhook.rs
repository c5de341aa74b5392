//! Webhooks: found by the secret of their address, verified on the raw bytes, into the journal, then answered. What
//! is in them is read afterwards: reports move messages, mails go into the journal as entries of their own.

use std::sync::Arc;

use bytes::Bytes;
use domain::ids::AccountId;
use providers::{Fact, NotDone, Provider, RawRequest, ReceivedMail, Refusal};
use serde_json::{Value, json};
use store::accounts;
use store::journal::Entry;

use super::missed;
use super::refusals;
use super::reported::{self, Reported};
use super::take_in::{self, NewEntry};
use super::work::Ended;
use crate::accounts::webhook_hash;
use crate::core::Core;
use crate::{Engine, Error};

/// What the provider is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookAnswer {
    /// Stored; 200, which every provider takes for a yes.
    Taken,
    /// No account has this address; 404.
    NoSuchAddress,
    /// The address is right and the signature or credentials are not.
    Refused(Refusal),
}

/// Headers that every later reading may need; a manifest names more, the rest is not kept.
const KEPT_HEADERS: &[&str] = &["content-type", "user-agent"];

impl Engine {
    /// Takes a webhook in. When this returns `Taken`, it survives a power cut.
    ///
    /// # Errors
    /// Any fault of the store; the provider should try again then.
    pub async fn take_in_webhook(
        &self,
        provider: &str,
        secret: &str,
        request: RawRequest,
    ) -> Result<WebhookAnswer, Error> {
        let core = &self.core;
        let hash = webhook_hash(secret);
        let Some(sender) = core.senders.by_webhook(provider, &hash) else {
            return Ok(WebhookAnswer::NoSuchAddress);
        };
        let link = sender.link();
        // Settings that cannot be read may be mended before the provider comes again.
        let Ok(connected) = &link.provider else { return Ok(WebhookAnswer::Refused(Refusal::Later)) };
        let (tenant, id) = (sender.tenant, sender.id);
        if let Err(refused) = connected.verify(&request).await {
            refusals::count(core, provider, &refused, (tenant, id));
            tracing::warn!(account = %id, reason = %refused, "A webhook was refused.");
            return Ok(WebhookAnswer::Refused(refused.answer));
        }
        let entry = NewEntry {
            tenant,
            source: format!("webhook:{provider}"),
            account: Some(id),
            dedupe_key: event_key(id, &dedupe_key(connected.as_ref(), &request)),
            context: context(connected.as_ref(), &request),
            body: request.body,
        };
        take_in::take_in(core, entry).await?;
        let now = core.clock.now();
        if core.heard.is_news(id, now) {
            core.store.write(tenant, move |tx| accounts::set_last_inbound(tx, tenant, id, now)).await?;
        }
        Ok(WebhookAnswer::Taken)
    }
}

/// The longest id of an event that can be a key.
const LONGEST_KEY: usize = 500;

/// The provider's own id of the event; a batch, or an event with an unlikely id, is known by its bytes.
fn dedupe_key(provider: &dyn Provider, request: &RawRequest) -> String {
    if let Some(key) = provider.single_use(request).filter(|key| key.len() <= LONGEST_KEY) {
        return key;
    }
    match provider.read(request).as_deref() {
        Ok([only]) if only.dedupe_key().len() <= LONGEST_KEY => only.dedupe_key().to_owned(),
        _ => net::signature::sha256_hex(&request.body),
    }
}

fn context(provider: &dyn Provider, request: &RawRequest) -> Value {
    let needed = provider.manifest().webhook_headers;
    let is_kept = |name: &str| KEPT_HEADERS.contains(&name) || needed.contains(&name);
    let kept = request.headers.iter().filter(|(name, _)| is_kept(&name.to_ascii_lowercase()));
    json!({ "method": request.method, "headers": kept.collect::<Vec<_>>() })
}

/// The webhook again, as it lies in the journal.
fn request(entry: &Entry, body: Bytes) -> RawRequest {
    let headers = entry.context.get("headers").cloned().unwrap_or_default();
    RawRequest {
        method: "POST".to_owned(),
        headers: serde_json::from_value(headers).unwrap_or_default(),
        body,
        ..RawRequest::default()
    }
}

/// Works on one entry that is a webhook.
pub(super) async fn work_on(core: &Arc<Core>, entry: Entry, body: Bytes) -> Result<Ended, Error> {
    let sender = entry.account.and_then(|account| core.senders.get(entry.tenant, account));
    let Some(sender) = sender else { return Ok(Ended::Ignored("its account was removed".to_owned())) };
    let link = sender.link();
    let provider = match &link.provider {
        Ok(provider) => provider,
        Err(detail) => return Ok(Ended::Later(detail.clone())),
    };
    let facts = if entry.source.starts_with(missed::RECONCILER) {
        missed::facts(&body)?
    } else {
        let read = provider.read(&request(&entry, body));
        read.map_err(|unreadable| Error::conflict("unreadable", unreadable.to_string()))?
    };
    let source = link.account.provider.clone();
    let mut reports = Vec::new();
    let mut done = Vec::new();
    for fact in facts {
        // What was done before a later fact had to wait is done again: it is known by its key.
        let said = match fact {
            Fact::Report(report) => {
                reports.push(report);
                continue;
            }
            Fact::Mail(mail) => Ok(hand_on(core, &entry, &source, mail).await?),
            Fact::Stored(stored) => match provider.fetch(&stored).await {
                Ok(mail) => Ok(hand_on(core, &entry, &source, mail).await?),
                Err(not_done) => Err(not_done),
            },
            Fact::Confirm(asked) => {
                provider.confirm(&asked).await.map(|()| format!("confirmed {}", asked.subject))
            }
        };
        match said {
            Ok(said) => done.push(said),
            Err(NotDone::Later(reason)) => return Ok(Ended::MuchLater(reason)),
            Err(NotDone::Never(reason)) => return Err(Error::conflict("not_fetched", reason)),
        }
    }
    let now = core.clock.now();
    reported::apply(core, Reported { entry, source, reports, done, now }).await
}

/// Puts a mail into the journal as an entry of its own, in which it stands as MIME like every other.
async fn hand_on(
    core: &Arc<Core>,
    entry: &Entry,
    provider: &str,
    mail: ReceivedMail,
) -> Result<String, Error> {
    let new = NewEntry {
        tenant: entry.tenant,
        source: format!("mail:{provider}"),
        account: entry.account,
        dedupe_key: mail_key(entry.account, &mail.dedupe_key),
        context: json!({ "envelope_from": mail.envelope_from, "envelope_to": mail.envelope_to, "webhook": entry.id }),
        body: mail.raw,
    };
    let taken = take_in::take_in(core, new).await?;
    Ok(format!("the mail in it is entry {}", taken.journal_id))
}

/// By which a webhook in the journal is known.
pub(super) fn event_key(account: AccountId, key: &str) -> String {
    format!("{account}:{key}")
}

/// By which a mail in the journal is known that a provider handed over.
pub(super) fn mail_key(account: Option<AccountId>, key: &str) -> String {
    format!("mail:{}:{key}", account.map(|account| account.to_string()).unwrap_or_default())
}

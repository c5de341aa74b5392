//! Webhooks: found by the secret of their address, verified on the raw bytes, into the journal, then answered.

use std::sync::Arc;

use bytes::Bytes;
use domain::outgoing::DeliveryReport;
use providers::{Provider, RawRequest};
use serde_json::{Value, json};
use store::accounts;
use store::journal::{self, Entry, JournalState};

use super::take_in::{self, NewEntry};
use super::work::Ended;
use crate::accounts::webhook_hash;
use crate::core::Core;
use crate::send::{Applied, apply_report};
use crate::{Engine, Error};

/// What the provider is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookAnswer {
    /// Stored; 200.
    Taken,
    /// No account has this address; 404.
    NoSuchAddress,
    /// The address is right and the signature or credentials are not; 401.
    Refused,
}

/// Headers that a later reading needs; the rest is not kept.
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
        let found = core.store.read(move |tx| accounts::by_webhook(tx, &hash)).await?;
        let Some(account) = found.filter(|account| account.provider == provider) else {
            return Ok(WebhookAnswer::NoSuchAddress);
        };
        let Some(sender) = core.senders.get(account.tenant, account.id) else {
            return Ok(WebhookAnswer::NoSuchAddress);
        };
        let link = sender.link();
        let Ok(connected) = &link.provider else { return Ok(WebhookAnswer::Refused) };
        if let Err(refused) = connected.verify(&request) {
            metrics::counter!("chancery_webhooks_refused_total", "provider" => account.provider.clone())
                .increment(1);
            tracing::warn!(account = %account.id, reason = %refused, "A webhook was refused.");
            return Ok(WebhookAnswer::Refused);
        }
        let entry = NewEntry {
            tenant: account.tenant,
            source: format!("webhook:{provider}"),
            account: Some(account.id),
            dedupe_key: format!("{}:{}", account.id, dedupe_key(connected.as_ref(), &request)),
            context: context(&request),
            body: request.body,
        };
        take_in::take_in(core, entry).await?;
        let now = core.clock.now();
        let (tenant, id) = (account.tenant, account.id);
        if account.last_inbound_at.is_none_or(|last| now.since(last).as_secs() >= 60) {
            core.store.write(tenant, move |tx| accounts::set_last_inbound(tx, tenant, id, now)).await?;
        }
        Ok(WebhookAnswer::Taken)
    }
}

/// The longest id of an event that can be a key.
const LONGEST_KEY: usize = 500;

/// The provider's own id of the event; a batch, or an event with an unlikely id, is known by its bytes.
fn dedupe_key(provider: &dyn Provider, request: &RawRequest) -> String {
    match provider.read(request).as_deref() {
        Ok([only]) if only.dedupe_key.len() <= LONGEST_KEY => only.dedupe_key.clone(),
        _ => net::signature::sha256_hex(&request.body),
    }
}

fn context(request: &RawRequest) -> Value {
    let headers: Vec<&(String, String)> = request
        .headers
        .iter()
        .filter(|(name, _)| KEPT_HEADERS.contains(&name.to_ascii_lowercase().as_str()))
        .collect();
    json!({ "method": request.method, "headers": headers })
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
    let headers = entry.context.get("headers").cloned().unwrap_or_default();
    let request = RawRequest {
        method: "POST".to_owned(),
        headers: serde_json::from_value(headers).unwrap_or_default(),
        body,
        ..RawRequest::default()
    };
    let reports = match provider.read(&request) {
        Ok(reports) => reports,
        Err(unreadable) => return Err(Error::conflict("unreadable", unreadable.to_string())),
    };
    let (tenant, now) = (entry.tenant, core.clock.now());
    let source = link.account.provider.clone();
    let may_wait = entry.attempts < 3;
    core.store.write(tenant, move |tx| apply(tx, &entry, &source, &reports, may_wait, now)).await
}

fn apply(
    tx: &mut store::Tx<'_>,
    entry: &Entry,
    source: &str,
    reports: &[DeliveryReport],
    may_wait: bool,
    now: domain::clock::Timestamp,
) -> Result<Ended, Error> {
    let tenant = entry.tenant;
    let Some(current) = journal::get(tx, tenant, entry.id)? else { return Ok(Ended::Filed) };
    if current.state != JournalState::Received {
        return Ok(Ended::Filed);
    }
    let mut about = None;
    let mut strangers = 0;
    for report in reports {
        match apply_report(tx, tenant, source, report, now)? {
            Applied::New(id) | Applied::Known(id) => about = Some(id),
            Applied::Stranger => strangers += 1,
        }
    }
    if strangers > 0 && may_wait {
        // A report can overtake the answer to the request that it is about.
        return Ok(Ended::Later(format!("{strangers} events are about no message that is known (yet)")));
    }
    if about.is_none() {
        return Ok(Ended::Ignored("it is about no message of ours".to_owned()));
    }
    let done = Entry {
        state: JournalState::Processed,
        reason: (strangers > 0).then(|| format!("{strangers} events were about no message of ours")),
        attempts: current.attempts + 1,
        message: about,
        ..current
    };
    journal::finish(tx, &done)?;
    Ok(Ended::Filed)
}

//! Into the journal: what came is stored as it came, and only then answered.

use std::sync::Arc;

use bytes::Bytes;
use domain::access::{Permission, Principal};
use domain::address::EmailAddress;
use domain::ids::{AccountId, JournalId, TenantId};
use domain::invalid::Invalid;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use store::journal::{self, Entry, JournalState};

use super::intake::InHand;
use crate::core::Core;
use crate::{Engine, Error};

/// A mail as it came.
#[derive(Debug, Clone)]
pub struct InboundMail {
    /// `message/rfc822`.
    pub raw: Bytes,
    /// The account whose conversation it is, when it is known.
    pub account: Option<AccountId>,
    pub envelope_from: Option<EmailAddress>,
    pub envelope_to: Vec<EmailAddress>,
    /// The same mail given twice with one key is filed once; without a key its content is the key.
    pub dedupe_key: Option<String>,
}

/// What became of something that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TakenIn {
    pub journal_id: JournalId,
    /// Whether it had come before; then it is the earlier entry.
    pub duplicate: bool,
}

/// An entry about to be written.
pub(super) struct NewEntry {
    pub tenant: TenantId,
    pub source: String,
    pub account: Option<AccountId>,
    pub dedupe_key: String,
    pub context: Value,
    pub body: Bytes,
}

/// The largest mail that is taken in.
pub const LARGEST_MAIL: usize = 50 << 20;

impl Engine {
    /// Takes a mail in. When this returns, the mail survives a power cut.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty body or an account that does not exist.
    pub async fn take_in_mail(&self, principal: &Principal, mail: InboundMail) -> Result<TakenIn, Error> {
        principal.require(Permission::InboundWrite)?;
        if mail.raw.is_empty() {
            return Err(Invalid::at("", "expected a mail as message/rfc822 in the body").into());
        }
        if let Some(account) = mail.account
            && self.core.senders.get(principal.tenant, account).is_none()
        {
            return Err(Invalid::at("/account", "there is no account with this id").into());
        }
        take_in(&self.core, mail_entry(principal.tenant, "api", mail, Value::Null)).await
    }
}

pub(super) fn mail_entry(tenant: TenantId, source: &str, mail: InboundMail, peer: Value) -> NewEntry {
    let dedupe_key = match mail.dedupe_key {
        Some(key) => format!("{source}:key:{key}"),
        None => format!("mail:{}", net::signature::sha256_hex(&mail.raw)),
    };
    let context =
        json!({ "envelope_from": mail.envelope_from, "envelope_to": mail.envelope_to, "peer": peer });
    NewEntry { tenant, source: source.to_owned(), account: mail.account, dedupe_key, context, body: mail.raw }
}

/// A mail that was read from a mailbox, and where it lay there. Its content is its key.
pub(crate) async fn take_in_from_mailbox(
    core: &Arc<Core>,
    tenant: TenantId,
    account: Option<AccountId>,
    raw: Bytes,
    place: Value,
) -> Result<TakenIn, Error> {
    let mail = InboundMail { raw, account, envelope_from: None, envelope_to: Vec::new(), dedupe_key: None };
    take_in(core, mail_entry(tenant, "imap", mail, place)).await
}

/// Writes an entry and hands it to the workers, in a task of its own: a caller that hangs up must not stop the hand-over.
pub(super) async fn take_in(core: &Arc<Core>, new: NewEntry) -> Result<TakenIn, Error> {
    let working = Arc::clone(core);
    let task = core.tasks.spawn(async move { write_and_hand_over(&working, new).await });
    task.await.map_err(|error| store::Error::Unexpected(error.to_string()))?
}

async fn write_and_hand_over(core: &Arc<Core>, new: NewEntry) -> Result<TakenIn, Error> {
    let tenant = new.tenant;
    let entry = Entry {
        tenant,
        id: core.ids.next(),
        source: new.source,
        account: new.account,
        dedupe_key: new.dedupe_key,
        received_at: core.clock.now(),
        state: JournalState::Received,
        reason: None,
        attempts: 0,
        message: None,
        conversation: None,
        context: new.context,
        size: i64::try_from(new.body.len()).unwrap_or(i64::MAX),
    };
    let held = core.intake.reserve();
    let lease = held.then_some(core.epoch);
    let (id, body, entry) = (entry.id, new.body, Arc::new(entry));
    let (bytes, row) = (body.clone(), Arc::clone(&entry));
    let written = core
        .store
        .write(tenant, move |tx| {
            if journal::insert(tx, &row, lease, &bytes)? {
                return Ok(None);
            }
            let known = journal::by_key(tx, tenant, &row.dedupe_key)?;
            Ok::<_, store::Error>(known.map(|known| known.id))
        })
        .await;
    match written {
        Ok(None) => {
            if held {
                core.intake.hand_over(InHand { tenant, id, fresh: Some((entry, body)) });
            } else {
                core.intake.look_again();
            }
            metrics::counter!("chancery_inbound_total").increment(1);
            Ok(TakenIn { journal_id: id, duplicate: false })
        }
        Ok(Some(known)) => {
            if held {
                core.intake.give_back();
            }
            Ok(TakenIn { journal_id: known, duplicate: true })
        }
        Err(error) => {
            if held {
                core.intake.give_back();
            }
            Err(error.into())
        }
    }
}

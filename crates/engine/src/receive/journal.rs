//! The journal as people see it, and the replay of what could not be worked on.

use domain::access::{Permission, Principal};
use domain::clock::Timestamp;
use domain::ids::{AccountId, ConversationId, JournalId, MessageId};
use domain::page::{Cursor, Page, PageRequest};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use store::journal::{self, Entry, JournalState};

use super::intake::InHand;
use crate::{Engine, Error, audit};

/// One entry.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "JournalEntry")]
pub struct JournalView {
    pub id: JournalId,
    /// `api`, `smtp` or `webhook:<provider>`.
    pub source: String,
    pub account_id: Option<AccountId>,
    pub received_at: Timestamp,
    pub state: JournalState,
    /// Why it failed or was ignored.
    pub reason: Option<String>,
    /// In bytes.
    pub size: i64,
    pub dedupe_key: String,
    pub message_id: Option<MessageId>,
    pub conversation_id: Option<ConversationId>,
    pub attempts: u32,
    /// What came beside the body.
    pub context: serde_json::Value,
}

impl From<Entry> for JournalView {
    fn from(entry: Entry) -> JournalView {
        JournalView {
            id: entry.id,
            source: entry.source,
            account_id: entry.account,
            received_at: entry.received_at,
            state: entry.state,
            reason: entry.reason,
            size: entry.size,
            dedupe_key: entry.dedupe_key,
            message_id: entry.message,
            conversation_id: entry.conversation,
            attempts: entry.attempts,
            context: entry.context,
        }
    }
}

impl Engine {
    /// Entries, newest first.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn journal(
        &self,
        principal: &Principal,
        state: Option<JournalState>,
        source: String,
        page: PageRequest,
    ) -> Result<Page<JournalView>, Error> {
        principal.require(Permission::JournalRead)?;
        let tenant = principal.tenant;
        let before = page.after.map_or_else(|| "jrn_z".to_owned(), |cursor| cursor.id);
        let limit = page.limit;
        let rows = self
            .core
            .store
            .read(move |tx| journal::list(tx, tenant, (state, &source), &before, limit + 1))
            .await?;
        let page = Page::cut(rows, limit, |row| Cursor { key: 0, id: row.id.to_string() });
        Ok(page.map(JournalView::from))
    }

    /// One entry.
    ///
    /// # Errors
    /// [`Error::NotFound`]; as [`Engine::journal`].
    pub async fn journal_entry(&self, principal: &Principal, id: JournalId) -> Result<JournalView, Error> {
        principal.require(Permission::JournalRead)?;
        let tenant = principal.tenant;
        let found = self.core.store.read(move |tx| journal::get(tx, tenant, id)).await?;
        found.map(JournalView::from).ok_or(Error::NotFound("journal entry"))
    }

    /// The raw bytes of an entry.
    ///
    /// # Errors
    /// [`Error::NotFound`]; as [`Engine::journal`].
    pub async fn journal_body(&self, principal: &Principal, id: JournalId) -> Result<Vec<u8>, Error> {
        principal.require(Permission::JournalRead)?;
        let tenant = principal.tenant;
        let found = self.core.store.read(move |tx| journal::body(tx, tenant, id)).await?;
        found.ok_or(Error::NotFound("journal entry"))
    }

    /// Works on an entry again that failed or was ignored.
    ///
    /// # Errors
    /// `already_processed` when it became a message; [`Error::NotFound`].
    pub async fn replay_journal_entry(
        &self,
        principal: &Principal,
        id: JournalId,
    ) -> Result<JournalView, Error> {
        principal.require(Permission::JournalWrite)?;
        let core = &self.core;
        let (tenant, epoch, now, actor) =
            (principal.tenant, core.epoch, core.clock.now(), principal.actor.clone());
        let replayed = core
            .store
            .write(tenant, move |tx| {
                let entry = journal::get(tx, tenant, id)?.ok_or(Error::NotFound("journal entry"))?;
                if entry.state == JournalState::Processed {
                    let detail =
                        "this entry became a message already; working on it again would change nothing";
                    return Err(Error::conflict("already_processed", detail));
                }
                audit::record(tx, tenant, &actor, "journal.replayed", &id.to_string(), &json!({}), now)?;
                Ok(journal::replay(tx, tenant, id, epoch)?)
            })
            .await?;
        if replayed {
            core.intake.put_off();
            core.intake.back_again(InHand { tenant, id, fresh: None });
        }
        self.journal_entry(&Principal::system(tenant), id).await
    }
}

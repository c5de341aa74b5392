//! Drafts: what a person is writing, kept so that no window, no browser and no train tunnel loses it.

mod content;

use std::time::Duration;

use domain::access::{Permission, Principal};
use domain::clock::Timestamp;
use domain::draft::DraftKind;
use domain::event::FeedType;
use domain::ids::{ConversationId, DraftId, TenantId};
use domain::invalid::Invalid;
use domain::page::{Cursor, Page, PageRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::drafts::{self, Draft};
use store::feed::{self, Facts};
use store::{Tx, conversations};

pub use content::{DraftAddress, DraftContent, DraftFile};

use super::person::person;
use crate::{Engine, Error};

/// The most drafts of one person; nobody writes so many, but a program that forgets to delete does.
const MOST: u32 = 1_000;

/// One draft; only its writer sees it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Draft")]
pub struct DraftView {
    pub id: DraftId,
    pub conversation_id: Option<ConversationId>,
    pub kind: DraftKind,
    pub content: DraftContent,
    pub created_at: Timestamp,
    /// Rises with each change; send it as `if_updated_at` with the next one.
    pub updated_at: Timestamp,
}

/// A draft to be kept.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDraft {
    /// For a reply, a note or a forward: where.
    #[serde(default)]
    pub conversation_id: Option<ConversationId>,
    pub kind: DraftKind,
    pub content: DraftContent,
}

/// What a draft says now.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftChange {
    pub content: DraftContent,
    /// The `updated_at` that this change was made upon; with another one the draft stays as it is.
    #[serde(default)]
    pub if_updated_at: Option<Timestamp>,
}

impl Engine {
    /// The drafts of the one who asks, the one changed last first; of one conversation, or all.
    ///
    /// # Errors
    /// Missing permission; `person_only`.
    pub async fn drafts(
        &self,
        principal: &Principal,
        conversation: Option<ConversationId>,
        page: PageRequest,
    ) -> Result<Page<DraftView>, Error> {
        principal.require(Permission::ConversationsRead)?;
        let (tenant, user, limit) = (principal.tenant, person(principal)?, page.limit);
        let before = match page.after {
            Some(cursor) => (Timestamp::from_micros(cursor.key), cursor.id),
            None => end(),
        };
        let rows = self
            .core
            .store
            .read(move |tx| drafts::list(tx, tenant, user, conversation, &before, limit + 1))
            .await?;
        let page =
            Page::cut(rows, limit, |row| Cursor { key: row.updated_at.micros(), id: row.id.to_string() });
        Ok(page.map(view))
    }

    /// A draft of the one who asks.
    ///
    /// # Errors
    /// [`Error::NotFound`], also when it is another person's; as [`Engine::drafts`].
    pub async fn draft(&self, principal: &Principal, id: DraftId) -> Result<DraftView, Error> {
        principal.require(Permission::ConversationsRead)?;
        let (tenant, user) = (principal.tenant, person(principal)?);
        let row = self.core.store.read(move |tx| drafts::get(tx, tenant, user, id)).await?;
        row.map(view).ok_or(Error::NotFound("draft"))
    }

    /// Keeps a draft.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a conversation or file that does not exist; missing permission; `person_only`.
    pub async fn create_draft(&self, principal: &Principal, new: NewDraft) -> Result<DraftView, Error> {
        principal.require(Permission::ConversationsWrite)?;
        let (tenant, user, now) = (principal.tenant, person(principal)?, self.core.clock.now());
        new.content.check()?;
        let (id, actor) = (self.core.ids.next(), principal.actor.clone());
        let draft = self
            .core
            .store
            .write(tenant, move |tx| {
                if let Some(conversation) = new.conversation_id
                    && conversations::get(tx, tenant, conversation)?.is_none()
                {
                    let detail = "there is no conversation with this id";
                    return Err(Invalid::at("/conversation_id", detail).into());
                }
                if drafts::is_full(tx, tenant, user, MOST)? {
                    let detail = format!("you have {MOST} drafts already; delete some");
                    return Err(Invalid::at("", detail).into());
                }
                let draft = Draft {
                    id,
                    user,
                    conversation: new.conversation_id,
                    kind: new.kind,
                    content: new.content.clone().stored(tx, tenant, &actor, now)?,
                    created_at: now,
                    updated_at: now,
                };
                drafts::insert(tx, tenant, &draft)?;
                tell(tx, tenant, &draft, now)?;
                Ok::<_, Error>(draft)
            })
            .await?;
        self.core.feed.wake();
        Ok(view(draft))
    }

    /// Writes what a draft says now.
    ///
    /// # Errors
    /// `draft_changed` when it was written since `if_updated_at`: then it stays as the other window wrote it;
    /// [`Error::NotFound`]; as [`Engine::create_draft`].
    pub async fn change_draft(
        &self,
        principal: &Principal,
        id: DraftId,
        change: DraftChange,
    ) -> Result<DraftView, Error> {
        principal.require(Permission::ConversationsWrite)?;
        let (tenant, user, now) = (principal.tenant, person(principal)?, self.core.clock.now());
        change.content.check()?;
        let actor = principal.actor.clone();
        let draft = self
            .core
            .store
            .write(tenant, move |tx| {
                let was = drafts::get(tx, tenant, user, id)?.ok_or(Error::NotFound("draft"))?;
                if change.if_updated_at.is_some_and(|known| known != was.updated_at) {
                    let detail =
                        "another window has written this draft since; read it again before you write over it";
                    return Err(Error::conflict("draft_changed", detail));
                }
                let content = change.content.clone().stored(tx, tenant, &actor, now)?;
                if content == was.content {
                    return Ok(was);
                }
                // Two changes in one microsecond must not look like one.
                let updated_at = now.max(was.updated_at.plus(Duration::from_micros(1)));
                let is = Draft { content, updated_at, ..was };
                drafts::replace(tx, tenant, &is)?;
                tell(tx, tenant, &is, now)?;
                Ok::<_, Error>(is)
            })
            .await?;
        self.core.feed.wake();
        Ok(view(draft))
    }

    /// Forgets a draft of the one who asks.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission; `person_only`.
    pub async fn delete_draft(&self, principal: &Principal, id: DraftId) -> Result<(), Error> {
        principal.require(Permission::ConversationsWrite)?;
        let (tenant, user, now) = (principal.tenant, person(principal)?, self.core.clock.now());
        self.core
            .store
            .write(tenant, move |tx| {
                let was = drafts::get(tx, tenant, user, id)?.ok_or(Error::NotFound("draft"))?;
                drafts::delete(tx, tenant, user, id)?;
                tell(tx, tenant, &was, now)
            })
            .await?;
        self.core.feed.wake();
        Ok(())
    }
}

/// Behind every draft.
fn end() -> (Timestamp, String) {
    (Timestamp::from_micros(i64::MAX), "drf_z".to_owned())
}

fn tell(tx: &mut Tx<'_>, tenant: TenantId, draft: &Draft, now: Timestamp) -> Result<(), Error> {
    let facts = Facts {
        user_id: Some(draft.user.to_string()),
        conversation_id: draft.conversation.map(|id| id.to_string()),
        ..Facts::default()
    };
    feed::append(tx, tenant, FeedType::DraftChanged, now, &facts)?;
    Ok(())
}

fn view(row: Draft) -> DraftView {
    DraftView {
        id: row.id,
        conversation_id: row.conversation,
        kind: row.kind,
        content: DraftContent::of_stored(row.content),
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

//! Tags: words put on conversations. A removed tag comes off all of them.

use domain::access::{Permission, Principal};
use domain::clock::Timestamp;
use domain::conversation::TagColor;
use domain::event::FeedType;
use domain::ids::{TagId, TenantId};
use domain::invalid::Invalid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use store::conversations::{self, Conversation};
use store::feed::{self, Facts};
use store::tags::{self, Tag};

use crate::{Engine, Error, audit};

const LONGEST_NAME: usize = 40;
const MOST_TAGS: usize = 1_000;
/// Conversations that lose a removed tag at once.
const STRIDE: u32 = 200;

/// A tag to add.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTag {
    pub name: String,
    #[serde(default)]
    pub color: Option<TagColor>,
}

/// What changes of a tag; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TagChange {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub color: Option<TagColor>,
}

/// One tag.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Tag")]
pub struct TagView {
    pub id: TagId,
    pub name: String,
    pub color: TagColor,
    pub created_at: Timestamp,
}

impl From<Tag> for TagView {
    fn from(tag: Tag) -> TagView {
        TagView { id: tag.id, name: tag.name, color: tag.color, created_at: tag.created_at }
    }
}

impl Engine {
    /// All tags by name.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn tags(&self, principal: &Principal) -> Result<Vec<TagView>, Error> {
        principal.require(Permission::ConversationsRead)?;
        let tenant = principal.tenant;
        let rows = self.core.store.read(move |tx| tags::list(tx, tenant)).await?;
        Ok(rows.into_iter().map(TagView::from).collect())
    }

    /// Adds a tag.
    ///
    /// # Errors
    /// `tag_taken` when there is one of that name; [`Error::Invalid`].
    pub async fn add_tag(&self, principal: &Principal, new: NewTag) -> Result<TagView, Error> {
        principal.require(Permission::InboxConfigure)?;
        let (tenant, now, actor) = (principal.tenant, self.core.clock.now(), principal.actor.clone());
        let tag = Tag {
            id: self.core.ids.next(),
            name: checked_name(&new.name)?,
            color: new.color.unwrap_or(TagColor::Gray),
            created_at: now,
        };
        let row = tag.clone();
        self.core
            .store
            .write(tenant, move |tx| {
                if tags::list(tx, tenant)?.len() >= MOST_TAGS {
                    return Err(Invalid::at("", format!("expected at most {MOST_TAGS} tags")).into());
                }
                if !tags::insert(tx, tenant, &row)? {
                    return Err(taken(&row.name));
                }
                let detail = json!({ "name": row.name });
                audit::record(tx, tenant, &actor, "tag.created", &row.id.to_string(), &detail, now)?;
                tell(tx, tenant, now)
            })
            .await?;
        self.core.feed.wake();
        Ok(tag.into())
    }

    /// Changes a tag.
    ///
    /// # Errors
    /// [`Error::NotFound`]; as [`Engine::add_tag`].
    pub async fn change_tag(
        &self,
        principal: &Principal,
        id: TagId,
        change: TagChange,
    ) -> Result<TagView, Error> {
        principal.require(Permission::InboxConfigure)?;
        let name = change.name.as_deref().map(checked_name).transpose()?;
        let (tenant, now, actor) = (principal.tenant, self.core.clock.now(), principal.actor.clone());
        let changed = self
            .core
            .store
            .write(tenant, move |tx| {
                let found = tags::list(tx, tenant)?.into_iter().find(|tag| tag.id == id);
                let was = found.ok_or(Error::NotFound("tag"))?;
                let is = Tag {
                    name: name.clone().unwrap_or_else(|| was.name.clone()),
                    color: change.color.unwrap_or(was.color),
                    ..was
                };
                if tags::by_name(tx, tenant, &is.name)?.is_some_and(|other| other.id != id) {
                    return Err(taken(&is.name));
                }
                tags::replace(tx, tenant, &is)?;
                let detail = json!({ "name": is.name, "color": is.color });
                audit::record(tx, tenant, &actor, "tag.changed", &id.to_string(), &detail, now)?;
                tell(tx, tenant, now)?;
                Ok(is)
            })
            .await?;
        self.core.feed.wake();
        Ok(changed.into())
    }

    /// Removes a tag, and takes it off all conversations.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn remove_tag(&self, principal: &Principal, id: TagId) -> Result<(), Error> {
        principal.require(Permission::InboxConfigure)?;
        let (tenant, now, actor) = (principal.tenant, self.core.clock.now(), principal.actor.clone());
        // First off the conversations, in strides; the tag itself goes last, so that a stop in between loses nothing.
        loop {
            let left = self
                .core
                .store
                .write(tenant, move |tx| {
                    let some = tags::some_conversations(tx, tenant, id, STRIDE)?;
                    for conversation in &some {
                        let Some(was) = conversations::get(tx, tenant, *conversation)? else { continue };
                        let mut is: Conversation = was.clone();
                        is.tags.retain(|tag| *tag != id);
                        conversations::replace(tx, tenant, &was, &is)?;
                    }
                    Ok::<_, Error>(some.len())
                })
                .await?;
            if left == 0 {
                break;
            }
        }
        self.core
            .store
            .write(tenant, move |tx| {
                if !tags::delete(tx, tenant, id)? {
                    return Err(Error::NotFound("tag"));
                }
                audit::record(tx, tenant, &actor, "tag.deleted", &id.to_string(), &json!({}), now)?;
                tell(tx, tenant, now)
            })
            .await?;
        self.core.feed.wake();
        Ok(())
    }
}

fn tell(tx: &mut Tx<'_>, tenant: TenantId, now: Timestamp) -> Result<(), Error> {
    feed::append(tx, tenant, FeedType::TagChanged, now, &Facts::default())?;
    Ok(())
}

fn taken(name: &str) -> Error {
    Error::conflict("tag_taken", format!("there is a tag “{name}” already"))
}

fn checked_name(name: &str) -> Result<String, Invalid> {
    let name = name.trim();
    let is_name = name.chars().any(char::is_alphanumeric)
        && name.chars().count() <= LONGEST_NAME
        && !name.chars().any(|c| c.is_control() || c == '"');
    if is_name {
        return Ok(name.to_owned());
    }
    let detail =
        format!("expected a name of 1 to {LONGEST_NAME} characters without quotation marks, such as invoice");
    Err(Invalid::at("/name", detail))
}

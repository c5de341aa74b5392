//! Saved views: a search with a name, one's own or everybody's.

use domain::access::{Permission, Principal};
use domain::clock::Timestamp;
use domain::event::FeedType;
use domain::ids::{TenantId, ViewId};
use domain::invalid::{Faults, Invalid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use store::feed::{self, Facts};
use store::views::{self, View};

use super::names;
use crate::{Engine, Error, audit};

const LONGEST_NAME: usize = 60;
const LONGEST_QUERY: usize = 1_000;
const MOST_VIEWS: usize = 200;

/// A view to add.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewView {
    pub name: String,
    /// As in `GET /v1/search`.
    pub query: String,
    /// Whether everybody sees it.
    #[serde(default)]
    pub shared: bool,
}

/// What changes of a view; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewChange {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub query: Option<String>,
    /// Where it stands among the others, the lowest first.
    #[serde(default)]
    pub position: Option<i64>,
    #[serde(default)]
    pub shared: Option<bool>,
}

/// One saved view.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "View")]
pub struct SavedView {
    pub id: ViewId,
    pub name: String,
    pub query: String,
    pub shared: bool,
    pub position: i64,
    pub created_at: Timestamp,
}

impl From<View> for SavedView {
    fn from(view: View) -> SavedView {
        let View { id, owner, name, query, position, created_at } = view;
        SavedView { id, name, query, shared: owner.is_none(), position, created_at }
    }
}

impl Engine {
    /// Everybody's views and those of the one who asks, in their order.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn views(&self, principal: &Principal) -> Result<Vec<SavedView>, Error> {
        principal.require(Permission::ConversationsRead)?;
        let tenant = principal.tenant;
        let me = names::me(principal).unwrap_or_default();
        let rows = self.core.store.read(move |tx| views::list(tx, tenant, &me)).await?;
        Ok(rows.into_iter().map(SavedView::from).collect())
    }

    /// Adds a view behind the others.
    ///
    /// # Errors
    /// [`Error::Invalid`]; missing permission to share.
    pub async fn add_view(&self, principal: &Principal, new: NewView) -> Result<SavedView, Error> {
        principal.require(Permission::ConversationsRead)?;
        let owner = owner(principal, new.shared)?;
        let (name, query) = checked(&new.name, &new.query)?;
        let (tenant, now, asking) = (principal.tenant, self.core.clock.now(), principal.clone());
        let id: ViewId = self.core.ids.next();
        let me = names::me(principal).unwrap_or_default();
        let added = self
            .core
            .store
            .write(tenant, move |tx| {
                let known = views::list(tx, tenant, &me)?;
                if known.len() >= MOST_VIEWS {
                    return Err(Invalid::at("", format!("expected at most {MOST_VIEWS} views")).into());
                }
                let position =
                    known.iter().map(|view| view.position).max().map_or(0, |last| last.saturating_add(1));
                let (owner, name, query) = (owner.clone(), name.clone(), query.clone());
                let view = View { id, owner, name, query, position, created_at: now };
                views::insert(tx, tenant, &view)?;
                note(tx, &asking, "view.created", &view, now)?;
                Ok::<_, Error>(view)
            })
            .await?;
        self.core.feed.wake();
        Ok(added.into())
    }

    /// Changes a view.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for one of somebody else; as [`Engine::add_view`].
    pub async fn change_view(
        &self,
        principal: &Principal,
        id: ViewId,
        change: ViewChange,
    ) -> Result<SavedView, Error> {
        principal.require(Permission::ConversationsRead)?;
        let (tenant, now, asking) = (principal.tenant, self.core.clock.now(), principal.clone());
        let changed = self
            .core
            .store
            .write(tenant, move |tx| {
                let was = own_or_shared(tx, &asking, id)?;
                let (name, query) = checked(
                    change.name.as_deref().unwrap_or(&was.name),
                    change.query.as_deref().unwrap_or(&was.query),
                )?;
                let is = View {
                    owner: match change.shared {
                        Some(shared) => owner(&asking, shared)?,
                        None => was.owner.clone(),
                    },
                    name,
                    query,
                    position: change.position.unwrap_or(was.position),
                    ..was.clone()
                };
                if is != was {
                    views::replace(tx, tenant, &is)?;
                    note(tx, &asking, "view.changed", &is, now)?;
                    // Those who saw it before have to hear of it too.
                    if is.owner != was.owner {
                        tell(tx, tenant, &was, now)?;
                    }
                }
                Ok::<_, Error>(is)
            })
            .await?;
        self.core.feed.wake();
        Ok(changed.into())
    }

    /// Removes a view; the conversations in it stay.
    ///
    /// # Errors
    /// As [`Engine::change_view`].
    pub async fn remove_view(&self, principal: &Principal, id: ViewId) -> Result<(), Error> {
        principal.require(Permission::ConversationsRead)?;
        let (tenant, now, asking) = (principal.tenant, self.core.clock.now(), principal.clone());
        self.core
            .store
            .write(tenant, move |tx| {
                let was = own_or_shared(tx, &asking, id)?;
                views::delete(tx, tenant, id)?;
                note(tx, &asking, "view.removed", &was, now)
            })
            .await?;
        self.core.feed.wake();
        Ok(())
    }
}

/// Whose a new view is: nobody's alone when it is shared, which needs permission.
fn owner(principal: &Principal, shared: bool) -> Result<Option<String>, Error> {
    if shared {
        principal.require(Permission::InboxConfigure)?;
        return Ok(None);
    }
    let me = names::me(principal);
    Ok(Some(me.ok_or_else(|| Invalid::at("/shared", "expected true: only a person has views of their own"))?))
}

/// The view, when the one who asks may change it. Somebody else's own is not even there.
fn own_or_shared(tx: &mut Tx<'_>, principal: &Principal, id: ViewId) -> Result<View, Error> {
    let found = views::get(tx, principal.tenant, id)?.ok_or(Error::NotFound("view"))?;
    match &found.owner {
        None => principal.require(Permission::InboxConfigure)?,
        Some(owner) if Some(owner) != names::me(principal).as_ref() => return Err(Error::NotFound("view")),
        Some(_) => {}
    }
    Ok(found)
}

fn checked(name: &str, query: &str) -> Result<(String, String), Error> {
    let mut faults = Faults::default();
    let (name, query) = (name.trim(), query.trim());
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        faults.note("/name", format!("expected 1 to {LONGEST_NAME} characters"));
    }
    if query.is_empty() || query.chars().count() > LONGEST_QUERY {
        faults.note("/query", format!("expected 1 to {LONGEST_QUERY} characters"));
    }
    faults.finish()?;
    Ok((name.to_owned(), query.to_owned()))
}

/// Writes down what happened with a view: of shared ones in the audit log too.
fn note(
    tx: &mut Tx<'_>,
    principal: &Principal,
    action: &str,
    view: &View,
    now: Timestamp,
) -> Result<(), Error> {
    let tenant = principal.tenant;
    if view.owner.is_none() {
        let detail = json!({ "name": view.name, "query": view.query });
        audit::record(tx, tenant, &principal.actor, action, &view.id.to_string(), &detail, now)?;
    }
    tell(tx, tenant, view, now)
}

fn tell(tx: &mut Tx<'_>, tenant: TenantId, view: &View, now: Timestamp) -> Result<(), Error> {
    let facts = Facts { user_id: view.owner.clone(), ..Facts::default() };
    feed::append(tx, tenant, FeedType::ViewChanged, now, &facts)?;
    Ok(())
}

//! Contacts: lists, one of them with its identities, and its name.

use domain::access::{Permission, Principal};
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::event::FeedType;
use domain::ids::{ContactId, TenantId};
use domain::invalid::Invalid;
use domain::page::{Cursor, Page, PageRequest};
use schemars::JsonSchema;
use serde::Serialize;
use store::Tx;
use store::contacts::{self, Contact};
use store::feed::{self, Facts};

use crate::{Engine, Error};

/// One contact.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Contact")]
pub struct ContactView {
    pub id: ContactId,
    /// Empty when nobody told us.
    pub name: String,
    pub identities: Vec<IdentityView>,
    pub created_at: Timestamp,
    pub last_seen_at: Option<Timestamp>,
}

/// An address at which a contact is reached.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Identity")]
pub struct IdentityView {
    pub channel: Channel,
    pub address: String,
}

impl Engine {
    /// Contacts, newest first; with `beginning`, those whose name or address begins so.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn contacts(
        &self,
        principal: &Principal,
        beginning: Option<String>,
        page: PageRequest,
    ) -> Result<Page<ContactView>, Error> {
        principal.require(Permission::ContactsRead)?;
        let (tenant, limit) = (principal.tenant, page.limit);
        let before = page.after.map_or_else(|| "con_z".to_owned(), |cursor| cursor.id);
        self.core
            .store
            .read(move |tx| {
                let rows = match beginning.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
                    Some(text) => contacts::matching(tx, tenant, text, &before, limit + 1)?,
                    None => contacts::list(tx, tenant, &before, limit + 1)?,
                };
                let page = Page::cut(rows, limit, |row| Cursor { key: 0, id: row.id.to_string() });
                let mut views = Vec::with_capacity(page.rows.len());
                for row in page.rows {
                    views.push(view(tx, tenant, row)?);
                }
                Ok(Page { rows: views, next: page.next })
            })
            .await
    }

    /// One contact.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn contact(&self, principal: &Principal, id: ContactId) -> Result<ContactView, Error> {
        principal.require(Permission::ContactsRead)?;
        let tenant = principal.tenant;
        self.core
            .store
            .read(move |tx| {
                let row = contacts::get(tx, tenant, id)?.ok_or(Error::NotFound("contact"))?;
                view(tx, tenant, row)
            })
            .await
    }

    /// Gives a contact another name.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`].
    pub async fn rename_contact(
        &self,
        principal: &Principal,
        id: ContactId,
        name: String,
    ) -> Result<ContactView, Error> {
        principal.require(Permission::ContactsWrite)?;
        let name = name.trim().to_owned();
        if name.chars().count() > 200 || name.chars().any(char::is_control) {
            return Err(Invalid::at("/name", "expected one line of at most 200 characters").into());
        }
        let (tenant, now) = (principal.tenant, self.core.clock.now());
        self.core
            .store
            .write(tenant, move |tx| {
                if !contacts::rename(tx, tenant, id, &name)? {
                    return Err(Error::NotFound("contact"));
                }
                let facts = Facts { contact_id: Some(id.to_string()), ..Facts::default() };
                feed::append(tx, tenant, FeedType::ContactUpdated, now, &facts)?;
                Ok(())
            })
            .await?;
        self.core.feed.wake();
        self.contact(&Principal::system(tenant), id).await
    }
}

fn view(tx: &mut Tx<'_>, tenant: TenantId, row: Contact) -> Result<ContactView, Error> {
    let identities = contacts::identities(tx, tenant, row.id)?
        .into_iter()
        .map(|identity| IdentityView { channel: identity.channel, address: identity.address })
        .collect();
    Ok(ContactView {
        id: row.id,
        name: row.name,
        identities,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
    })
}

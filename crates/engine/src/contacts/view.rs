//! A contact as people and programs see it.

use std::collections::HashMap;

use domain::access::{Permission, Principal};
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::contact::Attributes;
use domain::ids::{ContactId, TenantId};
use schemars::JsonSchema;
use serde::Serialize;
use store::Tx;
use store::contacts::{self, Known};

use crate::suppression::ContactSuppression;
use crate::{Engine, Error};

/// One contact.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Contact")]
pub struct ContactView {
    pub id: ContactId,
    /// Empty when nobody told us.
    pub name: String,
    /// Oldest first.
    pub identities: Vec<IdentityView>,
    pub attributes: Attributes,
    /// Whose contact this is.
    pub owner: Option<ContactOwner>,
    /// An IANA name, such as `Europe/Berlin`.
    pub time_zone: Option<String>,
    /// A language tag (BCP 47), such as `pt-BR`.
    pub locale: Option<String>,
    /// The contact that has everything of this one now.
    pub merged_into: Option<ContactId>,
    pub created_at: Timestamp,
    pub last_seen_at: Option<Timestamp>,
    /// Why some of its addresses are not written to. Lists of contacts leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressions: Option<Vec<ContactSuppression>>,
}

/// An address at which a contact is reached.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Identity")]
pub struct IdentityView {
    pub channel: Channel,
    pub address: String,
}

/// Whose contact it is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ContactOwner {
    pub id: String,
    pub name: String,
}

impl Engine {
    /// One contact.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn contact(&self, principal: &Principal, id: ContactId) -> Result<ContactView, Error> {
        principal.require(Permission::ContactsRead)?;
        let tenant = principal.tenant;
        self.core.store.read(move |tx| one(tx, tenant, id)).await
    }
}

/// One contact, read.
pub(crate) fn one(tx: &mut Tx<'_>, tenant: TenantId, id: ContactId) -> Result<ContactView, Error> {
    let known = contacts::known(tx, tenant, id)?.ok_or(Error::NotFound("contact"))?;
    let people = people(tx, tenant)?;
    let suppressions = crate::suppression::of_contact(tx, tenant, &known.identities)?;
    Ok(ContactView { suppressions: Some(suppressions), ..view(known, &people) })
}

/// The names of a tenant's people by id.
pub(super) fn people(tx: &mut Tx<'_>, tenant: TenantId) -> Result<HashMap<String, String>, Error> {
    Ok(store::users::names(tx, tenant)?.into_iter().map(|(id, name)| (id.to_string(), name)).collect())
}

pub(super) fn view(known: Known, people: &HashMap<String, String>) -> ContactView {
    let Known { contact, identities } = known;
    let owner = contact.owner.map(|id| {
        let name = people.get(&id).cloned().unwrap_or_default();
        ContactOwner { id, name }
    });
    let identities = identities.into_iter();
    ContactView {
        id: contact.id,
        name: contact.name,
        identities: identities
            .map(|one| IdentityView { channel: one.channel, address: one.address })
            .collect(),
        attributes: contact.attributes,
        owner,
        time_zone: contact.time_zone,
        locale: contact.locale,
        merged_into: contact.merged_into,
        created_at: contact.created_at,
        last_seen_at: contact.last_seen_at,
        suppressions: None,
    }
}

//! Names for ids, read in the same moment as the rows that carry the ids.

use std::collections::HashMap;

use domain::ids::{AccountId, ContactId, TenantId};
use store::Tx;
use store::contacts;

use super::conversations::ContactBrief;
use super::message_view::AccountBrief;
use crate::Error;

/// The accounts of a tenant by id, also those that were removed.
pub(super) fn accounts(tx: &mut Tx<'_>, tenant: TenantId) -> Result<HashMap<AccountId, AccountBrief>, Error> {
    let rows = store::accounts::names(tx, tenant)?;
    Ok(rows.into_iter().map(|(id, name, provider)| (id, AccountBrief { id, name, provider })).collect())
}

/// The people of a tenant by id.
pub(super) fn users(tx: &mut Tx<'_>, tenant: TenantId) -> Result<HashMap<String, String>, Error> {
    Ok(store::users::names(tx, tenant)?.into_iter().map(|(id, name)| (id.to_string(), name)).collect())
}

/// The keys of a tenant by id.
pub(super) fn keys(tx: &mut Tx<'_>, tenant: TenantId) -> Result<HashMap<String, String>, Error> {
    Ok(store::api_keys::names(tx, tenant)?.into_iter().map(|(id, name)| (id.to_string(), name)).collect())
}

/// A contact in short.
pub(super) fn contact(tx: &mut Tx<'_>, tenant: TenantId, id: ContactId) -> Result<ContactBrief, Error> {
    let name = contacts::get(tx, tenant, id)?.map(|contact| contact.name).unwrap_or_default();
    let address = contacts::identities(tx, tenant, id)?.into_iter().next().map(|identity| identity.address);
    Ok(ContactBrief { id, name, address: address.unwrap_or_default() })
}

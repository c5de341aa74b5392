//! Contacts and their identities: who is behind an address. What contacts are found by is kept in step with them.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::contact::{Attributes, address_key, search_words};
use domain::ids::{ContactId, TenantId};

use crate::args;
use crate::db::{Error, Row, Sql, Tx, indexed, only};

/// One person outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    pub id: ContactId,
    /// The name to show; empty when nobody told us.
    pub name: String,
    pub attributes: Attributes,
    /// The user whose contact this is.
    pub owner: Option<String>,
    pub time_zone: Option<String>,
    pub locale: Option<String>,
    /// The contact that has everything of this one now.
    pub merged_into: Option<ContactId>,
    pub created_at: Timestamp,
    pub last_seen_at: Option<Timestamp>,
}

impl Contact {
    /// Somebody of whom nothing but a name is known.
    #[must_use]
    pub fn new(id: ContactId, name: String, created_at: Timestamp) -> Contact {
        Contact {
            id,
            name,
            attributes: Attributes::new(),
            owner: None,
            time_zone: None,
            locale: None,
            merged_into: None,
            created_at,
            last_seen_at: None,
        }
    }
}

/// An address at which a contact is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    pub channel: Channel,
    pub address: String,
    /// Since when it is this contact's; the oldest comes first.
    pub since: Timestamp,
}

/// A contact with all its identities, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    pub contact: Contact,
    pub identities: Vec<Identity>,
}

impl Known {
    /// What lists by name sort by: the name, or else the first address.
    #[must_use]
    pub fn name_key(&self) -> String {
        let key = match (self.contact.name.as_str(), self.identities.first()) {
            ("", Some(identity)) => address_key(&identity.address),
            (name, _) => name.to_lowercase(),
        };
        indexed(&key).to_owned()
    }

    /// The words by which it is found; none when it was merged into another one.
    #[must_use]
    pub fn words(&self) -> BTreeSet<String> {
        if self.contact.merged_into.is_some() {
            return BTreeSet::new();
        }
        let keys: Vec<(Channel, String)> =
            self.identities.iter().map(|one| (one.channel, address_key(&one.address))).collect();
        let words =
            search_words(&self.contact.name, keys.iter().map(|(channel, key)| (*channel, key.as_str())));
        words.iter().map(|word| indexed(word).to_owned()).collect()
    }

    /// Key and value of each attribute in the form in which they are found.
    fn attribute_keys(&self) -> BTreeSet<(String, String)> {
        if self.contact.merged_into.is_some() {
            return BTreeSet::new();
        }
        let pairs = self.contact.attributes.iter();
        pairs.map(|(key, value)| (key.clone(), indexed(&value.key()).to_owned())).collect()
    }
}

macro_rules! columns {
    () => {
        "id, name, attributes, owner_id, time_zone, locale, merged_into, created_at, last_seen_at"
    };
}

mod find;
mod merge;
mod timeline;

pub use find::{
    attribute_names, by_name, ids_merged_into, ids_named, ids_of_owner, ids_on_channel, ids_seen,
    ids_with_attribute, ids_with_word, name_keys, newest,
};
pub use merge::{conversations_of, messages_in, move_conversations, move_messages, move_threads, threads_of};
pub use timeline::{entries_with, messages_with};

fn read(row: &mut Row<'_>) -> Result<Contact, Error> {
    Ok(Contact {
        id: row.take()?,
        name: row.take()?,
        attributes: row.json()?,
        owner: row.take()?,
        time_zone: row.take()?,
        locale: row.take()?,
        merged_into: row.take()?,
        created_at: row.take()?,
        last_seen_at: row.take()?,
    })
}

const BY_IDENTITY: &str = "
SELECT contact_id
FROM identities
WHERE tenant_id = $1 AND channel = $2 AND address_key = $3";

/// The contact behind an address.
///
/// # Errors
/// Any fault of the database.
pub fn by_identity(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    channel: Channel,
    address_key: &str,
) -> Result<Option<ContactId>, Error> {
    tx.first(BY_IDENTITY, &args![tenant, channel.as_str(), address_key], only)
}

const INSERT: &str = concat!(
    "
INSERT INTO contacts (tenant_id, name_key, ",
    columns!(),
    ")
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
);

/// Adds a contact with its identities.
///
/// # Errors
/// [`Error::Conflict`] when an address is somebody else's; any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, known: &Known) -> Result<(), Error> {
    let contact = &known.contact;
    tx.run(
        INSERT,
        &args![
            tenant,
            known.name_key(),
            contact.id,
            contact.name,
            written(&contact.attributes)?,
            contact.owner,
            contact.time_zone,
            contact.locale,
            contact.merged_into,
            contact.created_at,
            contact.last_seen_at
        ],
    )?;
    for identity in &known.identities {
        insert_identity(tx, tenant, contact.id, identity)?;
    }
    keep_in_step(tx, tenant, contact.id, &BTreeSet::new(), &known.words())?;
    keep_attributes(tx, tenant, contact.id, &BTreeSet::new(), &known.attribute_keys())
}

fn written(attributes: &Attributes) -> Result<String, Error> {
    serde_json::to_string(attributes).map_err(|error| Error::Unexpected(error.to_string()))
}

const REPLACE: &str = "
UPDATE contacts
SET name_key = $3, name = $4, attributes = $5, owner_id = $6, time_zone = $7, locale = $8, merged_into = $9,
    last_seen_at = $10
WHERE tenant_id = $1 AND id = $2";

/// Writes what a contact has become. Identities that are gone go before new ones come, so that of two contacts the one
/// that gives has to be written before the one that takes.
///
/// # Errors
/// [`Error::Conflict`] when an address is somebody else's; any fault of the database.
pub fn replace(tx: &mut Tx<'_>, tenant: TenantId, was: &Known, is: &Known) -> Result<(), Error> {
    let (id, contact) = (was.contact.id, &is.contact);
    if was.contact != is.contact || was.name_key() != is.name_key() {
        tx.run(
            REPLACE,
            &args![
                tenant,
                id,
                is.name_key(),
                contact.name,
                written(&contact.attributes)?,
                contact.owner,
                contact.time_zone,
                contact.locale,
                contact.merged_into,
                contact.last_seen_at
            ],
        )?;
    }
    for gone in was.identities.iter().filter(|identity| !is.identities.contains(identity)) {
        delete_identity(tx, tenant, gone)?;
    }
    for new in is.identities.iter().filter(|identity| !was.identities.contains(identity)) {
        insert_identity(tx, tenant, id, new)?;
    }
    keep_in_step(tx, tenant, id, &was.words(), &is.words())?;
    keep_attributes(tx, tenant, id, &was.attribute_keys(), &is.attribute_keys())
}

const INSERT_IDENTITY: &str = "
INSERT INTO identities (tenant_id, channel, address_key, address, contact_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6)";

fn insert_identity(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    contact: ContactId,
    identity: &Identity,
) -> Result<(), Error> {
    let Identity { channel, address, since } = identity;
    tx.run(INSERT_IDENTITY, &args![tenant, channel.as_str(), address_key(address), address, contact, since])
}

const DELETE_IDENTITY: &str = "
DELETE FROM identities
WHERE tenant_id = $1 AND channel = $2 AND address_key = $3";

fn delete_identity(tx: &mut Tx<'_>, tenant: TenantId, identity: &Identity) -> Result<(), Error> {
    tx.run(DELETE_IDENTITY, &args![tenant, identity.channel.as_str(), address_key(&identity.address)])
}

const ADD_WORD: &str = "
INSERT INTO contact_words (tenant_id, word, contact_id)
VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, word, contact_id) DO NOTHING";

const REMOVE_WORD: &str = "
DELETE FROM contact_words
WHERE tenant_id = $1 AND word = $2 AND contact_id = $3";

fn keep_in_step(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: ContactId,
    was: &BTreeSet<String>,
    is: &BTreeSet<String>,
) -> Result<(), Error> {
    for gone in was.difference(is) {
        tx.run(REMOVE_WORD, &args![tenant, gone, id])?;
    }
    for new in is.difference(was) {
        tx.run(ADD_WORD, &args![tenant, new, id])?;
    }
    Ok(())
}

const ADD_ATTRIBUTE: &str = "
INSERT INTO contact_attributes (tenant_id, key, value_key, contact_id)
VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, key, value_key, contact_id) DO NOTHING";

const REMOVE_ATTRIBUTE: &str = "
DELETE FROM contact_attributes
WHERE tenant_id = $1 AND key = $2 AND value_key = $3 AND contact_id = $4";

fn keep_attributes(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: ContactId,
    was: &BTreeSet<(String, String)>,
    is: &BTreeSet<(String, String)>,
) -> Result<(), Error> {
    for (key, value) in was.difference(is) {
        tx.run(REMOVE_ATTRIBUTE, &args![tenant, key, value, id])?;
    }
    for (key, value) in is.difference(was) {
        tx.run(ADD_ATTRIBUTE, &args![tenant, key, value, id])?;
    }
    Ok(())
}

const GET: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM contacts
WHERE tenant_id = $1 AND id = $2"
);

/// One contact.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: ContactId) -> Result<Option<Contact>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

/// One contact with its identities.
///
/// # Errors
/// Any fault of the database.
pub fn known(tx: &mut Tx<'_>, tenant: TenantId, id: ContactId) -> Result<Option<Known>, Error> {
    let Some(contact) = get(tx, tenant, id)? else { return Ok(None) };
    let identities = identities(tx, tenant, id)?;
    Ok(Some(Known { contact, identities }))
}

const IDENTITIES: &str = "
SELECT channel, address, created_at
FROM identities
WHERE tenant_id = $1 AND contact_id = $2
ORDER BY created_at, channel, address_key";

/// The identities of a contact, oldest first.
///
/// # Errors
/// Any fault of the database.
pub fn identities(tx: &mut Tx<'_>, tenant: TenantId, id: ContactId) -> Result<Vec<Identity>, Error> {
    tx.query(IDENTITIES, &args![tenant, id], |row| {
        Ok(Identity { channel: row.word()?, address: row.take()?, since: row.take()? })
    })
}

const MANY: Sql = Sql::Split {
    sqlite: concat!(
        "SELECT ",
        columns!(),
        "
FROM contacts
WHERE tenant_id = $1 AND id IN (SELECT value FROM json_each($2))"
    ),
    postgres: concat!(
        "SELECT ",
        columns!(),
        "
FROM contacts
WHERE tenant_id = $1 AND id = ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST($2 AS TEXT) AS JSON))))"
    ),
};

const IDENTITIES_OF_MANY: Sql = Sql::Split {
    sqlite: "
SELECT contact_id, channel, address, created_at
FROM identities
WHERE tenant_id = $1 AND contact_id IN (SELECT value FROM json_each($2))
ORDER BY created_at, channel, address_key",
    postgres: "
SELECT contact_id, channel, address, created_at
FROM identities
WHERE tenant_id = $1 AND contact_id = ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST($2 AS TEXT) AS JSON))))
ORDER BY created_at, channel, address_key",
};

/// Several contacts with their identities, in the order in which they are named; those that are not there are left out.
///
/// # Errors
/// Any fault of the database.
pub fn many(tx: &mut Tx<'_>, tenant: TenantId, ids: &[ContactId]) -> Result<Vec<Known>, Error> {
    let rows = tx.query(MANY, &args![tenant, listed(ids)], read)?;
    let mut rows: std::collections::HashMap<ContactId, Contact> =
        rows.into_iter().map(|contact| (contact.id, contact)).collect();
    let contacts = ids.iter().filter_map(|id| rows.remove(id)).collect();
    with_identities(tx, tenant, contacts)
}

/// Contacts with their identities.
///
/// # Errors
/// Any fault of the database.
pub fn with_identities(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    contacts: Vec<Contact>,
) -> Result<Vec<Known>, Error> {
    let ids: Vec<ContactId> = contacts.iter().map(|contact| contact.id).collect();
    let mut of: std::collections::HashMap<ContactId, Vec<Identity>> = std::collections::HashMap::new();
    let rows = tx.query(IDENTITIES_OF_MANY, &args![tenant, listed(&ids)], |row| {
        let contact: ContactId = row.take()?;
        Ok((contact, Identity { channel: row.word()?, address: row.take()?, since: row.take()? }))
    })?;
    for (contact, identity) in rows {
        of.entry(contact).or_default().push(identity);
    }
    let whole = |contact: Contact| Known { identities: of.remove(&contact.id).unwrap_or_default(), contact };
    Ok(contacts.into_iter().map(whole).collect())
}

/// Ids as one argument: statements take lists as JSON.
fn listed<T: ToString>(ids: &[T]) -> serde_json::Value {
    ids.iter().map(ToString::to_string).collect()
}

const SEEN: &str = "
UPDATE contacts
SET last_seen_at = $3
WHERE tenant_id = $1 AND id = $2 AND (last_seen_at IS NULL OR last_seen_at <= $4)";

/// How exactly it is known when a contact wrote last: each note of it moves a row of an index.
const SEEN_EVERY: Duration = Duration::from_mins(1);

/// Notes that a contact has written, unless that was noted within the last minute.
///
/// # Errors
/// Any fault of the database.
pub fn seen(tx: &mut Tx<'_>, tenant: TenantId, id: ContactId, at: Timestamp) -> Result<(), Error> {
    tx.run(SEEN, &args![tenant, id, at, at.minus(SEEN_EVERY)])
}

//! Contacts and their identities: who is behind an address.

use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::ids::{ContactId, TenantId};

use crate::args;
use crate::db::{Error, Row, Tx, indexed, only};

/// One person outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    pub id: ContactId,
    /// The name to show; empty when nobody told us.
    pub name: String,
    pub created_at: Timestamp,
    pub last_seen_at: Option<Timestamp>,
}

/// An address at which a contact is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    pub channel: Channel,
    pub address: String,
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

const INSERT: &str = "
INSERT INTO contacts (tenant_id, id, name, name_key, attributes, created_at, last_seen_at)
VALUES ($1, $2, $3, $4, '{}', $5, $6)";

const INSERT_IDENTITY: &str = "
INSERT INTO identities (tenant_id, channel, address_key, address, contact_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6)";

/// Adds a contact with its first identity.
///
/// # Errors
/// Any fault of the database.
pub fn insert(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    contact: &Contact,
    channel: Channel,
    address: &str,
    address_key: &str,
) -> Result<(), Error> {
    let name_key = contact.name.to_lowercase();
    tx.run(
        INSERT,
        &args![
            tenant,
            contact.id,
            contact.name,
            indexed(&name_key),
            contact.created_at,
            contact.last_seen_at
        ],
    )?;
    tx.run(
        INSERT_IDENTITY,
        &args![tenant, channel.as_str(), address_key, address, contact.id, contact.created_at],
    )
}

fn read(row: &mut Row<'_>) -> Result<Contact, Error> {
    Ok(Contact { id: row.take()?, name: row.take()?, created_at: row.take()?, last_seen_at: row.take()? })
}

const GET: &str = "
SELECT id, name, created_at, last_seen_at
FROM contacts
WHERE tenant_id = $1 AND id = $2";

/// One contact.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: ContactId) -> Result<Option<Contact>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

const IDENTITIES: &str = "
SELECT channel, address
FROM identities
WHERE tenant_id = $1 AND contact_id = $2
ORDER BY created_at, channel, address_key";

/// The identities of a contact, oldest first.
///
/// # Errors
/// Any fault of the database.
pub fn identities(tx: &mut Tx<'_>, tenant: TenantId, id: ContactId) -> Result<Vec<Identity>, Error> {
    tx.query(IDENTITIES, &args![tenant, id], |row| {
        Ok(Identity { channel: row.word()?, address: row.take()? })
    })
}

const LIST: &str = "
SELECT id, name, created_at, last_seen_at
FROM contacts
WHERE tenant_id = $1 AND id < $2
ORDER BY id DESC
LIMIT $3";

/// Contacts, newest first, before an id.
///
/// # Errors
/// Any fault of the database.
pub fn list(tx: &mut Tx<'_>, tenant: TenantId, before: &str, limit: u32) -> Result<Vec<Contact>, Error> {
    tx.query(LIST, &args![tenant, before, limit], read)
}

const MATCHING: &str = "
SELECT id, name, created_at, last_seen_at
FROM contacts
WHERE tenant_id = $1
  AND id < $2
  AND (   (name_key >= $3 AND name_key < $4)
       OR id IN (SELECT contact_id
                 FROM identities
                 WHERE tenant_id = $1 AND channel = 'email' AND address_key >= $3 AND address_key < $4))
ORDER BY id DESC
LIMIT $5";

/// Contacts whose name or email address begins with a text, newest first.
///
/// # Errors
/// Any fault of the database.
pub fn matching(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    beginning: &str,
    before: &str,
    limit: u32,
) -> Result<Vec<Contact>, Error> {
    let beginning = beginning.to_lowercase();
    let beginning = indexed(&beginning);
    let end = format!("{beginning}\u{10ffff}");
    tx.query(MATCHING, &args![tenant, before, beginning, end, limit], read)
}

const RENAME: &str = "
UPDATE contacts
SET name = $3, name_key = $4
WHERE tenant_id = $1 AND id = $2";

/// Gives a contact another name; gives whether it was there.
///
/// # Errors
/// Any fault of the database.
pub fn rename(tx: &mut Tx<'_>, tenant: TenantId, id: ContactId, name: &str) -> Result<bool, Error> {
    Ok(tx.execute(RENAME, &args![tenant, id, name, indexed(&name.to_lowercase())])? > 0)
}

const SEEN: &str = "
UPDATE contacts
SET last_seen_at = $3
WHERE tenant_id = $1 AND id = $2";

/// Notes that a contact has written.
///
/// # Errors
/// Any fault of the database.
pub fn seen(tx: &mut Tx<'_>, tenant: TenantId, id: ContactId, at: Timestamp) -> Result<(), Error> {
    tx.run(SEEN, &args![tenant, id, at])
}

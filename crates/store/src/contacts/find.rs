//! Finding contacts: in the two orders of lists, and the ids of those that a single filter leaves, up to a limit.

use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::ids::{ContactId, TenantId};

use super::{Contact, listed, read};
use crate::args;
use crate::db::{Error, Sql, Tx, indexed, only};

const NEWEST: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM contacts
WHERE tenant_id = $1 AND id < $2 AND merged_into IS NULL
ORDER BY id DESC
LIMIT $3"
);

/// Contacts, newest first, before an id.
///
/// # Errors
/// Any fault of the database.
pub fn newest(tx: &mut Tx<'_>, tenant: TenantId, before: &str, limit: u32) -> Result<Vec<Contact>, Error> {
    tx.query(NEWEST, &args![tenant, before, limit], read)
}

const BY_NAME: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM contacts
WHERE tenant_id = $1 AND (name_key, id) > ($2, $3) AND merged_into IS NULL
ORDER BY name_key, id
LIMIT $4"
);

/// Contacts by name, behind a name and id.
///
/// # Errors
/// Any fault of the database.
pub fn by_name(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    after: (&str, &str),
    limit: u32,
) -> Result<Vec<Contact>, Error> {
    tx.query(BY_NAME, &args![tenant, after.0, after.1, limit], read)
}

const NAME_KEYS: Sql = Sql::Split {
    sqlite: "
SELECT name_key, id
FROM contacts
WHERE tenant_id = $1 AND id IN (SELECT value FROM json_each($2))",
    postgres: "
SELECT name_key, id
FROM contacts
WHERE tenant_id = $1 AND id = ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST($2 AS TEXT) AS JSON))))",
};

/// What lists by name sort these contacts by, in no order.
///
/// # Errors
/// Any fault of the database.
pub fn name_keys(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    ids: &[ContactId],
) -> Result<Vec<(String, ContactId)>, Error> {
    tx.query(NAME_KEYS, &args![tenant, listed(ids)], |row| Ok((row.take()?, row.take()?)))
}

const WITH_WORD: &str = "
SELECT contact_id
FROM contact_words
WHERE tenant_id = $1 AND word >= $2 AND word < $3
LIMIT $4";

/// Contacts that may have a word with this beginning; one with several of them comes several times.
///
/// # Errors
/// Any fault of the database.
pub fn ids_with_word(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    beginning: &str,
    limit: u32,
) -> Result<Vec<ContactId>, Error> {
    let beginning = indexed(beginning);
    let end = format!("{beginning}\u{10ffff}");
    tx.query(WITH_WORD, &args![tenant, beginning, end, limit], only)
}

const NAMED: &str = "
SELECT id
FROM contacts
WHERE tenant_id = $1 AND name_key = $2
ORDER BY id DESC
LIMIT $3";

/// Contacts with the same name, but for its case.
///
/// # Errors
/// Any fault of the database.
pub fn ids_named(tx: &mut Tx<'_>, tenant: TenantId, name: &str, limit: u32) -> Result<Vec<ContactId>, Error> {
    tx.query(NAMED, &args![tenant, indexed(&name.to_lowercase()), limit], only)
}

const OF_OWNER: &str = "
SELECT id
FROM contacts
WHERE tenant_id = $1 AND owner_id = $2 AND owner_id IS NOT NULL
ORDER BY id DESC
LIMIT $3";

/// Contacts of a person.
///
/// # Errors
/// Any fault of the database.
pub fn ids_of_owner(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    owner: &str,
    limit: u32,
) -> Result<Vec<ContactId>, Error> {
    tx.query(OF_OWNER, &args![tenant, owner, limit], only)
}

const WITH_ATTRIBUTE: &str = "
SELECT contact_id
FROM contact_attributes
WHERE tenant_id = $1 AND key = $2 AND value_key = $3
ORDER BY contact_id DESC
LIMIT $4";

/// Contacts whose attribute has a value, in the form in which values are compared.
///
/// # Errors
/// Any fault of the database.
pub fn ids_with_attribute(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    (key, value_key): (&str, &str),
    limit: u32,
) -> Result<Vec<ContactId>, Error> {
    tx.query(WITH_ATTRIBUTE, &args![tenant, key, indexed(value_key), limit], only)
}

const SEEN: &str = "
SELECT id
FROM contacts
WHERE tenant_id = $1 AND last_seen_at >= $2 AND last_seen_at < $3 AND last_seen_at IS NOT NULL
LIMIT $4";

/// Contacts that wrote at or after the first time and before the second.
///
/// # Errors
/// Any fault of the database.
pub fn ids_seen(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    (from, until): (Timestamp, Timestamp),
    limit: u32,
) -> Result<Vec<ContactId>, Error> {
    tx.query(SEEN, &args![tenant, from, until, limit], only)
}

const ON_CHANNEL: &str = "
SELECT contact_id
FROM identities
WHERE tenant_id = $1 AND channel = $2
ORDER BY contact_id DESC
LIMIT $3";

/// Contacts with an address on a channel; one with several of them comes several times.
///
/// # Errors
/// Any fault of the database.
pub fn ids_on_channel(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    channel: Channel,
    limit: u32,
) -> Result<Vec<ContactId>, Error> {
    tx.query(ON_CHANNEL, &args![tenant, channel.as_str(), limit], only)
}

const NEXT_ATTRIBUTE: &str = "
SELECT key
FROM contact_attributes
WHERE tenant_id = $1 AND key > $2
ORDER BY key
LIMIT 1";

/// The keys of attributes in use, in order: one look each, not a walk over all contacts.
///
/// # Errors
/// Any fault of the database.
pub fn attribute_names(tx: &mut Tx<'_>, tenant: TenantId, limit: usize) -> Result<Vec<String>, Error> {
    let mut names: Vec<String> = Vec::new();
    while names.len() < limit {
        let last = names.last().map_or("", String::as_str);
        let Some(next) = tx.first(NEXT_ATTRIBUTE, &args![tenant, last], only)? else { break };
        names.push(next);
    }
    Ok(names)
}

const MERGED_INTO: &str = "
SELECT subject_id, before
FROM rearrangements
WHERE tenant_id = $1 AND subject_id = $2 AND kind = 'contact_merge' AND undone_at IS NULL
ORDER BY id";

/// The contacts that were merged into one and still are.
///
/// # Errors
/// Any fault of the database.
pub fn ids_merged_into(tx: &mut Tx<'_>, tenant: TenantId, id: ContactId) -> Result<Vec<ContactId>, Error> {
    let rows = tx.query(MERGED_INTO, &args![tenant, id], |row| {
        let _: ContactId = row.take()?;
        row.json::<serde_json::Value>()
    })?;
    let sources = rows.iter().filter_map(|before| before["source"].as_str()?.parse().ok());
    Ok(sources.collect())
}

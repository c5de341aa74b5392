//! Suppressions: addresses that are not written to, each with its reason and the evidence. One entry for each reason.

use std::collections::BTreeSet;

use domain::access::Actor;
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::ids::{AccountId, ContactId, MessageId, SuppressionId, TenantId};
use domain::suppression::SuppressionReason;

use crate::args;
use crate::db::{Arg, Error, Row, Sql, Tx};

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Suppression {
    pub id: SuppressionId,
    pub channel: Channel,
    /// As it was first written.
    pub address: String,
    pub reason: SuppressionReason,
    /// The evidence, in the words of whoever told.
    pub detail: String,
    pub code: Option<String>,
    pub source: String,
    /// The message that it came of.
    pub message: Option<MessageId>,
    pub account: Option<AccountId>,
    /// Who added it; nobody when it came of a report.
    pub added_by: Option<Actor>,
    pub created_at: Timestamp,
    /// Who is known at this address now. It is found out with each reading and not kept.
    pub contact: Option<ContactId>,
}

impl Suppression {
    /// The form in which its address is compared.
    #[must_use]
    pub fn key(&self) -> String {
        domain::contact::address_key(&self.address)
    }
}

macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "SELECT id, channel, address, reason, detail, code, source, message_id, account_id, added_by_kind, added_by_id, created_at,
       (SELECT contact_id
        FROM identities
        WHERE identities.tenant_id = suppressions.tenant_id AND identities.channel = suppressions.channel
          AND identities.address_key = suppressions.address_key)
FROM suppressions
",
            $rest
        )
    };
}

fn read(row: &mut Row<'_>) -> Result<Suppression, Error> {
    Ok(Suppression {
        id: row.take()?,
        channel: row.word()?,
        address: row.take()?,
        reason: row.word()?,
        detail: row.take()?,
        code: row.take()?,
        source: row.take()?,
        message: row.take()?,
        account: row.take()?,
        added_by: actor(row.take()?, row.take()?)?,
        created_at: row.take()?,
        contact: row.take()?,
    })
}

fn actor(kind: Option<String>, id: Option<String>) -> Result<Option<Actor>, Error> {
    let kind = kind.map(|word| word.parse().map_err(|error| Error::Unexpected(format!("{word}: {error}"))));
    Ok(kind.transpose()?.map(|kind| Actor { kind, id }))
}

const INSERT: &str = "
INSERT INTO suppressions (tenant_id, address_key, channel, reason, id, address, domain_key, detail, code, source, message_id,
                          account_id, added_by_kind, added_by_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (tenant_id, address_key, channel, reason) DO NOTHING";

/// Adds an entry; gives false when the address has one for this reason already.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, entry: &Suppression) -> Result<bool, Error> {
    Ok(tx.execute(INSERT, &columns(tenant, entry))? > 0)
}

/// The same where nobody needs to know: many of them do not wait for each other.
///
/// # Errors
/// Any fault of the database.
pub fn put(tx: &mut Tx<'_>, tenant: TenantId, entry: &Suppression) -> Result<(), Error> {
    tx.run(INSERT, &columns(tenant, entry))
}

fn columns(tenant: TenantId, entry: &Suppression) -> [Arg<'static>; 15] {
    let key = entry.key();
    let domain = key.rsplit_once('@').map_or("", |(_, domain)| domain);
    args![
        tenant,
        key,
        entry.channel.as_str(),
        entry.reason.as_str(),
        entry.id,
        entry.address,
        domain,
        entry.detail,
        entry.code,
        entry.source,
        entry.message,
        entry.account,
        entry.added_by.as_ref().map(|actor| actor.kind.as_str()),
        entry.added_by.as_ref().and_then(|actor| actor.id.clone()),
        entry.created_at
    ]
    .map(Arg::into_owned)
}

const GET: &str = entries!("WHERE tenant_id = $1 AND id = $2");

/// One entry.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: SuppressionId) -> Result<Option<Suppression>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

const DELETE: &str = "
DELETE FROM suppressions
WHERE tenant_id = $1 AND id = $2";

/// Removes an entry; whether there was one.
///
/// # Errors
/// Any fault of the database.
pub fn delete(tx: &mut Tx<'_>, tenant: TenantId, id: SuppressionId) -> Result<bool, Error> {
    Ok(tx.execute(DELETE, &args![tenant, id])? > 0)
}

const OF_ADDRESSES: Sql = Sql::Split {
    sqlite: entries!(
        "WHERE tenant_id = $1 AND channel = $2 AND address_key IN (SELECT value FROM json_each($3))"
    ),
    // Address by address: with the figures of an empty table the planner would rather walk over the whole list.
    postgres: concat!(
        "SELECT found.*
FROM json_array_elements_text(CAST(CAST($3 AS TEXT) AS JSON)) AS wanted (key)
CROSS JOIN LATERAL (
",
        entries!("WHERE tenant_id = $1 AND address_key = wanted.key AND channel = $2\nOFFSET 0"),
        "
) AS found"
    ),
};

/// The entries of several addresses, given by their keys, those of one address together and the strongest first.
///
/// # Errors
/// Any fault of the database.
pub fn of_addresses(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    channel: Channel,
    keys: &[String],
) -> Result<Vec<Suppression>, Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let keys: BTreeSet<&str> = keys.iter().map(String::as_str).collect();
    let keys: serde_json::Value = keys.into_iter().collect();
    let mut entries = tx.query(OF_ADDRESSES, &args![tenant, channel.as_str(), keys], read)?;
    entries.sort_by_cached_key(|entry| (entry.key(), entry.reason));
    Ok(entries)
}

const AT_ADDRESS: &str = "
SELECT 'contact', contact_id
FROM identities
WHERE tenant_id = $1 AND channel = $2 AND address_key = $3
UNION ALL
SELECT 'suppression', id
FROM suppressions
WHERE tenant_id = $1 AND address_key = $3 AND channel = $2";

/// Who is known at an address, and whether it has entries. Every message that is accepted asks this: it is one statement,
/// which finds both by their primary keys.
///
/// # Errors
/// Any fault of the database.
pub fn at_address(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    channel: Channel,
    key: &str,
) -> Result<(Option<ContactId>, bool), Error> {
    let (mut contact, mut is_suppressed) = (None, false);
    let rows = tx.query(AT_ADDRESS, &args![tenant, channel.as_str(), key], |row| {
        Ok((row.take::<String>()?, row.take::<String>()?))
    })?;
    for (what, id) in rows {
        if what == "contact" {
            contact = Some(id.parse().map_err(|_| Error::Unexpected(format!("{id} is no contact")))?);
        } else {
            is_suppressed = true;
        }
    }
    Ok((contact, is_suppressed))
}

/// Which entries a list shows; what is absent does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub reason: Option<SuppressionReason>,
    pub channel: Option<Channel>,
    pub place: Place,
}

/// Where the address lies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Place {
    #[default]
    Anywhere,
    /// The key of the address begins so.
    Beginning(String),
    /// In this domain, in lower case.
    Domain(String),
}

macro_rules! list {
    ($first:literal) => {
        concat!(
            entries!("WHERE tenant_id = $1 AND id < $2 AND "),
            $first,
            "
  AND ($5 = '' OR reason = $5)
  AND ($6 = '' OR channel = $6)
ORDER BY id DESC
LIMIT $7"
        )
    };
}

/// Entries, newest first, before an id.
///
/// # Errors
/// Any fault of the database.
pub fn list(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    filter: &Filter,
    before: &str,
    limit: u32,
) -> Result<Vec<Suppression>, Error> {
    const ALL: &str = list!("$3 = '' AND $4 = ''");
    const REASON: &str = list!("reason = $3 AND $4 = ''");
    const BEGINNING: &str = list!("address_key >= $3 AND address_key < $4");
    const DOMAIN: &str = list!("domain_key = $3 AND $4 = ''");
    let reason = filter.reason.map_or("", SuppressionReason::as_str);
    let (statement, first, second) = match (&filter.place, filter.reason) {
        (Place::Anywhere, None) => (ALL, String::new(), String::new()),
        (Place::Anywhere, Some(reason)) => (REASON, reason.to_string(), String::new()),
        // Behind everything that begins so: no address has this character.
        (Place::Beginning(text), _) => (BEGINNING, text.clone(), format!("{text}\u{10FFFF}")),
        (Place::Domain(domain), _) => (DOMAIN, domain.clone(), String::new()),
    };
    let channel = filter.channel.map_or("", Channel::as_str);
    tx.query(statement, &args![tenant, before, first, second, reason, channel, limit], read)
}

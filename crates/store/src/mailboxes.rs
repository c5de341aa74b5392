//! Mailboxes that are read by IMAP: their settings, their sealed credentials, their health, and which process reads them.

use domain::clock::Timestamp;
use domain::ids::{AccountId, EpochId, MailboxId, TenantId};

use crate::accounts::Health;
use crate::args;
use crate::db::{Error, Row, Tx};

/// One mailbox as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Mailbox {
    pub tenant: TenantId,
    pub id: MailboxId,
    pub name: String,
    /// The account whose conversations these are.
    pub account: Option<AccountId>,
    pub enabled: bool,
    /// Settings without secrets.
    pub settings: serde_json::Value,
    /// The secret settings, sealed by the vault.
    pub secrets: Vec<u8>,
    /// The names of the secrets that are set.
    pub secrets_set: Vec<String>,
    pub health: Health,
    pub last_error: Option<String>,
    pub last_error_at: Option<Timestamp>,
    /// When it was last looked into.
    pub last_seen_at: Option<Timestamp>,
    pub last_mail_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// Changes with what a person may change, and with nothing else.
    pub updated_at: Timestamp,
}

macro_rules! columns {
    () => {
        "tenant_id, id, name, account_id, enabled, settings, secrets, secrets_set, health, last_error, last_error_at,
       last_seen_at, last_mail_at, created_at, updated_at"
    };
}

fn read(row: &mut Row<'_>) -> Result<Mailbox, Error> {
    Ok(Mailbox {
        tenant: row.take()?,
        id: row.take()?,
        name: row.take()?,
        account: row.take()?,
        enabled: row.take()?,
        settings: row.json()?,
        secrets: row.take()?,
        secrets_set: row.json()?,
        health: row.word()?,
        last_error: row.take()?,
        last_error_at: row.take()?,
        last_seen_at: row.take()?,
        last_mail_at: row.take()?,
        created_at: row.take()?,
        updated_at: row.take()?,
    })
}

const INSERT: &str = concat!(
    "
INSERT INTO mailboxes
      (",
    columns!(),
    ")
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
);

/// Adds a mailbox.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, mailbox: &Mailbox) -> Result<(), Error> {
    let secrets_set = serde_json::json!(mailbox.secrets_set);
    tx.run(
        INSERT,
        &args![
            mailbox.tenant,
            mailbox.id,
            mailbox.name,
            mailbox.account,
            mailbox.enabled,
            mailbox.settings,
            mailbox.secrets,
            secrets_set,
            mailbox.health.as_str(),
            mailbox.last_error,
            mailbox.last_error_at,
            mailbox.last_seen_at,
            mailbox.last_mail_at,
            mailbox.created_at,
            mailbox.updated_at
        ],
    )
}

const UPDATE: &str = "
UPDATE mailboxes
SET name = $3, account_id = $4, enabled = $5, settings = $6, secrets = $7, secrets_set = $8, health = $9,
    updated_at = $10
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL";

/// Writes what a person may change; gives whether the mailbox was there.
///
/// # Errors
/// Any fault of the database.
pub fn update(tx: &mut Tx<'_>, mailbox: &Mailbox) -> Result<bool, Error> {
    let secrets_set = serde_json::json!(mailbox.secrets_set);
    let changed = tx.execute(
        UPDATE,
        &args![
            mailbox.tenant,
            mailbox.id,
            mailbox.name,
            mailbox.account,
            mailbox.enabled,
            mailbox.settings,
            mailbox.secrets,
            secrets_set,
            mailbox.health.as_str(),
            mailbox.updated_at
        ],
    )?;
    Ok(changed > 0)
}

const DELETE: &str = "
UPDATE mailboxes
SET deleted_at = $3, enabled = 0, lease = NULL
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL";

/// Takes a mailbox out of use; its row stays, because the journal names it.
///
/// # Errors
/// Any fault of the database.
pub fn delete(tx: &mut Tx<'_>, tenant: TenantId, id: MailboxId, at: Timestamp) -> Result<bool, Error> {
    Ok(tx.execute(DELETE, &args![tenant, id, at])? > 0)
}

const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM mailboxes
WHERE tenant_id = $1 AND deleted_at IS NULL
ORDER BY id"
);

/// The mailboxes of a tenant, oldest first.
///
/// # Errors
/// Any fault of the database.
pub fn list(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Vec<Mailbox>, Error> {
    tx.query(LIST, &args![tenant], read)
}

const EVERY: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM mailboxes
WHERE deleted_at IS NULL
ORDER BY tenant_id, id"
);

/// The mailboxes of all tenants, for whoever reads them.
///
/// # Errors
/// Any fault of the database.
pub fn every(tx: &mut Tx<'_>) -> Result<Vec<Mailbox>, Error> {
    tx.query(EVERY, &[], read)
}

const GET: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM mailboxes
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL"
);

/// One mailbox.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: MailboxId) -> Result<Option<Mailbox>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

const SET_HEALTH: &str = "
UPDATE mailboxes
SET health = $3, last_error = $4, last_error_at = $5
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL";

/// Notes that a mailbox cannot be read, and why in words; or, without an error, that it can again.
///
/// # Errors
/// Any fault of the database.
pub fn set_health(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: MailboxId,
    health: Health,
    error: Option<&str>,
    at: Timestamp,
) -> Result<(), Error> {
    tx.run(SET_HEALTH, &args![tenant, id, health.as_str(), error, error.map(|_| at)])
}

const SET_SEEN: &str = "
UPDATE mailboxes
SET last_seen_at = $3
WHERE tenant_id = $1 AND id = $2";

/// Notes that a mailbox was looked into.
///
/// # Errors
/// Any fault of the database.
pub fn set_seen(tx: &mut Tx<'_>, tenant: TenantId, id: MailboxId, at: Timestamp) -> Result<(), Error> {
    tx.run(SET_SEEN, &args![tenant, id, at])
}

const SET_MAIL: &str = "
UPDATE mailboxes
SET last_mail_at = $3
WHERE tenant_id = $1 AND id = $2";

/// Notes that mail came in.
///
/// # Errors
/// Any fault of the database.
pub fn set_mail(tx: &mut Tx<'_>, tenant: TenantId, id: MailboxId, at: Timestamp) -> Result<(), Error> {
    tx.run(SET_MAIL, &args![tenant, id, at])
}

const SET_SECRETS: &str = "
UPDATE mailboxes
SET secrets = $4
WHERE tenant_id = $1 AND id = $2 AND secrets = $3 AND deleted_at IS NULL";

/// Puts fresh credentials in the place of those that they follow from; gives whether they still stood there.
///
/// # Errors
/// Any fault of the database.
pub fn set_secrets(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: MailboxId,
    old: &[u8],
    new: &[u8],
) -> Result<bool, Error> {
    Ok(tx.execute(SET_SECRETS, &args![tenant, id, old, new])? > 0)
}

const CLAIM: &str = "
UPDATE mailboxes
SET lease = $3
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL
  AND (lease IS NULL OR lease = $3 OR NOT EXISTS (SELECT 1 FROM epochs e WHERE e.id = mailboxes.lease))";

/// Makes a process the one that reads the mailbox, unless another one that lives is.
///
/// # Errors
/// Any fault of the database.
pub fn claim(tx: &mut Tx<'_>, tenant: TenantId, id: MailboxId, epoch: EpochId) -> Result<bool, Error> {
    Ok(tx.execute(CLAIM, &args![tenant, id, epoch])? > 0)
}

const RELEASE: &str = "
UPDATE mailboxes
SET lease = NULL
WHERE lease = $1";

/// Gives up everything that a process reads.
///
/// # Errors
/// Any fault of the database.
pub fn release(tx: &mut Tx<'_>, epoch: EpochId) -> Result<(), Error> {
    tx.run(RELEASE, &args![epoch])
}

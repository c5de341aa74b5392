//! Channel accounts: one configured provider of one tenant, with its sealed credentials and its health.

use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::failure::OnUnknown;
use domain::ids::{AccountId, TenantId};

use crate::args;
use crate::db::{Error, Row, Tx};

domain::words! {
    /// Whether an account can be used.
    pub enum Health {
        /// Never tried.
        Unchecked = "unchecked",
        Ok = "ok",
        /// The last attempts failed; it is tried again by itself.
        Failing = "failing",
        /// Its credentials or settings are wrong; nothing is sent until a person mends it.
        Stopped = "stopped",
    }
}

/// One channel account as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub tenant: TenantId,
    pub id: AccountId,
    pub name: String,
    pub channel: Channel,
    pub provider: String,
    pub enabled: bool,
    /// Lower goes first.
    pub priority: i64,
    /// The part of the messages that it gets among accounts of equal priority.
    pub weight: u32,
    /// The most messages of one day (UTC).
    pub daily_limit: Option<u32>,
    pub sender_name: Option<String>,
    pub sender_address: Option<String>,
    /// Settings without secrets.
    pub settings: serde_json::Value,
    /// The secret settings, sealed by the vault.
    pub secrets: Vec<u8>,
    /// The names of the secrets that are set.
    pub secrets_set: Vec<String>,
    /// The secret part of the webhook address, sealed.
    pub webhook_secret: Vec<u8>,
    /// SHA-256 of the secret part of the webhook address.
    pub webhook_hash: Vec<u8>,
    pub on_unknown: OnUnknown,
    pub rate_per_second: Option<u32>,
    pub concurrency: u32,
    pub health: Health,
    pub last_error: Option<String>,
    pub last_error_at: Option<Timestamp>,
    pub last_sent_at: Option<Timestamp>,
    pub last_inbound_at: Option<Timestamp>,
    pub checked_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

macro_rules! columns {
    () => {
        "tenant_id, id, name, channel, provider, enabled, priority, weight, daily_limit, sender_name, sender_address, settings, secrets,
       secrets_set, webhook_secret, webhook_hash, on_unknown, rate_per_second, concurrency, health, last_error,
       last_error_at, last_sent_at, last_inbound_at, checked_at, created_at, updated_at"
    };
}

fn read(row: &mut Row<'_>) -> Result<Account, Error> {
    Ok(Account {
        tenant: row.take()?,
        id: row.take()?,
        name: row.take()?,
        channel: row.word()?,
        provider: row.take()?,
        enabled: row.take()?,
        priority: row.take()?,
        weight: row.take()?,
        daily_limit: row.take()?,
        sender_name: row.take()?,
        sender_address: row.take()?,
        settings: row.json()?,
        secrets: row.take()?,
        secrets_set: row.json()?,
        webhook_secret: row.take()?,
        webhook_hash: row.take()?,
        on_unknown: row.word()?,
        rate_per_second: row.take()?,
        concurrency: row.take()?,
        health: row.word()?,
        last_error: row.take()?,
        last_error_at: row.take()?,
        last_sent_at: row.take()?,
        last_inbound_at: row.take()?,
        checked_at: row.take()?,
        created_at: row.take()?,
        updated_at: row.take()?,
    })
}

const INSERT: &str = concat!(
    "
INSERT INTO channel_accounts
      (",
    columns!(),
    ")
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
        $25, $26, $27)"
);

/// Adds an account.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, account: &Account) -> Result<(), Error> {
    let secrets_set = serde_json::json!(account.secrets_set);
    tx.run(
        INSERT,
        &args![
            account.tenant,
            account.id,
            account.name,
            account.channel.as_str(),
            account.provider,
            account.enabled,
            account.priority,
            account.weight,
            account.daily_limit,
            account.sender_name,
            account.sender_address,
            account.settings,
            account.secrets,
            secrets_set,
            account.webhook_secret,
            account.webhook_hash,
            account.on_unknown.as_str(),
            account.rate_per_second,
            account.concurrency,
            account.health.as_str(),
            account.last_error,
            account.last_error_at,
            account.last_sent_at,
            account.last_inbound_at,
            account.checked_at,
            account.created_at,
            account.updated_at
        ],
    )
}

const UPDATE: &str = "
UPDATE channel_accounts
SET name = $3, enabled = $4, priority = $5, sender_name = $6, sender_address = $7, settings = $8, secrets = $9,
    secrets_set = $10, on_unknown = $11, rate_per_second = $12, concurrency = $13, health = $14, last_error = $15,
    last_error_at = $16, checked_at = $17, updated_at = $18, weight = $19, daily_limit = $20
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL";

/// Writes what a person may change; gives whether the account was there.
///
/// # Errors
/// Any fault of the database.
pub fn update(tx: &mut Tx<'_>, account: &Account) -> Result<bool, Error> {
    let secrets_set = serde_json::json!(account.secrets_set);
    let changed = tx.execute(
        UPDATE,
        &args![
            account.tenant,
            account.id,
            account.name,
            account.enabled,
            account.priority,
            account.sender_name,
            account.sender_address,
            account.settings,
            account.secrets,
            secrets_set,
            account.on_unknown.as_str(),
            account.rate_per_second,
            account.concurrency,
            account.health.as_str(),
            account.last_error,
            account.last_error_at,
            account.checked_at,
            account.updated_at,
            account.weight,
            account.daily_limit
        ],
    )?;
    Ok(changed > 0)
}

const DELETE: &str = "
UPDATE channel_accounts
SET deleted_at = $3, enabled = 0
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL";

/// Takes an account out of use; its row stays, because messages name it.
///
/// # Errors
/// Any fault of the database.
pub fn delete(tx: &mut Tx<'_>, tenant: TenantId, id: AccountId, at: Timestamp) -> Result<bool, Error> {
    Ok(tx.execute(DELETE, &args![tenant, id, at])? > 0)
}

const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM channel_accounts
WHERE tenant_id = $1 AND deleted_at IS NULL
ORDER BY id"
);

/// The accounts of a tenant, oldest first.
///
/// # Errors
/// Any fault of the database.
pub fn list(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Vec<Account>, Error> {
    tx.query(LIST, &args![tenant], read)
}

const EVERY: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM channel_accounts
WHERE deleted_at IS NULL
ORDER BY tenant_id, id"
);

/// The accounts of all tenants, for the sender at its start.
///
/// # Errors
/// Any fault of the database.
pub fn every(tx: &mut Tx<'_>) -> Result<Vec<Account>, Error> {
    tx.query(EVERY, &[], read)
}

const GET: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM channel_accounts
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL"
);

/// One account.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: AccountId) -> Result<Option<Account>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

const NAMES: &str = "
SELECT id, name, provider
FROM channel_accounts
WHERE tenant_id = $1";

/// Id, name and provider of all accounts, also of deleted ones: messages name them.
///
/// # Errors
/// Any fault of the database.
pub fn names(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Vec<(AccountId, String, String)>, Error> {
    tx.query(NAMES, &args![tenant], |row| Ok((row.take()?, row.take()?, row.take()?)))
}

const SET_HEALTH: &str = "
UPDATE channel_accounts
SET health = $3, last_error = $4, last_error_at = $5
WHERE tenant_id = $1 AND id = $2";

/// Notes that an account fails or was stopped, with the provider's words.
///
/// # Errors
/// Any fault of the database.
pub fn set_health(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: AccountId,
    health: Health,
    error: Option<&str>,
    at: Timestamp,
) -> Result<(), Error> {
    tx.run(SET_HEALTH, &args![tenant, id, health.as_str(), error, error.map(|_| at)])
}

const SET_LAST_SENT: &str = "
UPDATE channel_accounts
SET last_sent_at = $3
WHERE tenant_id = $1 AND id = $2";

/// Notes that an account has sent something.
///
/// # Errors
/// Any fault of the database.
pub fn set_last_sent(tx: &mut Tx<'_>, tenant: TenantId, id: AccountId, at: Timestamp) -> Result<(), Error> {
    tx.run(SET_LAST_SENT, &args![tenant, id, at])
}

const SET_LAST_INBOUND: &str = "
UPDATE channel_accounts
SET last_inbound_at = $3
WHERE tenant_id = $1 AND id = $2";

/// Notes that something came in through an account.
///
/// # Errors
/// Any fault of the database.
pub fn set_last_inbound(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: AccountId,
    at: Timestamp,
) -> Result<(), Error> {
    tx.run(SET_LAST_INBOUND, &args![tenant, id, at])
}

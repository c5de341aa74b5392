//! One-time links: set-up of the first owner, and signing in without a password. Only hashes are kept.

use domain::clock::Timestamp;
use domain::ids::{TenantId, UserId};

use crate::args;
use crate::db::{Error, Row, Tx};

domain::words! {
    /// What a link is good for.
    pub enum Purpose {
        SetUp = "set_up",
        SignIn = "sign_in",
    }
}

/// A link as it is kept.
#[derive(Debug, Clone)]
pub struct Link {
    pub purpose: Purpose,
    pub tenant: TenantId,
    pub user: Option<UserId>,
    pub expires_at: Timestamp,
}

const INSERT: &str = "
INSERT INTO links (token_hash, purpose, tenant_id, user_id, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)";

/// Keeps a new link.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, token_hash: &[u8; 32], link: &Link, at: Timestamp) -> Result<(), Error> {
    let Link { purpose, tenant, user, expires_at } = link;
    tx.run(INSERT, &args![token_hash, purpose.as_str(), tenant, user, at, expires_at])
}

const FIND: &str = "
SELECT purpose, tenant_id, user_id, expires_at
FROM links
WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3";

/// A link that still holds.
///
/// # Errors
/// Any fault of the database.
pub fn find(
    tx: &mut Tx<'_>,
    token_hash: &[u8; 32],
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<Link>, Error> {
    tx.first(FIND, &args![token_hash, purpose.as_str(), now], link)
}

const TAKE: &str = "
DELETE FROM links
WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3
RETURNING purpose, tenant_id, user_id, expires_at";

/// Uses a link up.
///
/// # Errors
/// Any fault of the database.
pub fn take(
    tx: &mut Tx<'_>,
    token_hash: &[u8; 32],
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<Link>, Error> {
    tx.first(TAKE, &args![token_hash, purpose.as_str(), now], link)
}

fn link(row: &mut Row<'_>) -> Result<Link, Error> {
    Ok(Link { purpose: row.word()?, tenant: row.take()?, user: row.take()?, expires_at: row.take()? })
}

const DELETE_ALL: &str = "
DELETE FROM links
WHERE purpose = $1";

/// Makes all links of a kind worthless.
///
/// # Errors
/// Any fault of the database.
pub fn delete_all(tx: &mut Tx<'_>, purpose: Purpose) -> Result<(), Error> {
    tx.run(DELETE_ALL, &args![purpose.as_str()])
}

const DELETE_EXPIRED: &str = "
DELETE FROM links
WHERE expires_at < $1";

/// Forgets the links that do not hold any more.
///
/// # Errors
/// Any fault of the database.
pub fn delete_expired(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, Error> {
    tx.execute(DELETE_EXPIRED, &args![now])
}

//! Sessions of people who signed in. Only the hash of a token is kept, so a copy of the database lets nobody in.

use domain::access::Role;
use domain::clock::Timestamp;
use domain::ids::{TenantId, UserId};

use crate::args;
use crate::db::{Error, Tx};

/// A new session.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// SHA-256 of the token in the cookie.
    pub token_hash: [u8; 32],
    pub tenant: TenantId,
    pub user: UserId,
    pub csrf_token: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A session with its person.
#[derive(Debug, Clone)]
pub struct Session {
    pub tenant: TenantId,
    pub user: UserId,
    pub name: String,
    pub role: Role,
    pub csrf_token: String,
    pub expires_at: Timestamp,
    pub disabled: bool,
}

const INSERT: &str = "
INSERT INTO sessions (token_hash, tenant_id, user_id, csrf_token, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)";

/// Begins a session.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, session: &NewSession) -> Result<(), Error> {
    let NewSession { token_hash, tenant, user, csrf_token, created_at, expires_at } = session;
    tx.run(INSERT, &args![token_hash, tenant, user, csrf_token, created_at, expires_at])
}

const FIND: &str = "
SELECT s.tenant_id, s.user_id, u.name, m.role, s.csrf_token, s.expires_at, u.disabled_at
FROM sessions s
JOIN users u ON u.id = s.user_id
JOIN memberships m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
WHERE s.token_hash = $1";

/// The session of a token's hash, also when it is over.
///
/// # Errors
/// Any fault of the database.
pub fn find(tx: &mut Tx<'_>, token_hash: &[u8; 32]) -> Result<Option<Session>, Error> {
    tx.first(FIND, &args![token_hash], |row| {
        Ok(Session {
            tenant: row.take()?,
            user: row.take()?,
            name: row.take()?,
            role: row.word()?,
            csrf_token: row.take()?,
            expires_at: row.take()?,
            disabled: row.take::<Option<i64>>()?.is_some(),
        })
    })
}

const PROLONG: &str = "
UPDATE sessions
SET expires_at = $1
WHERE token_hash = $2";

/// Moves the end of a session.
///
/// # Errors
/// Any fault of the database.
pub fn prolong(tx: &mut Tx<'_>, token_hash: &[u8; 32], expires_at: Timestamp) -> Result<(), Error> {
    tx.run(PROLONG, &args![expires_at, token_hash])
}

const DELETE: &str = "
DELETE FROM sessions
WHERE token_hash = $1";

/// Ends a session.
///
/// # Errors
/// Any fault of the database.
pub fn delete(tx: &mut Tx<'_>, token_hash: &[u8; 32]) -> Result<(), Error> {
    tx.run(DELETE, &args![token_hash])
}

const DELETE_OF_USER: &str = "
DELETE FROM sessions
WHERE user_id = $1";

/// Ends all sessions of a person.
///
/// # Errors
/// Any fault of the database.
pub fn delete_of_user(tx: &mut Tx<'_>, user: UserId) -> Result<(), Error> {
    tx.run(DELETE_OF_USER, &args![user])
}

const DELETE_EXPIRED: &str = "
DELETE FROM sessions
WHERE expires_at < $1";

/// Forgets the sessions that are over.
///
/// # Errors
/// Any fault of the database.
pub fn delete_expired(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, Error> {
    tx.execute(DELETE_EXPIRED, &args![now])
}

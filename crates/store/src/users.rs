//! People who sign in, and what they are in a tenant.

use domain::access::Role;
use domain::clock::Timestamp;
use domain::ids::{TenantId, UserId};
use domain::page::{Cursor, Page, PageRequest};

use crate::args;
use crate::db::{Error, Row, Tx, only};

/// A person in a tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub created_at: Timestamp,
    pub disabled_at: Option<Timestamp>,
}

/// What signing in needs to know.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub tenant: TenantId,
    pub id: UserId,
    pub password_hash: String,
    pub disabled: bool,
}

const INSERT_USER: &str = "
INSERT INTO users (id, email, email_key, name, password_hash, created_at, disabled_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (email_key) DO NOTHING";

const INSERT_MEMBERSHIP: &str = "
INSERT INTO memberships (tenant_id, user_id, role, created_at)
VALUES ($1, $2, $3, $4)";

/// Adds a person to a tenant. False when somebody has this address already.
///
/// # Errors
/// Any fault of the database.
pub fn insert(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    member: &Member,
    email_key: &str,
    password_hash: &str,
) -> Result<bool, Error> {
    let Member { id, email, name, role, created_at, disabled_at } = member;
    let added =
        tx.execute(INSERT_USER, &args![id, email, email_key, name, password_hash, created_at, disabled_at])?;
    if added == 0 {
        return Ok(false);
    }
    tx.run(INSERT_MEMBERSHIP, &args![tenant, id, role.as_str(), created_at])?;
    Ok(true)
}

const CREDENTIALS: &str = "
SELECT m.tenant_id, u.id, u.password_hash, u.disabled_at
FROM users u
JOIN memberships m ON m.user_id = u.id
WHERE u.email_key = $1
ORDER BY m.tenant_id
LIMIT 1";

/// Finds a person by address, in whatever tenant.
///
/// # Errors
/// Any fault of the database.
pub fn credentials(tx: &mut Tx<'_>, email_key: &str) -> Result<Option<Credentials>, Error> {
    tx.first(CREDENTIALS, &args![email_key], |row| {
        Ok(Credentials {
            tenant: row.take()?,
            id: row.take()?,
            password_hash: row.take()?,
            disabled: row.take::<Option<i64>>()?.is_some(),
        })
    })
}

const GET: &str = "
SELECT u.id, u.email, u.name, m.role, u.created_at, u.disabled_at
FROM memberships m
JOIN users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND m.user_id = $2";

/// One person of a tenant.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: UserId) -> Result<Option<Member>, Error> {
    tx.first(GET, &args![tenant, id], member)
}

const LIST: &str = "
SELECT u.id, u.email, u.name, m.role, u.created_at, u.disabled_at
FROM memberships m
JOIN users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND m.user_id > $2
ORDER BY m.user_id
LIMIT $3";

/// The people of a tenant, in the order in which they came.
///
/// # Errors
/// Any fault of the database.
pub fn list(tx: &mut Tx<'_>, tenant: TenantId, page: &PageRequest) -> Result<Page<Member>, Error> {
    let after = page.after.as_ref().map_or("", |cursor| cursor.id.as_str());
    let rows = tx.query(LIST, &args![tenant, after, page.limit + 1], member)?;
    Ok(Page::cut(rows, page.limit, |row| Cursor { key: 0, id: row.id.to_string() }))
}

fn member(row: &mut Row<'_>) -> Result<Member, Error> {
    Ok(Member {
        id: row.take()?,
        email: row.take()?,
        name: row.take()?,
        role: row.word()?,
        created_at: row.take()?,
        disabled_at: row.take()?,
    })
}

const UPDATE_USER: &str = "
UPDATE users
SET name = $1, disabled_at = $2
WHERE id = $3 AND EXISTS (SELECT 1 FROM memberships WHERE tenant_id = $4 AND user_id = $3)";

const UPDATE_ROLE: &str = "
UPDATE memberships
SET role = $1
WHERE tenant_id = $2 AND user_id = $3";

/// Writes name, role and whether the person is disabled.
///
/// # Errors
/// Any fault of the database.
pub fn update(tx: &mut Tx<'_>, tenant: TenantId, member: &Member) -> Result<(), Error> {
    tx.run(UPDATE_USER, &args![member.name, member.disabled_at, member.id, tenant])?;
    tx.run(UPDATE_ROLE, &args![member.role.as_str(), tenant, member.id])
}

const SET_PASSWORD: &str = "
UPDATE users
SET password_hash = $1
WHERE id = $2";

/// Writes the hash of a new password.
///
/// # Errors
/// Any fault of the database.
pub fn set_password(tx: &mut Tx<'_>, id: UserId, password_hash: &str) -> Result<(), Error> {
    tx.run(SET_PASSWORD, &args![password_hash, id])
}

const ANOTHER_OWNER: &str = "
SELECT m.user_id
FROM memberships m
JOIN users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND m.role = 'owner' AND u.disabled_at IS NULL AND m.user_id <> $2
LIMIT 1";

/// Whether somebody else than `id` is an owner who can sign in.
///
/// # Errors
/// Any fault of the database.
pub fn has_another_owner(tx: &mut Tx<'_>, tenant: TenantId, id: UserId) -> Result<bool, Error> {
    Ok(tx.first(ANOTHER_OWNER, &args![tenant, id], only::<String>)?.is_some())
}

const ANY_OWNER: &str = "
SELECT user_id
FROM memberships
WHERE role = 'owner'
LIMIT 1";

/// Whether this server has an owner, that is, whether it was set up.
///
/// # Errors
/// Any fault of the database.
pub fn any_owner(tx: &mut Tx<'_>) -> Result<bool, Error> {
    Ok(tx.first(ANY_OWNER, &args![], only::<String>)?.is_some())
}

const NAMES: &str = "
SELECT users.id, users.name
FROM memberships
JOIN users ON users.id = memberships.user_id
WHERE memberships.tenant_id = $1";

/// Id and name of everybody in a tenant.
///
/// # Errors
/// Any fault of the database.
pub fn names(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Vec<(UserId, String)>, Error> {
    tx.query(NAMES, &args![tenant], |row| Ok((row.take()?, row.take()?)))
}

//! Saved views: searches with a name, of one person or of everybody.

use domain::clock::Timestamp;
use domain::ids::{TenantId, ViewId};

use crate::args;
use crate::db::{Error, Row, Tx};

/// One view.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    pub id: ViewId,
    /// Whose it is; everybody's when there is none.
    pub owner: Option<String>,
    pub name: String,
    pub query: String,
    /// Where it stands among the others, the lowest first.
    pub position: i64,
    pub created_at: Timestamp,
}

fn read(row: &mut Row<'_>) -> Result<View, Error> {
    Ok(View {
        id: row.take()?,
        owner: row.take()?,
        name: row.take()?,
        query: row.take()?,
        position: row.take()?,
        created_at: row.take()?,
    })
}

const INSERT: &str = "
INSERT INTO views (tenant_id, id, owner_id, name, query, position, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)";

/// Adds a view.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, view: &View) -> Result<(), Error> {
    let View { id, owner, name, query, position, created_at } = view;
    tx.run(INSERT, &args![tenant, id, owner, name, query, position, created_at])
}

const LIST: &str = "
SELECT id, owner_id, name, query, position, created_at
FROM views
WHERE tenant_id = $1 AND (owner_id IS NULL OR owner_id = $2)
ORDER BY position, id";

/// Everybody's views and those of one person, in their order.
///
/// # Errors
/// Any fault of the database.
pub fn list(tx: &mut Tx<'_>, tenant: TenantId, person: &str) -> Result<Vec<View>, Error> {
    tx.query(LIST, &args![tenant, person], read)
}

const GET: &str = "
SELECT id, owner_id, name, query, position, created_at
FROM views
WHERE tenant_id = $1 AND id = $2";

/// One view, whoever's it is.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: ViewId) -> Result<Option<View>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

const REPLACE: &str = "
UPDATE views
SET owner_id = $3, name = $4, query = $5, position = $6
WHERE tenant_id = $1 AND id = $2";

/// Writes a changed view.
///
/// # Errors
/// Any fault of the database.
pub fn replace(tx: &mut Tx<'_>, tenant: TenantId, view: &View) -> Result<(), Error> {
    tx.run(REPLACE, &args![tenant, view.id, view.owner, view.name, view.query, view.position])
}

const DELETE: &str = "
DELETE FROM views
WHERE tenant_id = $1 AND id = $2";

/// Removes a view; whether there was one.
///
/// # Errors
/// Any fault of the database.
pub fn delete(tx: &mut Tx<'_>, tenant: TenantId, id: ViewId) -> Result<bool, Error> {
    Ok(tx.execute(DELETE, &args![tenant, id])? > 0)
}

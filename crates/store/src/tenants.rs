//! Tenants: one business each. This server makes the first one when its owner is set up.

use domain::clock::Timestamp;
use domain::ids::TenantId;

use crate::args;
use crate::db::{Error, Tx, only};

const INSERT: &str = "
INSERT INTO tenants (tenant_id, name, created_at)
VALUES ($1, $2, $3)
ON CONFLICT (tenant_id) DO NOTHING";

/// Makes a tenant; nothing happens when it exists.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, name: &str, at: Timestamp) -> Result<(), Error> {
    tx.run(INSERT, &args![tenant, name, at])
}

const NAME: &str = "
SELECT name
FROM tenants
WHERE tenant_id = $1";

/// The name of a tenant.
///
/// # Errors
/// Any fault of the database.
pub fn name(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Option<String>, Error> {
    tx.first(NAME, &args![tenant], only)
}

const RENAME: &str = "
UPDATE tenants
SET name = $1
WHERE tenant_id = $2";

/// Gives a tenant another name.
///
/// # Errors
/// Any fault of the database.
pub fn rename(tx: &mut Tx<'_>, tenant: TenantId, name: &str) -> Result<(), Error> {
    tx.run(RENAME, &args![name, tenant])
}

const ALL: &str = "
SELECT tenant_id
FROM tenants
ORDER BY tenant_id";

/// Every tenant, for work that comes round to all.
///
/// # Errors
/// Any fault of the database.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<TenantId>, Error> {
    tx.query(ALL, &args![], only)
}

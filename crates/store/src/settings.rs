//! Small named values of a tenant. Tenant 0 is the server itself.

use domain::ids::TenantId;

use crate::args;
use crate::db::{Error, Tx, only};

/// The server's own settings are kept under this number; no business has it.
pub const SERVER: TenantId = TenantId(0);

const GET: &str = "
SELECT value
FROM settings
WHERE tenant_id = $1 AND name = $2";

/// The value of a setting.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, name: &str) -> Result<Option<String>, Error> {
    tx.first(GET, &args![tenant, name], only)
}

const PUT: &str = "
INSERT INTO settings (tenant_id, name, value)
VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, name) DO UPDATE SET value = excluded.value";

/// Sets a value, over the one before.
///
/// # Errors
/// Any fault of the database.
pub fn put(tx: &mut Tx<'_>, tenant: TenantId, name: &str, value: &str) -> Result<(), Error> {
    tx.run(PUT, &args![tenant, name, value])
}

const PUT_FIRST: &str = "
INSERT INTO settings (tenant_id, name, value)
VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, name) DO NOTHING";

/// Sets a value unless there is one, and gives the one that stands.
///
/// # Errors
/// Any fault of the database.
pub fn put_first(tx: &mut Tx<'_>, tenant: TenantId, name: &str, value: &str) -> Result<String, Error> {
    tx.run(PUT_FIRST, &args![tenant, name, value])?;
    tx.one(GET, &args![tenant, name], only)
}

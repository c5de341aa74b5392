//! Counts that people look at, kept as rows in the transaction that changes them; nothing is ever counted by scanning.

use domain::ids::TenantId;

use crate::args;
use crate::db::{Error, Tx};

const ADD: &str = "
INSERT INTO counters (tenant_id, name, value)
VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, name) DO UPDATE SET value = counters.value + excluded.value";

/// Adds to a counter; it begins at zero.
///
/// # Errors
/// Any fault of the database.
pub fn add(tx: &mut Tx<'_>, tenant: TenantId, name: &str, amount: i64) -> Result<(), Error> {
    if amount == 0 {
        return Ok(());
    }
    tx.run(ADD, &args![tenant, name, amount])
}

const WITH_PREFIX: &str = "
SELECT name, value
FROM counters
WHERE tenant_id = $1 AND name >= $2 AND name < $3";

/// All counters whose name begins with `prefix`.
///
/// # Errors
/// Any fault of the database.
pub fn with_prefix(tx: &mut Tx<'_>, tenant: TenantId, prefix: &str) -> Result<Vec<(String, i64)>, Error> {
    let end = format!("{prefix}\u{7f}");
    tx.query(WITH_PREFIX, &args![tenant, prefix, end], |row| Ok((row.take()?, row.take()?)))
}

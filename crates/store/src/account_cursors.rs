//! How far each account's provider was asked for events that its webhooks should have told, and when it is asked again.

use domain::clock::Timestamp;
use domain::ids::{AccountId, TenantId};

use crate::args;
use crate::db::{Error, Tx, only};

const BEGIN: &str = "
INSERT INTO account_cursors (tenant_id, account_id, heard_until, due_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, account_id) DO NOTHING";

/// Begins to follow an account: what happened before is not asked for. Nothing when it is followed already.
///
/// # Errors
/// Any fault of the database.
pub fn begin(
    tx: &mut Tx<'_>,
    (tenant, account): (TenantId, AccountId),
    heard_until: Timestamp,
    due_at: Timestamp,
) -> Result<(), Error> {
    tx.run(BEGIN, &args![tenant, account, heard_until, due_at])
}

const TAKE: &str = "
UPDATE account_cursors
SET due_at = $4
WHERE tenant_id = $1 AND account_id = $2 AND due_at <= $3
RETURNING heard_until";

/// Takes a round of an account when it is due, and sets the next; gives since when to ask. Nothing when it is not due or
/// another process took it.
///
/// # Errors
/// Any fault of the database.
pub fn take(
    tx: &mut Tx<'_>,
    (tenant, account): (TenantId, AccountId),
    now: Timestamp,
    next: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    tx.first(TAKE, &args![tenant, account, now, next], only)
}

const ADVANCE: &str = "
UPDATE account_cursors
SET heard_until = $3, due_at = $4
WHERE tenant_id = $1 AND account_id = $2 AND heard_until <= $3";

/// Notes how far it was asked, and when it is asked again; never backwards.
///
/// # Errors
/// Any fault of the database.
pub fn advance(
    tx: &mut Tx<'_>,
    (tenant, account): (TenantId, AccountId),
    heard_until: Timestamp,
    due_at: Timestamp,
) -> Result<(), Error> {
    tx.run(ADVANCE, &args![tenant, account, heard_until, due_at])
}

const HURRY: &str = "
UPDATE account_cursors
SET due_at = $3
WHERE tenant_id = $1 AND account_id = $2 AND due_at > $3";

/// Makes an account due at this time already: it works again after trouble.
///
/// # Errors
/// Any fault of the database.
pub fn hurry(tx: &mut Tx<'_>, tenant: TenantId, account: AccountId, at: Timestamp) -> Result<(), Error> {
    tx.run(HURRY, &args![tenant, account, at])
}

const GET: &str = "
SELECT heard_until, due_at
FROM account_cursors
WHERE tenant_id = $1 AND account_id = $2";

/// How far an account was asked, and when it is asked again.
///
/// # Errors
/// Any fault of the database.
pub fn get(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    account: AccountId,
) -> Result<Option<(Timestamp, Timestamp)>, Error> {
    tx.first(GET, &args![tenant, account], |row| Ok((row.take()?, row.take()?)))
}

const DELETE: &str = "
DELETE FROM account_cursors
WHERE tenant_id = $1 AND account_id = $2";

/// Forgets an account that was removed.
///
/// # Errors
/// Any fault of the database.
pub fn delete(tx: &mut Tx<'_>, tenant: TenantId, account: AccountId) -> Result<(), Error> {
    tx.run(DELETE, &args![tenant, account])
}

//! Inbound routes: which recipient addresses are taken in, and for which tenant and account.

use domain::clock::Timestamp;
use domain::ids::{AccountId, RouteId, TenantId};

use crate::args;
use crate::db::{Error, Row, Tx};

/// One route. The key is an address (`support@example.com`) or a whole domain (`@example.com`), in lower case.
#[derive(Debug, Clone, PartialEq)]
pub struct InboundRoute {
    pub tenant: TenantId,
    pub id: RouteId,
    pub address_key: String,
    pub account: Option<AccountId>,
    pub created_at: Timestamp,
}

fn read(row: &mut Row<'_>) -> Result<InboundRoute, Error> {
    Ok(InboundRoute {
        tenant: row.take()?,
        id: row.take()?,
        address_key: row.take()?,
        account: row.take()?,
        created_at: row.take()?,
    })
}

const INSERT: &str = "
INSERT INTO inbound_routes (tenant_id, id, address_key, account_id, created_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (address_key) DO NOTHING";

/// Adds a route; gives false when the address has one already.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, route: &InboundRoute) -> Result<bool, Error> {
    let row = args![route.tenant, route.id, route.address_key, route.account, route.created_at];
    Ok(tx.execute(INSERT, &row)? > 0)
}

const DELETE: &str = "
DELETE FROM inbound_routes
WHERE tenant_id = $1 AND id = $2";

/// Removes a route; gives whether it was there.
///
/// # Errors
/// Any fault of the database.
pub fn delete(tx: &mut Tx<'_>, tenant: TenantId, id: RouteId) -> Result<bool, Error> {
    Ok(tx.execute(DELETE, &args![tenant, id])? > 0)
}

const LIST: &str = "
SELECT tenant_id, id, address_key, account_id, created_at
FROM inbound_routes
WHERE tenant_id = $1
ORDER BY id";

/// The routes of a tenant.
///
/// # Errors
/// Any fault of the database.
pub fn list(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Vec<InboundRoute>, Error> {
    tx.query(LIST, &args![tenant], read)
}

const FIND: &str = "
SELECT tenant_id, id, address_key, account_id, created_at
FROM inbound_routes
WHERE address_key = $1 OR address_key = $2
ORDER BY LENGTH(address_key) DESC
LIMIT 1";

/// The route for a recipient: that of the address itself, else that of its domain.
///
/// # Errors
/// Any fault of the database.
pub fn find(tx: &mut Tx<'_>, address_key: &str) -> Result<Option<InboundRoute>, Error> {
    let domain = address_key.rsplit_once('@').map_or_else(String::new, |(_, domain)| format!("@{domain}"));
    tx.first(FIND, &args![address_key, domain], read)
}

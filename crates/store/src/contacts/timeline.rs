//! What happened with a contact, over all its conversations. The conversations are looked up first, whatever the planner
//! thinks: their entries are few, and a walk from the newest message of everybody would find them late.

use domain::ids::{ContactId, EntryId, MessageId, TenantId};

use crate::args;
use crate::db::{Error, Tx, only};

const MESSAGES_WITH: &str = "
WITH theirs AS MATERIALIZED (
    SELECT m.id AS id
    FROM conversations c
    JOIN messages m ON m.tenant_id = c.tenant_id AND m.conversation_id = c.id
    WHERE c.tenant_id = $1 AND c.contact_id = $2 AND m.id < $3)
SELECT id
FROM theirs
ORDER BY id DESC
LIMIT $4";

/// The newest messages in the conversations with a contact, before an id.
///
/// # Errors
/// Any fault of the database.
pub fn messages_with(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    contact: ContactId,
    before: &str,
    limit: u32,
) -> Result<Vec<MessageId>, Error> {
    tx.query(MESSAGES_WITH, &args![tenant, contact, before, limit], only)
}

const ENTRIES_WITH: &str = "
WITH theirs AS MATERIALIZED (
    SELECT e.id AS id
    FROM conversations c
    JOIN conversation_entries e ON e.tenant_id = c.tenant_id AND e.conversation_id = c.id
    WHERE c.tenant_id = $1 AND c.contact_id = $2 AND e.id < $3)
SELECT id
FROM theirs
ORDER BY id DESC
LIMIT $4";

/// The newest notes and changes in the conversations with a contact, before an id.
///
/// # Errors
/// Any fault of the database.
pub fn entries_with(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    contact: ContactId,
    before: &str,
    limit: u32,
) -> Result<Vec<EntryId>, Error> {
    tx.query(ENTRIES_WITH, &args![tenant, contact, before, limit], only)
}

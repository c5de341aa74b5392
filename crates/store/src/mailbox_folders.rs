//! How far each folder of a mailbox was read, and which of its mails are in the journal.

use std::collections::HashSet;

use domain::clock::Timestamp;
use domain::ids::{MailboxId, TenantId};
use serde::{Deserialize, Serialize};

use crate::args;
use crate::db::{Error, Row, Tx, only};

/// One folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    pub mailbox: MailboxId,
    pub folder: String,
    pub uid_validity: u32,
    /// Mails before it were there already when the mailbox was added.
    pub first_uid: i64,
    /// Mails before it are in the journal, or skipped.
    pub next_uid: i64,
    pub skipped: Vec<Skipped>,
    /// When it was last compared with the journal.
    pub checked_at: Option<Timestamp>,
}

/// A mail that could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "SkippedMail")]
pub struct Skipped {
    pub uid: u32,
    /// Why, in words.
    pub reason: String,
}

/// A mail that is in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub uid: u32,
    /// Of its bytes as they came.
    pub sha256: String,
}

fn read(row: &mut Row<'_>) -> Result<Folder, Error> {
    Ok(Folder {
        mailbox: row.take()?,
        folder: row.take()?,
        uid_validity: row.take()?,
        first_uid: row.take()?,
        next_uid: row.take()?,
        skipped: row.json()?,
        checked_at: row.take()?,
    })
}

const OF_TENANT: &str = "
SELECT mailbox_id, folder, uid_validity, first_uid, next_uid, skipped, checked_at
FROM mailbox_folders
WHERE tenant_id = $1
ORDER BY mailbox_id, folder";

/// All folders of a tenant that were read.
///
/// # Errors
/// Any fault of the database.
pub fn of_tenant(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Vec<Folder>, Error> {
    tx.query(OF_TENANT, &args![tenant], read)
}

const GET: &str = "
SELECT mailbox_id, folder, uid_validity, first_uid, next_uid, skipped, checked_at
FROM mailbox_folders
WHERE tenant_id = $1 AND mailbox_id = $2 AND folder = $3";

/// One folder.
///
/// # Errors
/// Any fault of the database.
pub fn get(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    mailbox: MailboxId,
    folder: &str,
) -> Result<Option<Folder>, Error> {
    tx.first(GET, &args![tenant, mailbox, folder], read)
}

const PUT: &str = "
INSERT INTO mailbox_folders (tenant_id, mailbox_id, folder, uid_validity, first_uid, next_uid, skipped, checked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (tenant_id, mailbox_id, folder)
DO UPDATE SET uid_validity = excluded.uid_validity, first_uid = excluded.first_uid, next_uid = excluded.next_uid,
              skipped = excluded.skipped, checked_at = excluded.checked_at";

/// Writes how far a folder was read.
///
/// # Errors
/// Any fault of the database.
pub fn put(tx: &mut Tx<'_>, tenant: TenantId, folder: &Folder) -> Result<(), Error> {
    let Folder { mailbox, folder, uid_validity, first_uid, next_uid, skipped, checked_at } = folder;
    let skipped = serde_json::json!(skipped);
    tx.run(PUT, &args![tenant, mailbox, folder, uid_validity, first_uid, next_uid, skipped, checked_at])
}

const FORGET: &str = "
DELETE FROM mailbox_folders
WHERE tenant_id = $1 AND mailbox_id = $2";

const FORGET_MAILS: &str = "
DELETE FROM mailbox_mails
WHERE tenant_id = $1 AND mailbox_id = $2";

/// Forgets everything about a mailbox that is gone.
///
/// # Errors
/// Any fault of the database.
pub fn forget(tx: &mut Tx<'_>, tenant: TenantId, mailbox: MailboxId) -> Result<(), Error> {
    tx.run(FORGET, &args![tenant, mailbox])?;
    tx.run(FORGET_MAILS, &args![tenant, mailbox])
}

const KEEP: &str = "
INSERT INTO mailbox_mails (tenant_id, mailbox_id, folder, uid_validity, uid, sha256)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, mailbox_id, folder, uid_validity, uid) DO NOTHING";

/// Notes that a mail is in the journal.
///
/// # Errors
/// Any fault of the database.
pub fn keep(tx: &mut Tx<'_>, tenant: TenantId, folder: &Folder, mail: &Kept) -> Result<(), Error> {
    let Folder { mailbox, folder, uid_validity, .. } = folder;
    tx.run(KEEP, &args![tenant, mailbox, folder, uid_validity, mail.uid, mail.sha256])
}

const KEPT: &str = "
SELECT uid
FROM mailbox_mails
WHERE tenant_id = $1 AND mailbox_id = $2 AND folder = $3 AND uid_validity = $4 AND uid >= $5 AND uid <= $6";

/// The UIDs between two, both included, whose mails are in the journal.
///
/// # Errors
/// Any fault of the database.
pub fn kept(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    folder: &Folder,
    first: u32,
    last: u32,
) -> Result<HashSet<u32>, Error> {
    let Folder { mailbox, folder, uid_validity, .. } = folder;
    let found = tx.query(KEPT, &args![tenant, mailbox, folder, uid_validity, first, last], only)?;
    Ok(found.into_iter().collect())
}

const HAS_CONTENT: &str = "
SELECT 1
FROM mailbox_mails
WHERE tenant_id = $1 AND mailbox_id = $2 AND sha256 = $3
LIMIT 1";

/// Whether a mail with this content came from the mailbox, under whatever UID.
///
/// # Errors
/// Any fault of the database.
pub fn has_content(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    mailbox: MailboxId,
    sha256: &str,
) -> Result<bool, Error> {
    let found: Option<i64> = tx.first(HAS_CONTENT, &args![tenant, mailbox, sha256], only)?;
    Ok(found.is_some())
}

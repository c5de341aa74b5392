//! Notifications of people: each is one person's, and the count of the unread ones is a counter of that person.

use domain::clock::Timestamp;
use domain::ids::{ConversationId, NotificationId, TenantId, UserId};
use domain::notification::NotificationKind;

use crate::db::{Error, Row, Tx, only};
use crate::{args, counters};

/// Something that one person should know.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    pub id: NotificationId,
    pub user: UserId,
    pub kind: NotificationKind,
    pub conversation: Option<ConversationId>,
    /// The message or entry that it is about; for a mailbox, the mailbox.
    pub subject: Option<String>,
    /// The user or key whose doing it was.
    pub actor: Option<String>,
    /// One sentence.
    pub detail: String,
    pub at: Timestamp,
    pub read_at: Option<Timestamp>,
}

/// The counter of a person's unread notifications.
fn counter(user: UserId) -> String {
    format!("notifications.{user}")
}

const INSERT: &str = "
INSERT INTO notifications
      (tenant_id, user_id, id, kind, conversation_id, subject_id, actor_id, detail, at, read_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// Adds a notification and counts it.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, row: &Notification) -> Result<(), Error> {
    let Notification { id, user, kind, conversation, subject, actor, detail, at, read_at } = row;
    tx.run(
        INSERT,
        &args![tenant, user, id, kind.as_str(), conversation, subject, actor, detail, at, read_at],
    )?;
    counters::add(tx, tenant, &counter(*user), i64::from(read_at.is_none()))
}

const ALIKE_ABOUT: &str = "
SELECT id
FROM notifications
WHERE tenant_id = $1 AND user_id = $2 AND conversation_id = $3 AND kind = $4 AND read_at IS NULL
LIMIT 1";

const ALIKE_OF: &str = "
SELECT id
FROM notifications
WHERE tenant_id = $1 AND user_id = $2 AND conversation_id IS NULL AND kind = $3 AND subject_id = $4 AND read_at IS NULL
LIMIT 1";

/// The unread notification of the same kind about the same conversation, or without one about the same subject.
///
/// # Errors
/// Any fault of the database.
pub fn unread_alike(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    row: &Notification,
) -> Result<Option<NotificationId>, Error> {
    match row.conversation {
        Some(conversation) => {
            tx.first(ALIKE_ABOUT, &args![tenant, row.user, conversation, row.kind.as_str()], only)
        }
        None => tx.first(ALIKE_OF, &args![tenant, row.user, row.kind.as_str(), row.subject], only),
    }
}

const RENEW: &str = "
UPDATE notifications
SET subject_id = $4, actor_id = $5, detail = $6, at = $7
WHERE tenant_id = $1 AND user_id = $2 AND id = $3";

/// Lets a notification tell what happened last: the one with the id of `row` becomes like `row`.
///
/// # Errors
/// Any fault of the database.
pub fn renew(tx: &mut Tx<'_>, tenant: TenantId, row: &Notification) -> Result<(), Error> {
    let Notification { id, user, subject, actor, detail, at, .. } = row;
    tx.run(RENEW, &args![tenant, user, id, subject, actor, detail, at])
}

const LIST: &str = "
SELECT id, user_id, kind, conversation_id, subject_id, actor_id, detail, at, read_at
FROM notifications
WHERE tenant_id = $1 AND user_id = $2 AND (at, id) < ($3, $4)
ORDER BY at DESC, id DESC
LIMIT $5";

const LIST_UNREAD: &str = "
SELECT id, user_id, kind, conversation_id, subject_id, actor_id, detail, at, read_at
FROM notifications
WHERE tenant_id = $1 AND user_id = $2 AND read_at IS NULL AND (at, id) < ($3, $4)
ORDER BY at DESC, id DESC
LIMIT $5";

/// The notifications of a person before a place, newest first.
///
/// # Errors
/// Any fault of the database.
pub fn list(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    user: UserId,
    only_unread: bool,
    before: &(Timestamp, String),
    limit: u32,
) -> Result<Vec<Notification>, Error> {
    let sql = if only_unread { LIST_UNREAD } else { LIST };
    tx.query(sql, &args![tenant, user, before.0, before.1, limit], read)
}

fn read(row: &mut Row<'_>) -> Result<Notification, Error> {
    Ok(Notification {
        id: row.take()?,
        user: row.take()?,
        kind: row.word()?,
        conversation: row.take()?,
        subject: row.take()?,
        actor: row.take()?,
        detail: row.take()?,
        at: row.take()?,
        read_at: row.take()?,
    })
}

/// The count of a person's unread notifications.
///
/// # Errors
/// Any fault of the database.
pub fn unread(tx: &mut Tx<'_>, tenant: TenantId, user: UserId) -> Result<i64, Error> {
    Ok(counters::with_prefix(tx, tenant, &counter(user))?.first().map_or(0, |(_, value)| *value))
}

const READ_ONE: &str = "
UPDATE notifications
SET read_at = $4
WHERE tenant_id = $1 AND user_id = $2 AND id = $3 AND read_at IS NULL";

const READ_ABOUT: &str = "
UPDATE notifications
SET read_at = $4
WHERE tenant_id = $1 AND user_id = $2 AND conversation_id = $3 AND read_at IS NULL";

const READ_ALL: &str = "
UPDATE notifications
SET read_at = $3
WHERE tenant_id = $1 AND user_id = $2 AND read_at IS NULL";

/// Which notifications a person has read.
#[derive(Debug, Clone, PartialEq)]
pub enum Which {
    These(Vec<NotificationId>),
    About(ConversationId),
    All,
}

/// Marks notifications of a person as read; gives how many were unread.
///
/// # Errors
/// Any fault of the database.
pub fn mark_read(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    user: UserId,
    which: &Which,
    at: Timestamp,
) -> Result<u64, Error> {
    let changed = match which {
        Which::These(ids) => {
            let mut changed = 0;
            for id in ids {
                changed += tx.execute(READ_ONE, &args![tenant, user, id, at])?;
            }
            changed
        }
        Which::About(conversation) => tx.execute(READ_ABOUT, &args![tenant, user, conversation, at])?,
        Which::All => tx.execute(READ_ALL, &args![tenant, user, at])?,
    };
    counters::add(tx, tenant, &counter(user), -i64::try_from(changed).unwrap_or(0))?;
    Ok(changed)
}

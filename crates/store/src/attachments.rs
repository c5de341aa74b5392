//! Files of messages: what they are called and which content they have. The bytes lie beside the database.

use domain::ids::{AttachmentId, MessageId, TenantId};

use crate::args;
use crate::db::{Error, Row, Tx};

/// One file of one message.
#[derive(Debug, Clone, PartialEq)]
pub struct Attachment {
    pub id: AttachmentId,
    pub filename: String,
    pub content_type: String,
    pub content_id: Option<String>,
    pub inline: bool,
    /// In bytes.
    pub size: i64,
    /// Hex; the name of the content.
    pub sha256: String,
}

fn read(row: &mut Row<'_>) -> Result<Attachment, Error> {
    Ok(Attachment {
        id: row.take()?,
        filename: row.take()?,
        content_type: row.take()?,
        content_id: row.take()?,
        inline: row.take()?,
        size: row.take()?,
        sha256: row.take()?,
    })
}

const INSERT: &str = "
INSERT INTO attachments
      (tenant_id, message_id, id, position, filename, content_type, content_id, inline, size, sha256)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// Adds the files of a message, in their order.
///
/// # Errors
/// Any fault of the database.
pub fn insert(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    message: MessageId,
    attachments: &[Attachment],
) -> Result<(), Error> {
    for (position, file) in attachments.iter().enumerate() {
        tx.run(
            INSERT,
            &args![
                tenant,
                message,
                file.id,
                position,
                file.filename,
                file.content_type,
                file.content_id,
                file.inline,
                file.size,
                file.sha256
            ],
        )?;
    }
    Ok(())
}

const OF_MESSAGE: &str = "
SELECT id, filename, content_type, content_id, inline, size, sha256
FROM attachments
WHERE tenant_id = $1 AND message_id = $2
ORDER BY position";

/// The files of a message, in their order.
///
/// # Errors
/// Any fault of the database.
pub fn of_message(tx: &mut Tx<'_>, tenant: TenantId, message: MessageId) -> Result<Vec<Attachment>, Error> {
    tx.query(OF_MESSAGE, &args![tenant, message], read)
}

//! What the index needs of a message, in one look: it is asked for every message there is.

use domain::access::{Actor, ActorKind};
use domain::clock::Timestamp;
use domain::ids::{MessageId, TenantId};
use domain::message::Direction;
use domain::threading::Rule;

use crate::args;
use crate::db::{Error, Tx, only};
use crate::messages::Envelope;

/// A message as the index takes it in.
#[derive(Debug, Clone, PartialEq)]
pub struct Material {
    /// Its place in the index, when it is there already.
    pub doc: Option<i64>,
    pub direction: Direction,
    pub subject: String,
    pub rule: Rule,
    pub author: Actor,
    pub at: Timestamp,
    pub envelope: Envelope,
    pub text: Option<String>,
    pub html: Option<String>,
    pub files: i64,
}

const MATERIAL: &str = "
SELECT d.doc, m.direction, m.subject, m.rule, m.author_kind, m.author_id, m.created_at, b.envelope, b.body_text,
       b.body_html,
       (SELECT COUNT(*) FROM attachments a WHERE a.tenant_id = $1 AND a.message_id = $2)
FROM messages m
JOIN message_bodies b ON b.tenant_id = $1 AND b.message_id = $2
LEFT JOIN search_documents d ON d.tenant_id = $1 AND d.source = $2
WHERE m.tenant_id = $1 AND m.id = $2";

/// One message.
///
/// # Errors
/// Any fault of the database.
pub fn material(tx: &mut Tx<'_>, tenant: TenantId, id: MessageId) -> Result<Option<Material>, Error> {
    tx.first(MATERIAL, &args![tenant, id], |row| {
        Ok(Material {
            doc: row.take()?,
            direction: row.word()?,
            subject: row.take()?,
            rule: row.word()?,
            author: Actor { kind: row.word::<ActorKind>()?, id: row.take()? },
            at: row.take()?,
            envelope: row.json()?,
            text: row.take()?,
            html: row.take()?,
            files: row.take()?,
        })
    })
}

const DOC_OF: &str = "
SELECT doc
FROM search_documents
WHERE tenant_id = $1 AND source = $2";

/// The place of a message or entry in the index.
///
/// # Errors
/// Any fault of the database.
pub fn doc_of(tx: &mut Tx<'_>, tenant: TenantId, source: &str) -> Result<Option<i64>, Error> {
    tx.first(DOC_OF, &args![tenant, source], only)
}

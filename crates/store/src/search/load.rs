//! What the index needs of messages, in one look at many: it is asked for every message there is.

use std::collections::HashMap;

use domain::access::{Actor, ActorKind};
use domain::clock::Timestamp;
use domain::ids::{ContactId, MessageId, TenantId};
use domain::message::Direction;
use domain::threading::Rule;

use crate::args;
use crate::db::{Error, Row, Sql, Tx, only};
use crate::messages::Envelope;

use super::Expression;

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
    /// What the contact is called today, whatever the letter says; empty when nobody told us.
    pub contact_name: String,
    pub envelope: Envelope,
    pub text: Option<String>,
    pub html: Option<String>,
    pub files: i64,
}

macro_rules! material {
    ($ids:literal) => {
        concat!(
            "
SELECT m.id, d.doc, m.direction, m.subject, m.rule, m.author_kind, m.author_id, m.created_at, k.name, b.envelope,
       b.body_text, b.body_html,
       (SELECT COUNT(*) FROM attachments a WHERE a.tenant_id = $1 AND a.message_id = m.id)
FROM messages m
JOIN message_bodies b ON b.tenant_id = $1 AND b.message_id = m.id
LEFT JOIN search_documents d ON d.tenant_id = $1 AND d.source = m.id
LEFT JOIN contacts k ON k.tenant_id = $1 AND k.id = m.contact_id
WHERE m.tenant_id = $1 AND m.id ",
            $ids
        )
    };
}

const MATERIAL: Sql = Sql::Split {
    sqlite: material!("IN (SELECT value FROM json_each($2))"),
    postgres: material!("= ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST($2 AS TEXT) AS JSON))))"),
};

/// Several messages; those that are not there are left out. They come with their bodies, so ask for a few at a time.
///
/// # Errors
/// Any fault of the database.
pub fn material(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    ids: &[MessageId],
) -> Result<HashMap<MessageId, Material>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(tx.query(MATERIAL, &args![tenant, serde_json::json!(ids)], read)?.into_iter().collect())
}

fn read(row: &mut Row<'_>) -> Result<(MessageId, Material), Error> {
    let id = row.take()?;
    let material = Material {
        doc: row.take()?,
        direction: row.word()?,
        subject: row.take()?,
        rule: row.word()?,
        author: Actor { kind: row.word::<ActorKind>()?, id: row.take()? },
        at: row.take()?,
        contact_name: row.take::<Option<String>>()?.unwrap_or_default(),
        envelope: row.json()?,
        text: row.take()?,
        html: row.take()?,
        files: row.take()?,
    };
    Ok((id, material))
}

macro_rules! lacking {
    ($ids:literal, $has:literal) => {
        concat!(
            "
SELECT m.id
FROM messages m
JOIN search_documents d ON d.tenant_id = $1 AND d.source = m.id
WHERE m.tenant_id = $1 AND m.contact_id = $3 AND m.id ",
            $ids,
            " AND NOT ",
            $has,
            "
ORDER BY m.id DESC"
        )
    };
}

// One document after the other, by its number: the list of all that have the words may be long.
const LACKING: Sql = Sql::Split {
    sqlite: lacking!(
        "IN (SELECT value FROM json_each($2))",
        "EXISTS (SELECT 1 FROM search_words w WHERE w.search_words MATCH $4 AND w.rowid = d.doc AND $5 <> '')"
    ),
    postgres: lacking!(
        "= ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST($2 AS TEXT) AS JSON))))",
        "(SELECT w.words @@ CAST(CAST($5 AS TEXT) AS tsquery) AND CAST($4 AS TEXT) <> ''
       FROM search_words w
       WHERE w.tenant_id = $1 AND w.doc = d.doc)"
    ),
};

/// Those of these messages that are a contact's, stand in the index, and would not be found there by some words.
///
/// # Errors
/// Any fault of the database.
pub fn lacking(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    contact: ContactId,
    ids: &[MessageId],
    words: &Expression,
) -> Result<Vec<MessageId>, Error> {
    let ids = serde_json::json!(ids);
    tx.query(LACKING, &args![tenant, ids, contact, words.fts, words.tsquery], only)
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

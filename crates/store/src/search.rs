//! The index of words: documents put in and taken out behind the feed, and found again, newest first.

use domain::clock::Timestamp;
use domain::ids::TenantId;

use crate::args;
use crate::db::{Error, Sql, Tx, only};

mod beginnings;
mod expression;
mod load;
mod matching;
mod rows;

pub use beginnings::spelled_out;
pub use expression::{Expression, Mark, expression};
pub use load::{Material, doc_of, lacking, material};
pub use matching::{Found, Looked, Span, matching};
pub use rows::{Standing, seen, with_notes};

/// What is said in one place, as folded words with spaces between them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// Its place in the index, when it is there already.
    pub doc: Option<i64>,
    /// The id of the message or entry.
    pub source: String,
    pub at: Timestamp,
    pub subject: String,
    pub sender: String,
    pub recipients: String,
    pub body: String,
    pub marks: Vec<Mark>,
}

/// Bits of a document's number that are its time; what is above them is the tenant.
const TIME_BITS: u32 = 47;
/// Microseconds in one step of a document's number.
const STEP: i64 = 100;

/// The lowest number that a document of this time can have.
#[must_use]
pub fn doc_at(tenant: TenantId, at: Timestamp) -> i64 {
    let time = (at.micros() / STEP).clamp(0, (1 << TIME_BITS) - 1);
    (tenant.0 << TIME_BITS) + time
}

/// The time that a document's number tells; documents of one moment follow each other.
#[must_use]
pub fn at_doc(doc: i64) -> Timestamp {
    Timestamp::from_micros((doc & ((1 << TIME_BITS) - 1)) * STEP)
}

const LAST: &str = "
SELECT MAX(doc)
FROM search_documents
WHERE tenant_id = $1";

const INSERT: &str = "
INSERT INTO search_documents (tenant_id, doc, source)
VALUES ($1, $2, $3)";

const INSERT_WORDS: Sql = Sql::Split {
    // One row as `VALUES`: a statement of many rows would make the index write out what it has gathered.
    sqlite: "
INSERT INTO search_words (rowid, subject, sender, recipients, body, marks)
VALUES ($2, $3, $4, $5, $6, $7)",
    // Each part begins one place later than it could, so that no phrase goes from one into the next. The last word says in
    // which stretch it stands.
    postgres: "
INSERT INTO search_words (tenant_id, doc, words)
SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT),
       COALESCE((SELECT CAST(string_agg('''' || w || ''':' || n || 'A', ' ') AS tsvector)
                 FROM unnest(string_to_array($3, ' ')) WITH ORDINALITY AS words (w, n)), '')
    || COALESCE((SELECT CAST(string_agg('''' || w || ''':' || n + 1 || 'B', ' ') AS tsvector)
                 FROM unnest(string_to_array($4, ' ')) WITH ORDINALITY AS words (w, n)), '')
    || COALESCE((SELECT CAST(string_agg('''' || w || ''':' || n + 1 || 'C', ' ') AS tsvector)
                 FROM unnest(string_to_array($5, ' ')) WITH ORDINALITY AS words (w, n)), '')
    || COALESCE((SELECT CAST(string_agg('''' || w || ''':' || n + 1 || 'D', ' ') AS tsvector)
                 FROM unnest(string_to_array($6, ' ')) WITH ORDINALITY AS words (w, n)), '')
    || array_to_tsvector(string_to_array($7, ' '))
    || array_to_tsvector(ARRAY(SELECT CHR(57345) || to_hex(MAX(first_doc))
                               FROM search_blocks
                               WHERE tenant_id = $1 AND first_doc <= $2))",
};

/// Begins another stretch when the newest is full. A stretch has as many documents as PostgreSQL finds words in within a
/// millisecond.
const BEGIN_BLOCK: &str = "
INSERT INTO search_blocks (tenant_id, first_doc, documents)
SELECT $1, $2, 0
WHERE COALESCE((SELECT documents
                FROM search_blocks
                WHERE tenant_id = $1
                ORDER BY first_doc DESC
                LIMIT 1), 4096) >= 4096
ON CONFLICT (tenant_id, first_doc) DO NOTHING";

const COUNT_INTO_BLOCK: &str = "
UPDATE search_blocks
SET documents = documents + $2
WHERE tenant_id = $1 AND first_doc = (SELECT MAX(first_doc)
                                      FROM search_blocks
                                      WHERE tenant_id = $1)";

const DELETE_WORDS: Sql = Sql::Split {
    sqlite: "
DELETE FROM search_words
WHERE rowid = $2 AND rowid >> 47 = $1",
    postgres: "
DELETE FROM search_words
WHERE tenant_id = $1 AND doc = $2",
};

const DELETE: &str = "
DELETE FROM search_documents
WHERE tenant_id = $1 AND doc = $2";

/// Puts documents in; those that have a place keep it and get other words.
///
/// # Errors
/// Any fault of the database.
pub fn put(tx: &mut Tx<'_>, tenant: TenantId, documents: &[Document]) -> Result<(), Error> {
    let mut last = tx.one(LAST, &args![tenant], only::<Option<i64>>)?.unwrap_or(0);
    if let Some(first) = documents.iter().find(|document| document.doc.is_none()) {
        tx.run(BEGIN_BLOCK, &args![tenant, (last + 1).max(doc_at(tenant, first.at))])?;
        let new = documents.iter().filter(|document| document.doc.is_none()).count();
        tx.run(COUNT_INTO_BLOCK, &args![tenant, i64::try_from(new).unwrap_or(i64::MAX)])?;
    }
    for document in documents {
        let doc = match document.doc {
            Some(doc) => {
                tx.run(DELETE_WORDS, &args![tenant, doc])?;
                doc
            }
            None => {
                last = (last + 1).max(doc_at(tenant, document.at));
                tx.run(INSERT, &args![tenant, last, document.source])?;
                last
            }
        };
        let marks: Vec<&str> = document.marks.iter().map(|mark| mark.word()).collect();
        let marks = marks.join(" ");
        let Document { subject, sender, recipients, body, .. } = document;
        tx.run(INSERT_WORDS, &args![tenant, doc, subject, sender, recipients, body, marks])?;
    }
    Ok(())
}

/// Takes a document out.
///
/// # Errors
/// Any fault of the database.
pub fn remove(tx: &mut Tx<'_>, tenant: TenantId, doc: i64) -> Result<(), Error> {
    tx.run(DELETE_WORDS, &args![tenant, doc])?;
    tx.run(DELETE, &args![tenant, doc])
}

const CURSOR: &str = "
SELECT seq
FROM search_cursors
WHERE tenant_id = $1";

/// The number of the last event that the index knows; 0 before the first.
///
/// # Errors
/// Any fault of the database.
pub fn cursor(tx: &mut Tx<'_>, tenant: TenantId) -> Result<i64, Error> {
    Ok(tx.first(CURSOR, &args![tenant], only)?.unwrap_or(0))
}

const MOVE_CURSOR: &str = "
INSERT INTO search_cursors (tenant_id, seq)
VALUES ($1, $2)
ON CONFLICT (tenant_id) DO UPDATE SET seq = excluded.seq";

/// Notes how far the index knows the feed.
///
/// # Errors
/// Any fault of the database.
pub fn move_cursor(tx: &mut Tx<'_>, tenant: TenantId, seq: i64) -> Result<(), Error> {
    tx.run(MOVE_CURSOR, &args![tenant, seq])
}

const BEHIND: &str = "
SELECT f.tenant_id, f.last_seq
FROM feeds f
LEFT JOIN search_cursors c ON c.tenant_id = f.tenant_id
WHERE f.last_seq > COALESCE(c.seq, 0)
ORDER BY f.tenant_id";

/// The tenants of whose feed there is more than the index knows, each with the number of its newest event.
///
/// # Errors
/// Any fault of the database.
pub fn behind(tx: &mut Tx<'_>) -> Result<Vec<(TenantId, i64)>, Error> {
    tx.query(BEHIND, &[], |row| Ok((row.take()?, row.take()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_documents_grow_with_time_and_keep_tenants_apart() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (early, late) = (at("2026-11-20T12:00:00Z"), at("2026-11-20T12:00:00.0001Z"));
        assert_eq!(doc_at(TenantId(1), late), doc_at(TenantId(1), early) + 1);
        assert_eq!(at_doc(doc_at(TenantId(7), late)), late);
        assert!(
            doc_at(TenantId(1), Timestamp::from_micros(i64::MAX))
                < doc_at(TenantId(2), at("1970-01-01T00:00:00Z"))
        );
        assert!(
            doc_at(TenantId(1), Timestamp::from_micros(-5))
                > doc_at(TenantId(0), Timestamp::from_micros(i64::MAX))
        );
    }
}

//! Documents by their words, newest first, each with the conversation in which it stands now.
//!
//! SQLite walks its lists of words from the newest document down. PostgreSQL has no order in its index of words: it would
//! fetch and sort all that match. So it is asked for one stretch of documents after the other, from the newest down, and for
//! everything at once only when that is little.

use domain::ids::{ConversationId, EntryId, MessageId, TenantId};

use super::Expression;
use super::rows::{self, Standing};
use crate::args;
use crate::db::{Error, Row, Sql, Tx, only};

/// From which document to which, the second left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: i64,
    pub below: i64,
}

/// One document that matches.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub doc: i64,
    /// One of the two.
    pub message: Option<MessageId>,
    pub entry: Option<EntryId>,
    /// Nothing, when the message or entry is gone.
    pub standing: Option<Standing>,
}

macro_rules! with_standing {
    ($documents:expr) => {
        concat!(
            "
SELECT found.doc, m.id, e.id, c.id, c.state, c.in_tray, c.assignee_id, c.team_id, c.tags, c.channel, c.priority,
       c.unread, c.inbound_count
FROM (",
            $documents,
            ") found
JOIN search_documents d ON d.tenant_id = $1 AND d.doc = found.doc
LEFT JOIN messages m ON m.tenant_id = $1 AND m.id = d.source
LEFT JOIN conversation_entries e ON e.tenant_id = $1 AND e.id = d.source
LEFT JOIN conversations c ON c.tenant_id = $1 AND c.id = COALESCE(m.conversation_id, e.conversation_id)
ORDER BY found.doc DESC"
        )
    };
}

// Limits stand in the statements, so that PostgreSQL's planner knows how few rows are joined.
macro_rules! in_sqlite {
    ($limit:literal) => {
        with_standing!(concat!(
            "
      SELECT rowid AS doc
      FROM search_words
      WHERE search_words MATCH $2 AND rowid >= $4 AND rowid < $5 AND $3 <> ''
      ORDER BY rowid DESC
      LIMIT ",
            $limit
        ))
    };
}

/// Stretches in the first look: what is asked for most is there.
macro_rules! first_look {
    () => {
        "4"
    };
}

/// Stretches in a further look, for words that the index can tell by itself: some ten milliseconds when they are in none.
macro_rules! further_look {
    () => {
        "64"
    };
}

/// Stretches in a further look for phrases and fields: each document with the words has to be read to know.
macro_rules! careful_look {
    () => {
        "8"
    };
}

// The sums keep the planner from walking the primary key: only the index of words tells quickly that a word is not in a
// stretch. The stretches come newest first, and each is looked at only when those before it did not fill the limit.
macro_rules! by_stretch {
    ($stretches:expr, $limit:literal) => {
        with_standing!(concat!(
            "
      SELECT inside.doc
      FROM (SELECT first_doc
            FROM search_blocks
            WHERE tenant_id = $1 AND first_doc < $5
            ORDER BY first_doc DESC
            LIMIT ",
            $stretches,
            ") stretch
      CROSS JOIN LATERAL (SELECT doc
                          FROM search_words
                          WHERE words @@ CAST('(' || $3 || ') & ''' || CHR(57345) || to_hex(stretch.first_doc) || '''' AS tsquery)
                            AND CAST($2 AS TEXT) <> ''
                            AND tenant_id + 0 = $1 AND doc + 0 >= $4 AND doc + 0 < $5
                          ORDER BY doc + 0 DESC) inside
      LIMIT ",
            $limit
        ))
    };
}

macro_rules! at_once {
    ($limit:literal) => {
        with_standing!(concat!(
            "
      SELECT doc
      FROM search_words
      WHERE words @@ CAST(CAST($3 AS TEXT) AS tsquery) AND CAST($2 AS TEXT) <> ''
        AND tenant_id + 0 = $1 AND doc + 0 >= $4 AND doc + 0 < $5
      ORDER BY doc + 0 DESC
      LIMIT ",
            $limit
        ))
    };
}

/// The statements of one size; on SQLite the first finds everything.
struct Look {
    first: Sql,
    further: Sql,
    careful: Sql,
    at_once: Sql,
    limit: usize,
}

macro_rules! look {
    ($limit:literal, $number:literal) => {
        Look {
            first: Sql::Split { sqlite: in_sqlite!($limit), postgres: by_stretch!(first_look!(), $limit) },
            further: Sql::Split {
                sqlite: in_sqlite!($limit),
                postgres: by_stretch!(further_look!(), $limit),
            },
            careful: Sql::Split {
                sqlite: in_sqlite!($limit),
                postgres: by_stretch!(careful_look!(), $limit),
            },
            at_once: Sql::Split { sqlite: in_sqlite!($limit), postgres: at_once!($limit) },
            limit: $number,
        }
    };
}

/// For a page of which nothing is asked but words.
const PAGE: Look = look!("100", 100);
/// For a walk on which most is left out.
const WALK: Look = look!("500", 500);

macro_rules! reached {
    ($stretches:expr) => {
        Sql::Split {
            sqlite: "SELECT NULL WHERE $1 IS NULL AND $2 IS NULL AND $3 IS NULL",
            postgres: concat!(
                "
SELECT MIN(first_doc)
FROM (SELECT first_doc
      FROM search_blocks
      WHERE tenant_id = $1 AND first_doc < $3
      ORDER BY first_doc DESC
      LIMIT ",
                $stretches,
                ") stretch
HAVING MIN(first_doc) > $2
   AND MIN(first_doc) > (SELECT MIN(first_doc)
                         FROM search_blocks
                         WHERE tenant_id = $1)"
            ),
        }
    };
}

/// How far the looks come; nothing, when they have seen all that there is.
const FIRST_REACHED: Sql = reached!(first_look!());
const FURTHER_REACHED: Sql = reached!(further_look!());
const CAREFUL_REACHED: Sql = reached!(careful_look!());

/// Whether the documents with the words, wherever they stand in them, are few enough to read all of them. The limit ends
/// the reading; to find their places in the index is cheap, however many they are.
const ARE_FEW: Sql = Sql::Split {
    sqlite: "SELECT 1 WHERE $1 IS NOT NULL",
    postgres: "
SELECT CASE WHEN COUNT(*) <= 1000 THEN CAST(1 AS BIGINT) ELSE 0 END
FROM (SELECT 1
      FROM search_words
      WHERE words @@ CAST(CAST($1 AS TEXT) AS tsquery)
      LIMIT 1001) some_of_them",
};

/// What a look gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    pub found: Vec<Found>,
    /// Below which document to go on; nothing, when all was seen.
    pub below: Option<i64>,
}

/// Documents that match, newest first. `wanted` are enough; `walks` may bring more of them. Fewer with more below mean that
/// the look was long enough: what is looked for is rare among what has to be looked at.
///
/// # Errors
/// Any fault of the database.
pub fn matching(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    expression: &Expression,
    span: Span,
    wanted: usize,
    walks: bool,
) -> Result<Looked, Error> {
    let look = if walks { WALK } else { PAGE };
    let ask = |tx: &mut Tx<'_>, statement, Span { from, below }| -> Result<Vec<Found>, Error> {
        tx.query(statement, &args![tenant, expression.fts, expression.tsquery, from, below], read)
    };
    // Where in a document its words stand, and in which field, the index does not tell.
    let further =
        if expression.is_loose { (look.further, FURTHER_REACHED) } else { (look.careful, CAREFUL_REACHED) };
    let mut all: Vec<Found> = Vec::new();
    let mut span = span;
    for (statement, reached) in [(look.first, FIRST_REACHED), further] {
        let found = ask(tx, statement, span)?;
        let is_full = found.len() == look.limit;
        all.extend(found);
        if is_full {
            return Ok(up_to_last(all));
        }
        match tx.first(reached, &args![tenant, span.from, span.below], only::<Option<i64>>)?.flatten() {
            None => return Ok(Looked { found: all, below: None }),
            Some(below) => span.below = below,
        }
        if all.len() >= wanted {
            return Ok(Looked { found: all, below: Some(span.below) });
        }
    }
    if !tx.one(ARE_FEW, &args![expression.loose], only::<bool>)? {
        return Ok(Looked { found: all, below: Some(span.below) });
    }
    let found = ask(tx, look.at_once, span)?;
    let is_full = found.len() == look.limit;
    all.extend(found);
    Ok(if is_full { up_to_last(all) } else { Looked { found: all, below: None } })
}

fn up_to_last(found: Vec<Found>) -> Looked {
    let below = found.last().map(|last| last.doc);
    Looked { found, below }
}

fn read(row: &mut Row<'_>) -> Result<Found, Error> {
    let (doc, message, entry) = (row.take()?, row.take()?, row.take()?);
    let standing = match row.take::<Option<ConversationId>>()? {
        Some(id) => Some(rows::read(id, row)?),
        None => None,
    };
    Ok(Found { doc, message, entry, standing })
}

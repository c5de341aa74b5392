//! Documents by their words, newest first, each with the conversation in which it stands now.
//!
//! SQLite walks its lists of words from the newest document down. PostgreSQL has no order in its index of words: it would
//! fetch and sort all that match. So it looks through the newest documents first, which finds what is common, and asks the
//! index only for what is rare.

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

/// Of so many documents PostgreSQL looks at the words one by one at first: two milliseconds.
macro_rules! first_look {
    () => {
        "3000"
    };
}

/// And of so many, when the words are common and what is asked of them is not: some twenty milliseconds.
macro_rules! second_look {
    () => {
        "30000"
    };
}

macro_rules! among_newest {
    ($newest:expr, $limit:literal) => {
        with_standing!(concat!(
            "
      SELECT newest.doc
      FROM (SELECT doc, words
            FROM search_words
            WHERE tenant_id = $1 AND doc >= $4 AND doc < $5
            ORDER BY doc DESC
            LIMIT ",
            $newest,
            ") newest
      WHERE newest.words @@ CAST(CAST($3 AS TEXT) AS tsquery) AND CAST($2 AS TEXT) <> ''
      ORDER BY newest.doc DESC
      LIMIT ",
            $limit
        ))
    };
}

// The sums keep the planner from walking the primary key for a word that is not there.
macro_rules! by_word {
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
    newest: Sql,
    further: Sql,
    rare: Sql,
    limit: usize,
}

macro_rules! look {
    ($limit:literal, $number:literal) => {
        Look {
            newest: Sql::Split { sqlite: in_sqlite!($limit), postgres: among_newest!(first_look!(), $limit) },
            further: Sql::Split {
                sqlite: in_sqlite!($limit),
                postgres: among_newest!(second_look!(), $limit),
            },
            rare: Sql::Split { sqlite: in_sqlite!($limit), postgres: by_word!($limit) },
            limit: $number,
        }
    };
}

/// For a page of which nothing is asked but words.
const PAGE: Look = look!("100", 100);
/// For a walk on which most is left out.
const WALK: Look = look!("500", 500);

/// Whether the first look has seen all that there is; if not, whether the words by themselves are common, and how far it
/// came. More than six in it are two thousand in a million: more than the index of words can give in good time.
const FIRST_LOOK: Sql = Sql::Split {
    sqlite: "SELECT 1, 0, 0 WHERE $1 IS NOT NULL AND $2 IS NOT NULL AND $3 IS NOT NULL AND $4 IS NOT NULL",
    postgres: concat!(
        "
SELECT CASE WHEN COUNT(*) < ",
        first_look!(),
        " THEN CAST(1 AS BIGINT) ELSE 0 END,
       CASE WHEN COUNT(*) FILTER (WHERE words @@ CAST(CAST($2 AS TEXT) AS tsquery)) > 6 THEN CAST(1 AS BIGINT) ELSE 0 END,
       COALESCE(MIN(doc), 0)
FROM (SELECT doc, words
      FROM search_words
      WHERE tenant_id = $1 AND doc >= $3 AND doc < $4
      ORDER BY doc DESC
      LIMIT ",
        first_look!(),
        ") newest"
    ),
};

/// How far the second look came; nothing, when it has seen all that there is.
const SECOND_LOOK: &str = concat!(
    "
SELECT doc
FROM search_documents
WHERE tenant_id = $1 AND doc >= $2 AND doc < $3
ORDER BY doc DESC
LIMIT 1 OFFSET ",
    second_look!()
);

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
    let Span { from, below } = span;
    let args = args![tenant, expression.fts, expression.tsquery, from, below];
    let found = tx.query(look.newest, &args, read)?;
    if found.len() == look.limit {
        return Ok(up_to_last(found));
    }
    let (has_seen_all, is_common, reached): (bool, bool, i64) =
        tx.one(FIRST_LOOK, &args![tenant, expression.loose, from, below], |row| {
            Ok((row.take()?, row.take()?, row.take()?))
        })?;
    if has_seen_all || found.len() >= wanted {
        return Ok(Looked { found, below: (!has_seen_all).then_some(reached) });
    }
    if !is_common {
        let found = tx.query(look.rare, &args, read)?;
        return Ok(if found.len() == look.limit { up_to_last(found) } else { Looked { found, below: None } });
    }
    let found = tx.query(look.further, &args, read)?;
    if found.len() == look.limit {
        return Ok(up_to_last(found));
    }
    // The document at the offset is the first that was not looked at.
    let next: Option<i64> = tx.first(SECOND_LOOK, &args![tenant, from, below], only)?;
    Ok(Looked { found, below: next.map(|doc| doc + 1) })
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

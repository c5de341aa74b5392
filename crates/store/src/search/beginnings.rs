//! Beginnings of words, spelled out as the words that begin so.
//!
//! For a beginning SQLite merges the whole lists of all its words before it gives the first document. Lists of single words
//! are walked from their newest end, so a few words asked for one by one are found at once, however common they are.

use domain::search::{Query, Term};

use crate::args;
use crate::db::{Error, Sql, Tx, only};

/// More words than this are left as a beginning: most of them are rare then.
const MOST: usize = 48;
/// Shorter beginnings have an index of their own.
const SHORTEST: usize = 4;

/// The first word at or after one, below another. PostgreSQL does not tell its words, and needs no help.
const NEXT_WORD: Sql = Sql::Split {
    sqlite: "
SELECT term
FROM search_words_each
WHERE term >= $1 AND term < $2
LIMIT 1",
    postgres: "
SELECT $1
WHERE CAST($1 AS TEXT) > CAST($2 AS TEXT)",
};

/// The query with its beginnings replaced by the words that there are, where these are few.
///
/// # Errors
/// Any fault of the database.
pub fn spelled_out(tx: &mut Tx<'_>, query: &Query) -> Result<Query, Error> {
    let mut query = query.clone();
    for alternatives in &mut query.wanted {
        let mut spelled = Vec::new();
        for term in alternatives.drain(..) {
            match words_of(tx, &term)? {
                Some(words) => spelled.extend(words.into_iter().map(|word| Term {
                    field: term.field,
                    words: vec![word],
                    is_prefix: false,
                })),
                None => spelled.push(term),
            }
        }
        *alternatives = spelled;
    }
    Ok(query)
}

fn words_of(tx: &mut Tx<'_>, term: &Term) -> Result<Option<Vec<String>>, Error> {
    let [beginning] = term.words.as_slice() else { return Ok(None) };
    if !term.is_prefix || beginning.chars().count() < SHORTEST {
        return Ok(None);
    }
    let end = format!("{beginning}{}", char::MAX);
    let mut words: Vec<String> = Vec::new();
    let mut from = beginning.clone();
    while let Some(word) = tx.first(NEXT_WORD, &args![from, end], only::<String>)? {
        if words.len() == MOST {
            return Ok(None);
        }
        // No word has this character, so this is the place right behind it.
        from = format!("{word}\u{1}");
        words.push(word);
    }
    Ok((!words.is_empty()).then_some(words))
}

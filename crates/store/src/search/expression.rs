//! A query's words in the language of each database's word index. Words are folded, so nothing in them has to be escaped.

use domain::search::{Field, Query, Term};

/// What a document is, beside its words. Each is a word that no text holds: it begins with a character of private use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Inbound,
    Outbound,
    Note,
    /// Files came with it.
    File,
}

impl Mark {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Mark::Inbound => "\u{e000}in",
            Mark::Outbound => "\u{e000}out",
            Mark::Note => "\u{e000}note",
            Mark::File => "\u{e000}file",
        }
    }
}

/// Every document has one of these.
const EVERY: &[Mark] = &[Mark::Inbound, Mark::Outbound, Mark::Note];

/// The words of a query as both databases want them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    /// For FTS5.
    pub(super) fts: String,
    /// For `tsquery`.
    pub(super) tsquery: String,
    /// As `tsquery`, with the words alone: neither their order nor their field. So much the index of words gives.
    pub(super) loose: String,
    /// Whether that is all that is asked: single words, anywhere.
    pub(super) is_loose: bool,
}

/// What is looked for; nothing, when there is neither a word nor a mark.
#[must_use]
pub fn expression(query: &Query, marks: &[(Mark, bool)]) -> Option<Expression> {
    let mut wanted: Vec<Vec<Words<'_>>> =
        query.wanted.iter().map(|terms| terms.iter().map(Words::Term).collect()).collect();
    let mut unwanted: Vec<Words<'_>> = query.unwanted.iter().map(Words::Term).collect();
    for (mark, is_wanted) in marks {
        if *is_wanted {
            wanted.push(vec![Words::Mark(*mark)]);
        } else {
            unwanted.push(Words::Mark(*mark));
        }
    }
    if wanted.is_empty() && unwanted.is_empty() {
        return None;
    }
    if wanted.is_empty() {
        // "Without" needs something to take from.
        wanted.push(EVERY.iter().copied().map(Words::Mark).collect());
    }
    Some(Expression {
        fts: whole(&wanted, &unwanted, " AND ", " OR ", " NOT ", Words::fts),
        tsquery: whole(&wanted, &unwanted, " & ", " | ", " & !", Words::tsquery),
        loose: whole(&wanted, &[], " & ", " | ", "", Words::loose),
        is_loose: wanted.iter().flatten().chain(&unwanted).all(Words::are_loose),
    })
}

enum Words<'q> {
    Term(&'q Term),
    Mark(Mark),
}

fn whole<'q>(
    wanted: &[Vec<Words<'q>>],
    unwanted: &[Words<'q>],
    and: &str,
    or: &str,
    not: &str,
    one: impl Fn(&Words<'q>) -> String,
) -> String {
    let any = |words: &[Words<'q>]| {
        let parts: Vec<String> = words.iter().map(&one).collect();
        format!("({})", parts.join(or))
    };
    let all: Vec<String> = wanted.iter().map(|words| any(words)).collect();
    let mut text = format!("({})", all.join(and));
    if !unwanted.is_empty() {
        text.push_str(not);
        text.push_str(&any(unwanted));
    }
    text
}

impl Words<'_> {
    fn fts(&self) -> String {
        match self {
            Words::Mark(mark) => format!("marks : \"{}\"", mark.word()),
            Words::Term(term) => {
                let field = match term.field {
                    None => "",
                    Some(Field::Subject) => "subject : ",
                    Some(Field::Sender) => "sender : ",
                    Some(Field::Recipients) => "recipients : ",
                };
                let star = if term.is_prefix { " *" } else { "" };
                format!("{field}\"{}\"{star}", term.words.join(" "))
            }
        }
    }

    fn tsquery(&self) -> String {
        let weight = match self {
            Words::Term(Term { field: Some(Field::Subject), .. }) => "A",
            Words::Term(Term { field: Some(Field::Sender), .. }) => "B",
            Words::Term(Term { field: Some(Field::Recipients), .. }) => "C",
            Words::Term(Term { field: None, .. }) | Words::Mark(_) => "",
        };
        self.lexemes(weight, " <-> ")
    }

    fn are_loose(&self) -> bool {
        match self {
            Words::Mark(_) => true,
            Words::Term(term) => term.field.is_none() && term.words.len() == 1,
        }
    }

    fn loose(&self) -> String {
        self.lexemes("", " & ")
    }

    fn lexemes(&self, weight: &str, between: &str) -> String {
        match self {
            Words::Mark(mark) => format!("'{}'", mark.word()),
            Words::Term(term) => {
                let last = term.words.len().wrapping_sub(1);
                let words = term.words.iter().enumerate().map(|(place, word)| {
                    let star = if place == last && term.is_prefix { "*" } else { "" };
                    let colon = if star.is_empty() && weight.is_empty() { "" } else { ":" };
                    format!("'{word}'{colon}{star}{weight}")
                });
                format!("({})", words.collect::<Vec<_>>().join(between))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::clock::Timestamp;
    use domain::search::parse;

    use super::*;

    fn both(text: &str, marks: &[(Mark, bool)]) -> Option<(String, String)> {
        let plain = |text: String| text.replace('\u{e000}', "=");
        expression(&parse(text, Timestamp::from_micros(0)), marks)
            .map(|expression| (plain(expression.fts), plain(expression.tsquery)))
    }

    #[test]
    fn a_query_is_written_for_both() {
        let (fts, tsquery) =
            both("from:jane \"late payment\" inv* cat OR dog -paid", &[(Mark::File, true)]).unwrap();
        assert_eq!(
            fts,
            r#"((sender : "jane") AND ("late payment") AND ("inv" *) AND ("cat" OR "dog") AND (marks : "=file")) NOT ("paid")"#
        );
        assert_eq!(
            tsquery,
            "((('jane':B)) & (('late' <-> 'payment')) & (('inv':*)) & (('cat') | ('dog')) & ('=file')) & !(('paid'))"
        );
    }

    #[test]
    fn without_something_is_taken_from_everything() {
        let (fts, tsquery) = both("-paid", &[]).unwrap();
        assert_eq!(fts, r#"((marks : "=in" OR marks : "=out" OR marks : "=note")) NOT ("paid")"#);
        assert_eq!(tsquery, "(('=in' | '=out' | '=note')) & !(('paid'))");
        assert_eq!(both("is:open", &[]), None);
    }
}

//! The language of queries: words, "phrases", `word*`, `-without`, `one OR other`, and operators such as `from:jane`.
//! Every text is a query: what cannot be understood is told in a note and left out, and an unknown operator is a word.

use schemars::JsonSchema;
use serde::Serialize;

use super::operators::{self, Condition};
use super::{dates, fold};
use crate::clock::Timestamp;

/// Words beyond this are left out: every one is another list to walk.
const MOST_WORDS: usize = 24;
/// The shortest beginning of a word that is looked for: shorter ones stand before half the language.
const SHORTEST_PREFIX: usize = 3;
/// A query is a line, not a letter.
const LONGEST: usize = 2_000;

/// The part of a document in which words are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Subject,
    Sender,
    Recipients,
}

/// Words that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Everywhere, when there is none.
    pub field: Option<Field>,
    /// Folded; never empty.
    pub words: Vec<String>,
    /// Whether the last word may go on.
    pub is_prefix: bool,
}

/// Terms of which one is enough; never empty.
pub type Alternatives = Vec<Term>;

/// A query that was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// Each of them has to be found.
    pub wanted: Vec<Alternatives>,
    /// None of them may be found.
    pub unwanted: Vec<Term>,
    /// Each with whether it is wanted.
    pub conditions: Vec<(Condition, bool)>,
    /// Not at or after this time.
    pub before: Option<Timestamp>,
    /// At or after this time.
    pub after: Option<Timestamp>,
    pub understood: Understood,
}

/// What was made of a query, for the one who wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SearchUnderstood")]
pub struct Understood {
    /// Words and phrases as they were typed.
    pub words: Vec<String>,
    pub filters: Vec<UnderstoodFilter>,
    /// What could not be understood or does not exist, as sentences.
    pub notes: Vec<String>,
}

/// One operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SearchFilter")]
pub struct UnderstoodFilter {
    pub operator: String,
    pub value: String,
    /// Whether a `-` stands before it.
    pub negated: bool,
}

/// Reads a query. `now` is what `7d` counts back from.
#[must_use]
pub fn parse(text: &str, now: Timestamp) -> Query {
    let mut reading = Reading { now, ..Reading::default() };
    if text.len() > LONGEST {
        reading.note(format!("Only the first {LONGEST} characters of the query were read."));
    }
    let mut rest = &text[..text.floor_char_boundary(LONGEST)];
    while let Some(item) = next_item(&mut rest) {
        reading.take(&item);
    }
    reading.query
}

/// A piece of a query as it was typed.
#[derive(Debug, PartialEq, Eq)]
struct Item<'q> {
    negated: bool,
    operator: Option<&'q str>,
    text: &'q str,
    quoted: bool,
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '“' | '”' | '„')
}

fn next_item<'q>(rest: &mut &'q str) -> Option<Item<'q>> {
    *rest = rest.trim_start();
    if rest.is_empty() {
        return None;
    }
    let negated =
        rest.starts_with('-') && rest[1..].starts_with(|next: char| !next.is_whitespace() && next != '-');
    if negated {
        *rest = &rest[1..];
    }
    let operator = operator_of(rest);
    if let Some(operator) = operator {
        *rest = &rest[operator.len() + 1..];
    }
    if let Some(inside) = rest.strip_prefix(is_quote) {
        // A quote that nobody closed goes to the end.
        let (text, after) = inside.split_once(is_quote).unwrap_or((inside, ""));
        *rest = after;
        return Some(Item { negated, operator, text, quoted: true });
    }
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let (text, after) = rest.split_at(end);
    *rest = after;
    Some(Item { negated, operator, text, quoted: false })
}

/// The known operator with which a text begins.
fn operator_of(text: &str) -> Option<&str> {
    let (name, _) = text.split_once(':')?;
    let is_known = name.len() < 12 && {
        let lower = name.to_ascii_lowercase();
        field_of(&lower).is_some()
            || ["before", "after"].contains(&lower.as_str())
            || operators::NAMES.contains(&lower.as_str())
    };
    is_known.then_some(name)
}

fn field_of(operator: &str) -> Option<Field> {
    match operator {
        "subject" => Some(Field::Subject),
        "from" => Some(Field::Sender),
        "to" | "cc" => Some(Field::Recipients),
        _ => None,
    }
}

/// A query that is being read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    query: Query,
    now: Timestamp,
    count: usize,
    /// Whether the next term is an alternative to the last.
    or: bool,
    /// Whether the last item was a wanted term, to which there can be an alternative.
    can_or: bool,
}

impl Reading {
    pub(super) fn note(&mut self, sentence: String) {
        if !self.query.understood.notes.contains(&sentence) {
            self.query.understood.notes.push(sentence);
        }
    }

    fn take(&mut self, item: &Item<'_>) {
        let is_bare = item.operator.is_none() && !item.quoted && !item.negated;
        if is_bare && item.text == "OR" && self.can_or {
            self.or = true;
            return;
        }
        if is_bare && item.text == "AND" && self.can_or {
            return;
        }
        let or = std::mem::take(&mut self.or);
        self.can_or = false;
        let operator = item.operator.map(str::to_ascii_lowercase);
        match operator.as_deref() {
            None => self.take_words(item, None, or),
            Some(operator) => {
                // Somebody is still typing.
                if item.text.is_empty() {
                    return;
                }
                self.query.understood.filters.push(UnderstoodFilter {
                    operator: operator.to_owned(),
                    value: item.text.to_owned(),
                    negated: item.negated,
                });
                match field_of(operator) {
                    Some(field) => self.take_words(item, Some(field), or),
                    None => {
                        if or {
                            self.note("OR stands between words only; here all were asked for.".to_owned());
                        }
                        self.take_condition(operator, item);
                    }
                }
            }
        }
    }

    fn take_words(&mut self, item: &Item<'_>, field: Option<Field>, or: bool) {
        let mut words: Vec<String> = fold(item.text);
        if words.is_empty() {
            return;
        }
        let room = MOST_WORDS.saturating_sub(self.count);
        if words.len() > room {
            words.truncate(room);
            self.note(format!("Only the first {MOST_WORDS} words were looked for."));
        }
        let Some(last) = words.last() else { return };
        let asks_prefix = !item.quoted && item.text.ends_with('*');
        // Writing without spaces is found by its characters anyway.
        let is_prefix = asks_prefix && last.chars().count() >= SHORTEST_PREFIX;
        if asks_prefix && !is_prefix && last.is_ascii() {
            self.note(format!(
                "'{}' was looked for as a word: a beginning has at least {SHORTEST_PREFIX} letters.",
                item.text
            ));
        }
        self.count += words.len();
        if field.is_none() {
            let minus = if item.negated { "-" } else { "" };
            self.query.understood.words.push(format!("{minus}{}", item.text));
        }
        let term = Term { field, words, is_prefix };
        if item.negated {
            self.query.unwanted.push(term);
            return;
        }
        self.can_or = true;
        match self.query.wanted.last_mut() {
            Some(last) if or => last.push(term),
            _ => self.query.wanted.push(vec![term]),
        }
    }

    fn take_condition(&mut self, operator: &str, item: &Item<'_>) {
        let (value, wanted) = (item.text, !item.negated);
        if matches!(operator, "before" | "after") {
            let Some(time) = dates::beginning(value, self.now) else {
                self.note(format!(
                    "'{operator}:{value}' has no date: write 2026-11-20, 2026-11, 2026, 7d, today or yesterday."
                ));
                return;
            };
            // What is not before is after, and the other way round.
            if (operator == "before") == wanted {
                self.query.before = Some(self.query.before.map_or(time, |known| known.min(time)));
            } else {
                self.query.after = Some(self.query.after.map_or(time, |known| known.max(time)));
            }
            return;
        }
        if let Some(condition) = operators::read(operator, value, self) {
            self.query.conditions.push((condition, wanted));
        }
    }
}

impl Query {
    /// The wanted and unwanted terms in one, for what is done with every word.
    #[must_use]
    pub fn wanted_terms(&self) -> Vec<&Term> {
        self.wanted.iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::operators::{Is, Person};
    use super::*;

    fn read(text: &str) -> Query {
        parse(text, "2026-11-20T12:00:00Z".parse().unwrap())
    }

    /// The terms as one line: `a b*` in `from`, alternatives with `|`.
    fn shown(query: &Query) -> String {
        let one = |term: &Term| {
            let field = match term.field {
                None => "",
                Some(Field::Subject) => "subject:",
                Some(Field::Sender) => "from:",
                Some(Field::Recipients) => "to:",
            };
            format!("{field}{}{}", term.words.join("+"), if term.is_prefix { "*" } else { "" })
        };
        let mut parts: Vec<String> =
            query.wanted.iter().map(|terms| terms.iter().map(one).collect::<Vec<_>>().join("|")).collect();
        parts.extend(query.unwanted.iter().map(|term| format!("-{}", one(term))));
        parts.join(" ")
    }

    #[test]
    fn words_phrases_prefixes_and_what_is_not_wanted() {
        for (text, terms) in [
            ("Invoice  overdue", "invoice overdue"),
            ("\"late  Payment\" inv*", "late+payment inv*"),
            ("invoice -paid -\"thank you\"", "invoice -paid -thank+you"),
            ("cat OR dog bird", "cat|dog bird"),
            ("OR cat AND dog OR", "or cat dog"),
            (
                "from:Jane to:joe@example.com Subject:\"order 7\"",
                "from:jane to:joe+example+com subject:order+7",
            ),
            ("-from:jane", "-from:jane"),
            ("http://example.com/x foo:bar", "http+example+com+x foo+bar"),
            ("in* 東京*", "in 東+京"),
            ("\"never closed", "never+closed"),
            ("“curly quotes”", "curly+quotes"),
            ("- -- * ! from: is:", ""),
            ("e-mail", "e+mail"),
        ] {
            assert_eq!(shown(&read(text)), terms, "{text}");
        }
    }

    #[test]
    fn operators_ask_of_the_conversation() {
        let query =
            read("is:open -tag:VIP tag:\"very important\" assignee:me team:Sales has:attachment -in:notes");
        assert_eq!(
            query.conditions,
            [
                (Condition::Is(Is::Open), true),
                (Condition::Tag("VIP".into()), false),
                (Condition::Tag("very important".into()), true),
                (Condition::Assignee(Person::Me), true),
                (Condition::Team("Sales".into()), true),
                (Condition::HasAttachment, true),
                (Condition::InNotes, false),
            ]
        );
        assert!(query.understood.notes.is_empty());
        assert_eq!(query.understood.filters.len(), 7);
    }

    #[test]
    fn dates_narrow_and_turn_round() {
        let query = read("after:2026-11-01 after:7d -after:2026-11-19");
        assert_eq!(query.after, Some("2026-11-13T12:00:00Z".parse().unwrap()));
        assert_eq!(query.before, Some("2026-11-19T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn faults_become_notes() {
        let query = read("is:purple before:soon in* invoice OR is:open");
        assert_eq!(
            query.understood.notes,
            [
                "There is no 'is:purple', only open, pending, snoozed, resolved, unread, read, tray, mine, unassigned.",
                "'before:soon' has no date: write 2026-11-20, 2026-11, 2026, 7d, today or yesterday.",
                "'in*' was looked for as a word: a beginning has at least 3 letters.",
                "OR stands between words only; here all were asked for.",
            ]
        );
        assert_eq!(query.conditions, [(Condition::Is(Is::Open), true)]);
    }

    #[test]
    fn a_letter_is_no_query() {
        let query = read(&"word ".repeat(1_000));
        assert_eq!(query.wanted.len(), 24);
        assert_eq!(query.understood.notes.len(), 2);
    }
}

//! The words by which contacts are found: those of the name, each address, its domain, the digits of each number.

use std::collections::BTreeSet;

use crate::channel::Channel;

/// A name of strangers' choice may be long; what comes behind these words finds nobody.
const MOST_WORDS: usize = 20;

/// The words of a contact. `addresses` are in the form in which they are compared.
#[must_use]
pub fn search_words<'a>(
    name: &str,
    addresses: impl IntoIterator<Item = (Channel, &'a str)>,
) -> BTreeSet<String> {
    let mut words: BTreeSet<String> = split(name).take(MOST_WORDS).collect();
    for (channel, address) in addresses {
        match channel {
            Channel::Email | Channel::Console => {
                words.insert(address.to_owned());
                if let Some((_, domain)) = address.rsplit_once('@') {
                    words.insert(domain.to_owned());
                }
            }
            Channel::Sms | Channel::Whatsapp => {
                words.insert(digits(address));
            }
        }
    }
    words
}

fn split(text: &str) -> impl Iterator<Item = String> {
    let text = text.to_lowercase();
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.into_iter()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// What somebody looks for: every piece has to be the beginning of some word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    /// As it was written: the beginning of an address, a number or a plain word.
    whole: String,
    /// Its words, where it is not one itself: `o'brien`.
    parts: Vec<String>,
}

impl Search {
    /// Reads what was typed; nothing when there is no word in it.
    #[must_use]
    pub fn of(text: &str) -> Option<Search> {
        if is_number(text) {
            let number = digits(text);
            // The exit code of many countries stands for the plus.
            let whole = number.strip_prefix("00").unwrap_or(&number).to_owned();
            return Some(Search { pieces: vec![Piece { whole, parts: Vec::new() }] });
        }
        let pieces: Vec<Piece> = text
            .to_lowercase()
            .split_whitespace()
            .map(|piece| piece.trim_start_matches('@'))
            .filter(|piece| piece.chars().any(char::is_alphanumeric))
            .map(|piece| {
                let parts: Vec<String> = split(piece).collect();
                // An address is looked for as a whole; its words would find others of the same house.
                let is_one = piece.contains('@') || parts == [piece];
                let parts = if is_one { Vec::new() } else { parts };
                Piece { whole: piece.to_owned(), parts }
            })
            .take(MOST_WORDS)
            .collect();
        (!pieces.is_empty()).then_some(Search { pieces })
    }

    /// Whether a contact with these words is meant.
    #[must_use]
    pub fn finds(&self, words: &BTreeSet<String>) -> bool {
        let begins = |beginning: &String| {
            words
                .range::<String, _>(beginning..)
                .next()
                .is_some_and(|word| word.starts_with(beginning.as_str()))
        };
        self.pieces
            .iter()
            .all(|piece| begins(&piece.whole) || (!piece.parts.is_empty() && piece.parts.iter().all(begins)))
    }

    /// For each piece, beginnings of words, one of which everybody has who is meant. The longest piece comes first: fewest
    /// have that.
    #[must_use]
    pub fn beginnings(&self) -> Vec<Vec<&str>> {
        let mut pieces: Vec<&Piece> = self.pieces.iter().collect();
        pieces.sort_by_key(|piece| std::cmp::Reverse(piece.whole.len()));
        pieces
            .into_iter()
            .map(|piece| {
                let longest = piece.parts.iter().max_by_key(|part| part.len());
                std::iter::once(&piece.whole).chain(longest).map(String::as_str).collect()
            })
            .collect()
    }
}

/// Whether a text is a phone number or its beginning.
fn is_number(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || "+-().".contains(c))
        && digits(text).len() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jane() -> BTreeSet<String> {
        let addresses = [(Channel::Email, "jane.doe@acme.example.com"), (Channel::Sms, "+15550100123")];
        search_words("Jane O'Brien-Müller", addresses)
    }

    #[test]
    fn every_piece_is_the_beginning_of_a_word() {
        for found in [
            "jane",
            "JA",
            "ja brien",
            "o'brien",
            "müller jane",
            "jane.d",
            "jane.doe@acme",
            "acme",
            "acme.exam",
            "+1 555 010",
            "1555",
            "001 555",
        ] {
            assert!(Search::of(found).expect("words").finds(&jane()), "{found}");
        }
        for other in ["ane", "jane x", "doe@acme", "555 0100", "o'neil"] {
            assert!(!Search::of(other).expect("words").finds(&jane()), "{other}");
        }
        assert_eq!(Search::of("  "), None);
        assert_eq!(Search::of(" - ! "), None);
    }

    #[test]
    fn whoever_is_meant_has_one_of_the_beginnings_of_each_piece() {
        for text in ["jane", "o'brien", "ja o'brien", "jane.doe@acme", "+1 555"] {
            let search = Search::of(text).expect("words");
            let words = jane();
            let has = |beginning: &&str| words.iter().any(|word| word.starts_with(*beginning));
            assert!(search.beginnings().iter().all(|piece| piece.iter().any(has)), "{text}");
        }
    }
}

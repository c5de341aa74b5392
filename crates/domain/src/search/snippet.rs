//! The place in a text that shows why it was found, with the hits marked.

use schemars::JsonSchema;
use serde::Serialize;

use super::query::Term;
use super::{Token, tokens};

/// How many words a snippet shows.
const WORDS: usize = 30;
/// How many of them stand before the first hit.
const BEFORE: usize = 8;
/// A word longer than this is shown cut.
const LONGEST_PIECE: usize = 200;
/// Beyond this many words nobody looks for a better place.
const FAR_ENOUGH: usize = 20_000;

/// A piece of a text, and whether it was looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SnippetPiece")]
pub struct Piece {
    pub text: String,
    pub hit: bool,
}

/// About thirty words around the first place where most of the terms are; the beginning, when there is none.
#[must_use]
pub fn snippet(text: &str, terms: &[&Term]) -> Vec<Piece> {
    let words: Vec<Token> = tokens(text).take(FAR_ENOUGH).collect();
    let hits = hits(&words, terms);
    let first = best(&hits);
    let from = first.saturating_sub(BEFORE);
    let to = (from + WORDS).min(words.len());
    let (Some(begin), Some(end)) = (words.get(from), words.get(to.wrapping_sub(1))) else {
        return Vec::new();
    };
    let begin = if from == 0 { 0 } else { begin.start };
    let end = if to == words.len() { text.len() } else { end.end };
    let mut pieces = pieces(text, &words[from..to], &hits[from..to], begin, end);
    if from > 0 {
        lead(&mut pieces);
    }
    if to < words.len() {
        push(&mut pieces, "…", false);
    }
    pieces
}

/// The whole of a short text with the hits marked.
#[must_use]
pub fn mark(text: &str, terms: &[&Term]) -> Vec<Piece> {
    let words: Vec<Token> = tokens(text).collect();
    let hits = hits(&words, terms);
    pieces(text, &words, &hits, 0, text.len())
}

/// For each word, by which term it is a hit.
fn hits(words: &[Token], terms: &[&Term]) -> Vec<Option<usize>> {
    let mut hits = vec![None; words.len()];
    for at in 0..words.len() {
        for (number, term) in terms.iter().enumerate() {
            let length = term.words.len();
            if at + length <= words.len() && begins(&words[at..at + length], term) {
                hits[at..at + length].fill(Some(number));
            }
        }
    }
    hits
}

fn begins(words: &[Token], term: &Term) -> bool {
    let last = term.words.len().wrapping_sub(1);
    words.iter().zip(&term.words).enumerate().all(|(place, (found, wanted))| {
        if place == last && term.is_prefix {
            found.word.starts_with(wanted.as_str())
        } else {
            found.word == *wanted
        }
    })
}

/// The first hit of the window with the most different terms.
fn best(hits: &[Option<usize>]) -> usize {
    let mut best = (0, 0);
    for (at, hit) in hits.iter().enumerate() {
        if hit.is_none() {
            continue;
        }
        let window = &hits[at..(at + WORDS - BEFORE).min(hits.len())];
        let mut seen: Vec<usize> = window.iter().filter_map(|hit| *hit).collect();
        seen.sort_unstable();
        seen.dedup();
        if seen.len() > best.1 {
            best = (at, seen.len());
        }
    }
    best.0
}

fn pieces(text: &str, words: &[Token], hits: &[Option<usize>], begin: usize, end: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = begin;
    for (token, hit) in words.iter().zip(hits) {
        if hit.is_some() {
            push(&mut pieces, &text[at..token.start], false);
            push(&mut pieces, &text[token.start..token.end], true);
            at = token.end;
        }
    }
    push(&mut pieces, &text[at..end], false);
    // White space at the edges says nothing.
    if let Some(first) = pieces.first_mut().filter(|piece| !piece.hit) {
        first.text = first.text.trim_start().to_owned();
    }
    if let Some(last) = pieces.last_mut().filter(|piece| !piece.hit) {
        last.text.truncate(last.text.trim_end().len());
    }
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

fn lead(pieces: &mut Vec<Piece>) {
    match pieces.first_mut() {
        Some(first) if !first.hit => first.text.insert(0, '…'),
        _ => pieces.insert(0, Piece { text: "…".to_owned(), hit: false }),
    }
}

/// Adds a text with white space as single spaces, to the piece before when that is of the same kind.
fn push(pieces: &mut Vec<Piece>, text: &str, hit: bool) {
    let mut clean = String::with_capacity(text.len());
    let mut run = 0;
    for character in text.chars() {
        if character.is_whitespace() || character.is_control() {
            run = 0;
            if !clean.ends_with(' ') {
                clean.push(' ');
            }
        } else {
            run += 1;
            if run <= LONGEST_PIECE {
                clean.push(character);
            }
        }
    }
    match pieces.last_mut() {
        Some(last) if last.hit == hit => last.text.push_str(&clean),
        _ if clean.is_empty() => {}
        _ => pieces.push(Piece { text: clean, hit }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::search::parse;

    fn shown(text: &str, query: &str) -> String {
        let query = parse(query, Timestamp::from_micros(0));
        let piece = |piece: Piece| if piece.hit { format!("[{}]", piece.text) } else { piece.text };
        snippet(text, &query.wanted_terms()).into_iter().map(piece).collect()
    }

    #[test]
    fn hits_are_marked_as_they_are_written() {
        assert_eq!(shown("Your  Invoïce\r\n is late.", "invoice late"), "Your [Invoïce] is [late].");
        assert_eq!(shown("late payment, payment late", "\"payment late\""), "late payment, [payment] [late]");
        assert_eq!(shown("invoices invoiced in", "invoice*"), "[invoices] [invoiced] in");
        assert_eq!(shown("東京タワー", "京タ"), "東[京タ]ワー");
        assert_eq!(shown("nothing here", "absent"), "nothing here");
        assert_eq!(shown("", "absent"), "");
        assert_eq!(shown("!!!", "absent"), "");
    }

    #[test]
    fn the_place_with_most_words_is_shown() {
        let filler = "filler ".repeat(50);
        let text = format!("invoice {filler} the second invoice is overdue {filler}");
        let found = shown(&text, "invoice overdue");
        assert!(found.starts_with("…filler") && found.ends_with('…'), "{found}");
        assert!(found.contains("the second [invoice] is [overdue] filler"), "{found}");
    }
}

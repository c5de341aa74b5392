//! Any text is a query, and what a text says is found in it, however it is written.

use domain::clock::Timestamp;
use domain::search::{Term, fold, folded, parse, snippet, tokens};
use proptest::prelude::*;

fn now() -> Timestamp {
    Timestamp::from_micros(1_790_000_000_000_000)
}

proptest! {
    #[test]
    fn every_text_is_a_query(text in "\\PC*") {
        let _ = parse(&text, now());
    }

    #[test]
    fn every_line_of_operators_is_a_query(
        items in proptest::collection::vec(
            ("-?", "(from|to|cc|subject|is|in|has|tag|team|assignee|before|after|channel|priority|foo)?", ":?",
             "(\"[^\"]{0,9}\"?|[a-zé東*:-]{0,9}|[0-9]{1,5}[dwmy]|OR|AND)"), 0..12))
    {
        let text = items.iter().map(|(a, b, c, d)| format!("{a}{b}{c}{d}")).collect::<Vec<_>>().join(" ");
        let query = parse(&text, now());
        for term in query.wanted.iter().flatten().chain(&query.unwanted) {
            prop_assert!(!term.words.is_empty());
        }
        prop_assert!(query.wanted.iter().all(|terms| !terms.is_empty()));
    }

    #[test]
    fn words_hold_nothing_that_a_database_would_read(text in "\\PC*") {
        for word in fold(&text) {
            prop_assert!(!word.is_empty() && word.chars().count() <= 40);
            prop_assert!(word.chars().all(|letter| !letter.is_ascii() || letter.is_ascii_lowercase() || letter.is_ascii_digit()), "{word}");
            let is_odd = word.contains(['\u{e000}', '\'', '\\', '"', ' ']);
            prop_assert!(!is_odd);
        }
    }

    #[test]
    fn case_does_not_count(text in "[a-zA-Zà-ÿ ,.]*") {
        prop_assert_eq!(fold(&text), fold(&text.to_lowercase()));
    }

    #[test]
    fn places_lie_in_the_text_in_order(text in "\\PC*") {
        let mut last = 0;
        for token in tokens(&text) {
            prop_assert!(last <= token.start && token.start < token.end);
            prop_assert!(text.get(token.start..token.end).is_some());
            last = token.end;
        }
    }

    #[test]
    fn what_is_cut_is_a_beginning(text in "\\PC*", bytes in 0_usize..100, words in 0_usize..20) {
        let whole = fold(&text).join(" ");
        let cut = folded(&text, bytes, words);
        prop_assert!(cut.len() <= bytes && whole.starts_with(&cut));
    }

    /// Any run of words of a text, asked for as a phrase, is marked in its snippet.
    #[test]
    fn a_phrase_of_a_text_is_marked(text in "\\PC{1,200}", from in 0_usize..40, length in 1_usize..4) {
        let all = fold(&text);
        if let Some(words) = all.get(from..from + length) {
            let term = Term { field: None, words: words.to_vec(), is_prefix: false };
            let pieces = snippet(&text, &[&term]);
            prop_assert!(pieces.iter().any(|piece| piece.hit));
        }
    }
}

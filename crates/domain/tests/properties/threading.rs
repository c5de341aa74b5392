//! Placing a message and comparing subjects.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::ids::Id;
use domain::threading::{
    Candidate, Found, Placement, SUBJECT_WINDOW, is_reply_subject, normal_subject, place,
};
use proptest::option;
use proptest::prelude::*;

fn candidate() -> impl Strategy<Value = Candidate> {
    (any::<u128>(), any::<u128>(), any::<bool>(), 0..100_000_000_000_000_i64).prop_map(
        |(thread, conversation, knows_sender, micros)| Candidate {
            thread: Id::from_u128(thread),
            conversation: Id::from_u128(conversation),
            knows_sender,
            last_activity: Timestamp::from_micros(micros),
        },
    )
}

fn found() -> impl Strategy<Value = Found> {
    (option::of(candidate()), option::of(candidate()), option::of(candidate()))
        .prop_map(|(by_token, by_references, by_subject)| Found { by_token, by_references, by_subject })
}

/// Subjects that are mostly marks, brackets, colons and spaces, in many scripts.
fn subject() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "Re",
        "re",
        "AW",
        "Fwd",
        "R",
        "I",
        "回复",
        "На",
        "Antw",
        "TR",
        "[2]",
        "(3)",
        "7",
        ":",
        "：",
        " ",
        "\t",
        "\u{a0}",
        "\u{3000}",
        "Invoice",
        "İstanbul",
        "ΑΣ",
        "ẞ",
        "re re",
        "-",
        "",
    ];
    prop_oneof![
        proptest::collection::vec(proptest::sample::select(PIECES), 0..12).prop_map(|pieces| pieces.concat()),
        ".{0,40}"
    ]
}

proptest! {
    #[test]
    fn a_stranger_is_never_let_into_a_thread(found in found(), now in 0..100_000_000_000_000_i64) {
        let now = Timestamp::from_micros(now);
        let placement = place(&found, now);
        if let Placement::Join { candidate, .. } = placement {
            prop_assert!(candidate.knows_sender);
        }
        // Strongest first: with a token nothing else is looked at.
        if found.by_token.is_some() {
            let alone = Found { by_references: None, by_subject: None, ..found };
            prop_assert_eq!(placement, place(&alone, now));
        }
        if found.by_token.is_none() && found.by_references.is_none() {
            let later = now.plus(SUBJECT_WINDOW).plus(Duration::from_secs(100_000_000));
            prop_assert_eq!(place(&found, later), Placement::Open);
        }
    }

    #[test]
    fn a_subject_is_normal_after_one_time(subject in subject()) {
        let normal = normal_subject(&subject);
        prop_assert_eq!(normal_subject(&normal), normal.clone(), "of {:?}", subject);
        prop_assert!(!is_reply_subject(&normal), "{:?} keeps a mark: {:?}", subject, normal);
    }

    #[test]
    fn a_reply_has_the_subject_of_what_it_answers(subject in subject(), mark in proptest::sample::select(vec!["Re: ", "AW:", "Fwd: RE: ", "回复："])) {
        prop_assert_eq!(normal_subject(&format!("{mark}{subject}")), normal_subject(&subject));
    }
}

//! Ids, times and cursors: what is made later sorts later, and what is written reads back.

use std::time::Duration;

use domain::chance::Chance;
use domain::clock::{Clock, Timestamp};
use domain::ids::{Id, Ids, Message, MessageId};
use domain::page::{Cursor, Page};
use proptest::prelude::*;

proptest! {
    #[test]
    fn ids_rise_whatever_the_clock_does(start in 0..4_000_000_000_000_000_i64, steps in proptest::collection::vec(0..3_000_u64, 1..60), seed: u64) {
        let clock = Clock::manual(Timestamp::from_micros(start));
        let ids = Ids::new(clock.clone(), Chance::seeded(seed));
        let made: Vec<MessageId> = steps
            .iter()
            .map(|step| {
                clock.advance(Duration::from_micros(*step));
                ids.next()
            })
            .collect();
        for pair in made.windows(2) {
            prop_assert!(pair[0] < pair[1] && pair[0].to_string() < pair[1].to_string());
        }
        for id in made {
            prop_assert_eq!((id.as_u128() >> 76) & 0xF, 7, "the version");
            prop_assert_eq!((id.as_u128() >> 62) & 0b11, 0b10, "the variant");
        }
    }

    #[test]
    fn ids_are_ordered_as_their_texts(left: u128, right: u128) {
        let (left, right): (Id<Message>, Id<Message>) = (Id::from_u128(left), Id::from_u128(right));
        prop_assert_eq!(left.cmp(&right), left.to_string().cmp(&right.to_string()));
        prop_assert_eq!(left.to_string().parse::<MessageId>(), Ok(left));
        prop_assert_eq!(MessageId::from_suffix(&left.suffix()), Some(left));
    }

    #[test]
    fn no_other_text_is_an_id(text in "(msg_)?[0-9a-zA-Z]{24,28}|.{0,32}") {
        if let Ok(id) = text.parse::<MessageId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn a_time_reads_back(micros in -377_705_023_201_000_000..=253_402_207_200_999_999_i64) {
        let time = Timestamp::from_micros(micros);
        prop_assert_eq!(time.to_string().parse::<Timestamp>(), Ok(time));
        let json = serde_json::to_string(&time).unwrap();
        prop_assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), time);
    }

    #[test]
    fn times_add_without_overflow(micros: i64, seconds: u64, nanos in 0..1_000_000_000_u32) {
        let (time, span) = (Timestamp::from_micros(micros), Duration::new(seconds, nanos));
        prop_assert!(time.plus(span) >= time && time.minus(span) <= time);
        prop_assert_eq!(time.since(time.plus(span)), Duration::ZERO);
        prop_assert!(time.plus(span).since(time) <= span);
    }

    #[test]
    fn any_text_that_is_no_time_is_refused_and_not_a_panic(text: String) {
        if let Ok(time) = text.parse::<Timestamp>() {
            prop_assert_eq!(time.to_string().parse::<Timestamp>(), Ok(time));
        }
    }

    #[test]
    fn a_cursor_reads_back(key: i64, id: String) {
        let cursor = Cursor { key, id };
        let text = cursor.encode();
        prop_assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'), "it stands in a URL");
        prop_assert_eq!(Cursor::decode(&text), Some(cursor));
    }

    #[test]
    fn a_foreign_cursor_is_refused_and_not_a_panic(text: String) {
        if let Some(cursor) = Cursor::decode(&text) {
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }
    }

    #[test]
    fn pages_together_are_the_list(rows in proptest::collection::vec(any::<i64>(), 0..50), limit in 1..12_u32) {
        let (mut seen, mut from) = (Vec::new(), 0);
        loop {
            let upto = rows.len().min(from + limit as usize + 1);
            let page = Page::cut(rows[from..upto].to_vec(), limit, |row| Cursor { key: *row, id: String::new() });
            prop_assert!(page.rows.len() <= limit as usize);
            from += page.rows.len();
            seen.extend(page.rows);
            match page.next {
                Some(cursor) => prop_assert_eq!(Some(&cursor.key), seen.last()),
                None => break,
            }
        }
        prop_assert_eq!(seen, rows);
    }
}

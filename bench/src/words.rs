//! A language to write mails in: 60,000 words, used as often as words of a real language are (Zipf's
//! law: the second half as often as the first, the hundredth a hundredth as often).

use crate::chance::Chance;

/// How many words there are.
pub const WORDS: u64 = 60_000;

/// The most frequent ones, in that order: those of any English text, then those of customers.
const FREQUENT: [&str; 120] = [
    "the", "to", "and", "a", "of", "i", "is", "in", "it", "you", "for", "we", "that", "my", "on", "with",
    "this", "have", "be", "not", "your", "are", "was", "as", "at", "but", "from", "or", "please", "order",
    "by", "can", "if", "so", "all", "will", "would", "our", "has", "me", "invoice", "there", "been", "what",
    "when", "delivery", "an", "do", "they", "us", "account", "still", "no", "one", "about", "payment",
    "just", "any", "help", "get", "thanks", "refund", "were", "since", "address", "time", "other", "could",
    "did", "parcel", "how", "number", "email", "again", "received", "problem", "after", "their", "week",
    "hello", "price", "send", "new", "which", "return", "because", "only", "card", "before", "question",
    "wrong", "box", "monday", "customer", "change", "broken", "sent", "waiting", "bank", "date", "size",
    "cancel", "door", "charge", "today", "color", "phone", "contract", "label", "screen", "report",
    "warranty", "friday", "tracking", "battery", "voucher", "discount", "reminder", "password", "shipment",
];

const BEGINNINGS: [&str; 20] =
    ["b", "br", "c", "d", "dr", "f", "g", "gr", "h", "k", "l", "m", "n", "p", "pl", "r", "s", "st", "t", "v"];
const VOWELS: [&str; 5] = ["a", "e", "i", "o", "u"];
const ENDINGS: [&str; 6] = ["", "n", "r", "s", "l", "t"];

/// The word of a rank, 0 being the most frequent.
pub fn word(rank: u64) -> String {
    let frequent = FREQUENT.len() as u64;
    if rank < frequent {
        return FREQUENT[rank as usize].to_owned();
    }
    // Syllables as digits: every rank has a spelling of its own.
    let syllables = (BEGINNINGS.len() * VOWELS.len()) as u64;
    let (mut rest, mut spelling) = (rank - frequent + syllables, String::new());
    while rest > 0 {
        let digit = rest % syllables;
        spelling.push_str(BEGINNINGS[(digit / 5) as usize]);
        spelling.push_str(VOWELS[(digit % 5) as usize]);
        rest /= syllables;
    }
    // Endings make them look less alike and keep each of them different.
    spelling.push_str(ENDINGS[(rank % 6) as usize]);
    spelling.push('z');
    spelling
}

/// All of them, ready to be used.
#[derive(Debug)]
pub struct Language {
    words: Vec<String>,
}

impl Language {
    pub fn learn() -> Self {
        Self { words: (0..WORDS).map(word).collect() }
    }

    /// A word as a text would bring it.
    pub fn any(&self, chance: &mut Chance) -> &str {
        // The logarithm of a word's rank is spread evenly: that is Zipf's law.
        let share = (chance.draw() >> 11) as f64 / (1_u64 << 53) as f64;
        let rank = (share * (WORDS as f64).ln()).exp() as usize - 1;
        &self.words[rank.min(self.words.len() - 1)]
    }

    /// A word between two ranks.
    pub fn between(&self, ranks: std::ops::Range<u64>, chance: &mut Chance) -> &str {
        &self.words[chance.within(ranks) as usize]
    }

    /// Appends sentences of about `bytes` bytes, lines ended by `line_end`.
    pub fn write(&self, chance: &mut Chance, bytes: usize, line_end: &str, out: &mut String) {
        let start = out.len();
        let (mut line, mut sentence) = (0, 0);
        while out.len() - start < bytes {
            let word = self.any(chance);
            if line + word.len() > 72 {
                out.push_str(line_end);
                line = 0;
            } else if line > 0 {
                out.push(' ');
            }
            out.push_str(word);
            line += word.len() + 1;
            sentence += 1;
            if sentence > 6 && chance.hits(0.15) {
                out.push('.');
                sentence = 0;
            }
        }
        out.push('.');
    }
}

/// A word that no other text has: the name of a number.
pub fn unique(number: u64) -> String {
    format!("nr{number}q")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Language, WORDS, word};
    use crate::chance::Chance;

    #[test]
    fn every_word_is_spelt_differently() {
        let spelt: HashSet<String> = (0..WORDS).map(word).collect();
        assert_eq!(spelt.len() as u64, WORDS);
    }

    #[test]
    fn a_text_uses_words_as_a_language_does() {
        let (language, mut chance) = (Language::learn(), Chance::from_seed(1));
        let mut text = String::new();
        language.write(&mut chance, 200_000, "\r\n", &mut text);
        let count = |word: &str| text.split([' ', '.', '\r', '\n']).filter(|other| *other == word).count();
        let (the, order) = (count("the"), count("order"));
        assert!(the > 20 * order && order > 10, "{the} {order}");
        assert!(text.lines().all(|line| line.len() < 80));
    }
}

//! Words, folded: lower case, without accents, compatibility forms as their plain ones, and writing without spaces taken
//! apart by character, so that a phrase finds what stands within it.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Longer words are cut: nobody types them, and encoded bytes would fill the index.
const LONGEST: usize = 40;

/// A word of a text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub word: String,
    /// In bytes.
    pub start: usize,
    pub end: usize,
}

/// The words of a text, in order, with their places.
pub fn tokens(text: &str) -> Tokens<'_> {
    Tokens { text, at: 0 }
}

/// The words of a text.
#[must_use]
pub fn fold(text: &str) -> Vec<String> {
    tokens(text).map(|token| token.word).collect()
}

/// The words of a text with a space between them, up to a size in bytes and a count of words.
#[must_use]
pub fn folded(text: &str, bytes: usize, words: usize) -> String {
    if text.is_ascii() { plain_folded(text, bytes, words) } else { folded_by_token(text, bytes, words) }
}

/// As [`folded_by_token`], for most of what is written in the world: nothing to take apart, no accents.
fn plain_folded(text: &str, bytes: usize, words: usize) -> String {
    let mut folded = String::with_capacity(text.len().min(bytes));
    let parts = text.split(|character: char| !character.is_ascii_alphanumeric());
    for word in parts.filter(|part| !part.is_empty()).take(words) {
        let word = &word[..word.len().min(LONGEST)];
        if folded.len() + word.len() >= bytes {
            break;
        }
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded.make_ascii_lowercase();
    folded
}

fn folded_by_token(text: &str, bytes: usize, words: usize) -> String {
    let mut folded = String::new();
    for token in tokens(text).take(words) {
        if folded.len() + token.word.len() >= bytes {
            break;
        }
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(&token.word);
    }
    folded
}

/// Whether two names are the same to somebody who types: case, accents and punctuation do not count.
#[must_use]
pub fn is_same_name(one: &str, other: &str) -> bool {
    let one = fold(one);
    if one.is_empty() { false } else { one == fold(other) }
}

pub struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let mut open: Option<Open> = None;
        for (offset, character) in self.text[self.at..].char_indices() {
            let start = self.at + offset;
            let end = start + character.len_utf8();
            match role(character) {
                Role::Mark if open.is_some() => {
                    open = open.map(|open| open.with(character, end));
                }
                Role::Part if open.as_ref().is_none_or(|open| !open.stands_alone) => {
                    open = Some(open.unwrap_or(Open::at(start, false)).with(character, end));
                }
                Role::Alone if open.is_none() => open = Some(Open::at(start, true).with(character, end)),
                // What follows begins a word of its own, or is none.
                Role::Part | Role::Alone => {
                    if let Some(token) = open.take().and_then(Open::close) {
                        self.at = start;
                        return Some(token);
                    }
                    let alone = role(character) == Role::Alone;
                    open = Some(Open::at(start, alone).with(character, end));
                }
                Role::Mark | Role::Gap => {
                    if let Some(token) = open.take().and_then(Open::close) {
                        self.at = end;
                        return Some(token);
                    }
                }
            }
        }
        self.at = self.text.len();
        open.and_then(Open::close)
    }
}

/// A word that is being read.
struct Open {
    word: String,
    length: usize,
    start: usize,
    end: usize,
    stands_alone: bool,
}

impl Open {
    fn at(start: usize, stands_alone: bool) -> Open {
        Open { word: String::new(), length: 0, start, end: start, stands_alone }
    }

    fn with(mut self, character: char, end: usize) -> Open {
        self.end = end;
        if character.is_ascii() {
            self.push(character.to_ascii_lowercase());
        } else {
            decompose_compatible(character, |part| {
                if !is_accent(part) {
                    plain(part, |letter| self.push(letter));
                }
            });
        }
        self
    }

    fn push(&mut self, letter: char) {
        if self.length < LONGEST && is_of_a_word(letter) {
            self.word.push(letter);
            self.length += 1;
        }
    }

    fn close(self) -> Option<Token> {
        let Open { word, start, end, .. } = self;
        (!word.is_empty()).then_some(Token { word, start, end })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Goes with the letter before it.
    Mark,
    /// A letter or digit of a word.
    Part,
    /// A word, or nearly one, by itself.
    Alone,
    Gap,
}

fn role(character: char) -> Role {
    if character.is_ascii() {
        return if character.is_ascii_alphanumeric() { Role::Part } else { Role::Gap };
    }
    // Conjoining Korean vowels and final consonants belong to the syllable that a consonant began.
    if is_combining_mark(character) || matches!(character, '\u{1160}'..='\u{11ff}' | '\u{ff9e}' | '\u{ff9f}')
    {
        Role::Mark
    } else if stands_alone(character) {
        Role::Alone
    } else if character.is_alphanumeric() {
        Role::Part
    } else {
        Role::Gap
    }
}

fn is_of_a_word(letter: char) -> bool {
    letter.is_alphanumeric() || is_combining_mark(letter)
}

/// Writing that puts no spaces between words, and Korean, whose particles hang on the word.
fn stands_alone(character: char) -> bool {
    matches!(character,
        '\u{e00}'..='\u{eff}' // Thai, Lao
        | '\u{1000}'..='\u{109f}' // Burmese
        | '\u{1100}'..='\u{115f}' // leading consonants of Korean
        | '\u{1780}'..='\u{17ff}' // Khmer
        | '\u{2e80}'..='\u{2fdf}' // radicals
        | '\u{3005}'..='\u{3007}'
        | '\u{3021}'..='\u{30ff}' // kana
        | '\u{3131}'..='\u{318e}'
        | '\u{31a0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}' // Korean syllables
        | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9d}' // kana of half width
        | '\u{20000}'..='\u{3ffff}')
        && character.is_alphanumeric()
}

/// Marks that people leave out when they type. Vowel signs of other scripts make other words and stay.
fn is_accent(mark: char) -> bool {
    matches!(mark,
        '\u{300}'..='\u{36f}'
        | '\u{591}'..='\u{5c7}' // points of Hebrew
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}' // vowels of Arabic
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}')
}

/// Lower case, and letters with a stroke as people type them who have no such key.
fn plain(letter: char, mut push: impl FnMut(char)) {
    for lower in letter.to_lowercase() {
        match lower {
            'ß' => "ss".chars().for_each(&mut push),
            'æ' => "ae".chars().for_each(&mut push),
            'œ' => "oe".chars().for_each(&mut push),
            'þ' => "th".chars().for_each(&mut push),
            'ø' => push('o'),
            'ł' => push('l'),
            'đ' | 'ð' => push('d'),
            'ħ' => push('h'),
            'ı' => push('i'),
            'ς' => push('σ'),
            other if is_accent(other) => {}
            other => push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_compatibility_forms_do_not_count() {
        for (text, words) in [
            ("Crème BRÛLÉE", "creme brulee"),
            ("cre\u{300}me", "creme"),
            ("Straße, Ærø & Łódź", "strasse aero lodz"),
            ("ＩＮＶ－７ ﬁle", "inv 7 file"),
            ("Ελλάς", "ελλασ"),
            ("İstanbul", "istanbul"),
            ("don't", "don t"),
            ("jane.doe@example.com", "jane doe example com"),
        ] {
            assert_eq!(fold(text).join(" "), words, "{text}");
        }
    }

    #[test]
    fn plain_text_is_folded_as_any_other() {
        let long = "x".repeat(50);
        for text in ["", " - ", "Hello, World! 2x", "jane.doe@Example.com\r\n> On 3 May", long.as_str()] {
            for (bytes, words) in [(1_000, 100), (12, 100), (1_000, 2), (0, 1)] {
                assert_eq!(
                    plain_folded(text, bytes, words),
                    folded_by_token(text, bytes, words),
                    "{text:?}, {bytes} bytes, {words} words"
                );
            }
        }
    }

    #[test]
    fn writing_without_spaces_is_taken_apart() {
        assert_eq!(fold("東京タワー2号").join(" "), "東 京 タ ワ ー 2 号");
        assert_eq!(fold("ﾀﾞ").join(" "), fold("ダ").join(" "));
        // One syllable is one word, however it is encoded.
        assert_eq!(fold("한국").len(), 2);
        assert_eq!(fold("한국"), fold("\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}"));
        assert_eq!(fold("हिन्दी").len(), 1, "vowel signs keep a word together");
    }

    #[test]
    fn places_are_those_in_the_text() {
        let text = "Ça va, Zoë?";
        let found: Vec<&str> = tokens(text).map(|token| &text[token.start..token.end]).collect();
        assert_eq!(found, ["Ça", "va", "Zoë"]);
    }

    #[test]
    fn what_nobody_types_is_cut() {
        assert_eq!(fold(&"x".repeat(500)), ["x".repeat(40)]);
        assert_eq!(folded("one two three", 8, 9), "one two");
        assert_eq!(folded("one two three", 99, 2), "one two");
    }

    #[test]
    fn names_are_the_same_to_somebody_who_types() {
        assert!(is_same_name("Très-Important", "tres important"));
        assert!(!is_same_name("!", "?"));
    }
}

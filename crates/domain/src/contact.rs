//! What may be known about a contact: addresses, attributes, time zone, locale; each checked where it comes in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::EmailAddress;
use crate::channel::Channel;

mod words;

pub use words::{Search, search_words};

/// The most attributes of one contact.
pub const MOST_ATTRIBUTES: usize = 100;
const LONGEST_KEY: usize = 60;
const LONGEST_TEXT: usize = 1_000;
const LONGEST_NAME: usize = 200;

/// The attributes of a contact, by key.
pub type Attributes = BTreeMap<String, AttributeValue>;

/// What an attribute holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged, expecting = "expected a text, a number, true or false")]
pub enum AttributeValue {
    Truth(bool),
    Number(serde_json::Number),
    Text(String),
}

impl AttributeValue {
    /// The value as people read it.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            AttributeValue::Truth(truth) => truth.to_string(),
            AttributeValue::Number(number) => number.to_string(),
            AttributeValue::Text(text) => text.clone(),
        }
    }

    /// The form in which values are compared and found.
    #[must_use]
    pub fn key(&self) -> String {
        self.shown().trim().to_lowercase()
    }
}

/// A text that is not what a field takes; says what is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub &'static str);

/// Checks the key of an attribute.
///
/// # Errors
/// Says what a key looks like.
pub fn attribute_key(key: &str) -> Result<(), Unfit> {
    let fits = (1..=LONGEST_KEY).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if fits { Ok(()) } else { Err(Unfit("expected a key of 1 to 60 characters a-z, 0-9 and _")) }
}

/// Checks the value of an attribute.
///
/// # Errors
/// Says what a value looks like.
pub fn attribute_value(value: &AttributeValue) -> Result<(), Unfit> {
    match value {
        AttributeValue::Text(text) if text.chars().count() > LONGEST_TEXT => {
            Err(Unfit("expected a text of at most 1000 characters"))
        }
        _ => Ok(()),
    }
}

/// A name in one line.
///
/// # Errors
/// Says what a name looks like.
pub fn name(text: &str) -> Result<String, Unfit> {
    let text = text.trim();
    if text.chars().count() > LONGEST_NAME || text.chars().any(char::is_control) {
        return Err(Unfit("expected one line of at most 200 characters"));
    }
    Ok(text.to_owned())
}

/// An address on a channel, in the form in which it is kept and shown.
///
/// # Errors
/// Says what an address on this channel looks like.
pub fn address(channel: Channel, text: &str) -> Result<String, Unfit> {
    match channel {
        Channel::Email | Channel::Console => {
            let address: EmailAddress =
                text.parse().map_err(|_| Unfit("expected an email address such as jane@example.com"))?;
            Ok(address.as_str().to_owned())
        }
        Channel::Sms | Channel::Whatsapp => phone(text),
    }
}

/// The form in which addresses of a channel are compared and found.
#[must_use]
pub fn address_key(address: &str) -> String {
    address.to_lowercase()
}

/// A phone number as E.164 has it. Only its shape is checked: whether the country has such numbers is not.
///
/// # Errors
/// Says what a number looks like.
pub fn phone(text: &str) -> Result<String, Unfit> {
    const EXPECTED: Unfit = Unfit("expected a phone number with its country, such as +15550100123");
    let bare: String =
        text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | '(' | ')' | '/')).collect();
    let digits = bare.strip_prefix('+').or_else(|| bare.strip_prefix("00")).ok_or(EXPECTED)?;
    let fits = (7..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if fits { Ok(format!("+{digits}")) } else { Err(EXPECTED) }
}

/// The name of a time zone as the IANA database spells it.
///
/// # Errors
/// Says what a name looks like.
pub fn time_zone(text: &str) -> Result<String, Unfit> {
    const EXPECTED: Unfit = Unfit("expected an IANA time zone such as Europe/Berlin");
    let zone = jiff::tz::TimeZone::get(text.trim()).map_err(|_| EXPECTED)?;
    zone.iana_name().map(str::to_owned).ok_or(EXPECTED)
}

/// A language tag in the shape of BCP 47, each part in its usual case: `de`, `pt-BR`, `zh-Hant-TW`.
///
/// # Errors
/// Says what a tag looks like.
pub fn locale(text: &str) -> Result<String, Unfit> {
    const EXPECTED: Unfit = Unfit("expected a language tag such as en, pt-BR or zh-Hant-TW");
    let text = text.trim().replace('_', "-");
    if text.len() > 35 {
        return Err(EXPECTED);
    }
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    if !(2..=8).contains(&language.len()) || !language.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err(EXPECTED);
    }
    let mut tag = language.to_ascii_lowercase();
    for part in parts {
        if !(1..=8).contains(&part.len()) || !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(EXPECTED);
        }
        tag.push('-');
        tag.push_str(&usual_case(part));
    }
    Ok(tag)
}

/// Regions are upper case, scripts begin so, all else is lower case.
fn usual_case(part: &str) -> String {
    let letters = part.bytes().all(|byte| byte.is_ascii_alphabetic());
    match part.len() {
        2 if letters => part.to_ascii_uppercase(),
        4 if letters => part[..1].to_ascii_uppercase() + &part[1..].to_ascii_lowercase(),
        _ => part.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_carry_their_country() {
        assert_eq!(phone("+1 (555) 010-0123").as_deref(), Ok("+15550100123"));
        assert_eq!(phone("0049 30 1234567").as_deref(), Ok("+49301234567"));
        for wrong in ["", "+", "555 0100", "+0123456789", "+1234567890123456", "+12a4567890"] {
            assert!(phone(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_time_zone_is_one_of_the_database() {
        assert_eq!(time_zone("europe/berlin").as_deref(), Ok("Europe/Berlin"));
        assert_eq!(time_zone(" UTC ").as_deref(), Ok("UTC"));
        for wrong in ["", "Mars/Olympus", "+02:00"] {
            assert!(time_zone(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_locale_has_the_shape_of_a_language_tag() {
        for (text, expected) in [("EN", "en"), ("pt_br", "pt-BR"), ("zh-hant-tw", "zh-Hant-TW")] {
            assert_eq!(locale(text).as_deref(), Ok(expected));
        }
        for wrong in ["", "e", "english language", "de-", "de--AT", "de-abcdefghi"] {
            assert!(locale(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn keys_of_attributes_are_plain() {
        assert!(attribute_key("customer_no_2").is_ok());
        for wrong in ["", "Company", "a b", "a.b", &"x".repeat(61)] {
            assert!(attribute_key(wrong).is_err(), "{wrong:?}");
        }
        assert!(attribute_value(&AttributeValue::Text("x".repeat(1_001))).is_err());
    }
}

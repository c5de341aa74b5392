//! Email addresses: parsed once at the edge, compared in one normal form.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An address that can stand in an SMTP envelope: `local@domain`, without comments or folding.
///
/// The domain is lower case, but for the tag of an address literal (`[IPv6:::1]`), and in ASCII: `bücher.example` is
/// `xn--bcher-kva.example`. The local part keeps its case for
/// sending; [`EmailAddress::key`] folds it for comparison, because no provider in use tells `Jane@` from `jane@`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress(String);

/// A text that is no usable address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an email address such as jane@example.com")]
pub struct NotAnAddress;

impl EmailAddress {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the last `@`.
    #[must_use]
    pub fn local(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// The part after the last `@`, in lower case.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The form in which addresses are compared and found.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }

    /// Whether the address needs SMTPUTF8.
    #[must_use]
    pub fn is_international(&self) -> bool {
        !self.0.is_ascii()
    }
}

impl FromStr for EmailAddress {
    type Err = NotAnAddress;

    /// Accepts RFC 5321 dot-atoms, also international ones (RFC 6531). Quoted local parts are refused: no mailbox in use
    /// has one, and they are a way to smuggle.
    fn from_str(text: &str) -> Result<EmailAddress, NotAnAddress> {
        let (local, domain) = text.trim().rsplit_once('@').ok_or(NotAnAddress)?;
        if !local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_text)) {
            return Err(NotAnAddress);
        }
        // What is checked is what is kept: lower case can be longer, and of other characters.
        let domain = normal_domain(domain).ok_or(NotAnAddress)?;
        let address = format!("{local}@{domain}");
        if local.len() > 64 || domain.len() > 255 || address.len() > 254 {
            return Err(NotAnAddress);
        }
        Ok(EmailAddress(address))
    }
}

fn is_atom_text(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(character)
        || (!character.is_ascii() && !character.is_control() && !character.is_whitespace())
}

fn normal_domain(domain: &str) -> Option<String> {
    if let Some(literal) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return normal_literal(literal);
    }
    let domain = domain.to_lowercase();
    if !domain.split('.').all(is_label) {
        return None;
    }
    // One domain, two spellings: mail comes with the ASCII one (RFC 5890), and every server takes it.
    match idna::domain_to_ascii(&domain) {
        Ok(ascii) if !domain.is_ascii() && ascii.split('.').all(is_label) => Some(ascii),
        _ => Some(domain),
    }
}

/// RFC 5321 section 4.1.3: an IPv6 address is tagged, an IPv4 address is not.
fn normal_literal(literal: &str) -> Option<String> {
    let tagged = literal.get(..5).is_some_and(|tag| tag.eq_ignore_ascii_case("IPv6:"));
    let number = if tagged { &literal[5..] } else { literal };
    match number.parse().ok()? {
        IpAddr::V6(number) => Some(format!("[IPv6:{number}]")),
        IpAddr::V4(number) if !tagged => Some(format!("[{number}]")),
        IpAddr::V4(_) => None,
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|character| {
            character.is_ascii_alphanumeric()
                || character == '-'
                || character == '_'
                || (!character.is_ascii() && character.is_alphanumeric())
        })
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<EmailAddress, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for EmailAddress {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EmailAddress".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "email" })
    }
}

/// A name and an address, as in `From: Jane Doe <jane@example.com>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Mailbox {
    /// The display name; absent when the sender gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub address: EmailAddress,
}

impl Mailbox {
    /// A mailbox without a name.
    #[must_use]
    pub fn bare(address: EmailAddress) -> Mailbox {
        Mailbox { name: None, address }
    }
}

impl FromStr for Mailbox {
    type Err = NotAnAddress;

    /// Reads `jane@example.com` or `Jane Doe <jane@example.com>`. Control characters in the name are refused: a line
    /// break would be a header of the attacker's choice.
    fn from_str(text: &str) -> Result<Mailbox, NotAnAddress> {
        let text = text.trim();
        let Some(rest) = text.strip_suffix('>') else {
            return Ok(Mailbox::bare(text.parse()?));
        };
        let (name, address) = rest.rsplit_once('<').ok_or(NotAnAddress)?;
        let name = name.trim();
        let quoted = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let name = quoted.map_or_else(|| name.trim_matches('"').to_owned(), unescaped);
        let name = name.trim();
        if name.chars().any(char::is_control) {
            return Err(NotAnAddress);
        }
        let name = (!name.is_empty()).then(|| name.to_owned());
        Ok(Mailbox { name, address: address.parse()? })
    }
}

/// What a quoted string says (RFC 5322 section 3.2.4): a backslash stands before a character that is meant as it is.
fn unescaped(quoted: &str) -> String {
    let mut characters = quoted.chars();
    let mut text = String::with_capacity(quoted.len());
    while let Some(character) = characters.next() {
        text.push(if character == '\\' { characters.next().unwrap_or(character) } else { character });
    }
    text
}

impl fmt::Display for Mailbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            // Quoted only where it would not be read back otherwise.
            Some(name) if name.contains(['"', '\\']) => {
                let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
                write!(formatter, "\"{escaped}\" <{}>", self.address)
            }
            Some(name) => write!(formatter, "{name} <{}>", self.address),
            None => write!(formatter, "{}", self.address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_parsed_at_the_edge() {
        let jane: EmailAddress = " Jane.Doe+tag@EXAMPLE.com ".parse().expect("valid");
        assert_eq!(jane.as_str(), "Jane.Doe+tag@example.com");
        assert_eq!(jane.key(), "jane.doe+tag@example.com");
        let literal: EmailAddress = "jane@[ipv6:0::1]".parse().expect("valid");
        assert_eq!(literal.as_str(), "jane@[IPv6:::1]");
        for wrong in [
            "",
            "jane",
            "@example.com",
            "jane@",
            "a b@example.com",
            "jane@exa mple.com",
            "jane@-x.com",
            "jane@example..com",
            ".jane@example.com",
            "jane@example.com\r\nBcc: x@example.com",
            "\"a b\"@example.com",
            "jane@[IPv6:127.0.0.1]",
            "jane@[127.0.0.1",
        ] {
            assert!(wrong.parse::<EmailAddress>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_name_may_stand_before_the_address() {
        let jane: Mailbox = "Jane Doe <jane@example.com>".parse().expect("valid");
        assert_eq!(jane.name.as_deref(), Some("Jane Doe"));
        assert!("Jane\r\nBcc: x <jane@example.com>".parse::<Mailbox>().is_err());
    }
}

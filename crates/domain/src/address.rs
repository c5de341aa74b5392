//! Email addresses: parsed once at the edge, compared in one normal form.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An address that can stand in an SMTP envelope: `local@domain`, without comments or folding.
///
/// The domain is lower case. The local part keeps its case for sending; [`EmailAddress::key`] folds it for comparison,
/// because no provider in use tells `Jane@` from `jane@`.
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
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnAddress)?;
        if local.is_empty() || local.len() > 64 || domain.len() > 255 || text.len() > 254 {
            return Err(NotAnAddress);
        }
        if !local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_text)) {
            return Err(NotAnAddress);
        }
        if !is_domain(domain) {
            return Err(NotAnAddress);
        }
        Ok(EmailAddress(format!("{local}@{}", domain.to_lowercase())))
    }
}

fn is_atom_text(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(character)
        || (!character.is_ascii() && !character.is_control() && !character.is_whitespace())
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let literal = literal.strip_prefix("IPv6:").unwrap_or(literal);
        return literal.parse::<std::net::IpAddr>().is_ok();
    }
    !domain.is_empty() && domain.split('.').all(is_label)
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
        let name = name.trim().trim_matches('"').trim();
        if name.chars().any(char::is_control) {
            return Err(NotAnAddress);
        }
        let name = (!name.is_empty()).then(|| name.to_owned());
        Ok(Mailbox { name, address: address.parse()? })
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
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

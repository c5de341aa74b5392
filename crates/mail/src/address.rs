//! Tags in addresses: `support+tag@example.com` reaches `support@example.com`, and the tag comes back with the answer.

use domain::address::{EmailAddress, NotAnAddress};

/// The address with a tag; an address that has one already gets this one instead.
///
/// # Errors
/// When the result is no address: the tag has characters that no address has, or the local part grows past 64 bytes.
pub fn plus_tag(address: &EmailAddress, tag: &str) -> Result<EmailAddress, NotAnAddress> {
    let untagged = address.local().split_once('+').map_or(address.local(), |(local, _)| local);
    format!("{untagged}+{tag}@{}", address.domain()).parse()
}

/// The tag of an address, when it has one.
#[must_use]
pub fn tag_of(address: &EmailAddress) -> Option<&str> {
    address.local().split_once('+').map(|(_, tag)| tag).filter(|tag| !tag.is_empty())
}

/// The address without its tag.
#[must_use]
pub fn without_tag(address: &EmailAddress) -> EmailAddress {
    let Some((local, _)) = address.local().split_once('+') else { return address.clone() };
    format!("{local}@{}", address.domain()).parse().unwrap_or_else(|_| address.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_goes_out_and_comes_back() {
        let address: EmailAddress = "support@example.com".parse().unwrap();
        let tagged = plus_tag(&address, "abc123").unwrap();
        assert_eq!(tagged.as_str(), "support+abc123@example.com");
        assert_eq!(tag_of(&tagged), Some("abc123"));
        assert_eq!(plus_tag(&tagged, "other").unwrap().as_str(), "support+other@example.com");
        assert_eq!(without_tag(&tagged), address);
        assert_eq!(tag_of(&address), None);
        assert!(plus_tag(&address, "a b").is_err());
        assert!(plus_tag(&address, &"x".repeat(64)).is_err());
    }

    #[test]
    fn an_address_that_is_only_a_tag_stays_as_it_is() {
        let address: EmailAddress = "+tag@example.com".parse().unwrap();
        assert_eq!(without_tag(&address), address);
        assert_eq!(tag_of(&address), Some("tag"));
    }
}

//! DKIM for mail through servers that do not sign themselves: keys from the settings, signatures in front of the mail.

use std::sync::Arc;

use domain::clock::Timestamp;
use domain::invalid::{Faults, Invalid};
use mail::dkim::Key;

/// More keys than anybody changes over at once; each costs a signature for every mail.
const MOST_KEYS: usize = 6;
/// From this size on even the digest is work for a thread of its own.
const LARGE: usize = 256 * 1024;

/// Reads the keys of an account's settings.
///
/// # Errors
/// Points at the setting that is wrong.
pub fn read(domain: Option<&str>, selectors: Option<&str>, pem: &str) -> Result<Vec<Key>, Invalid> {
    let mut faults = Faults::default();
    let domain = domain.map(|domain| domain.trim().trim_end_matches('.').to_ascii_lowercase());
    let given = selectors.unwrap_or_default().to_ascii_lowercase();
    let selectors: Vec<&str> = given.split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
    if domain.is_none() && selectors.is_empty() && pem.is_empty() {
        return Ok(Vec::new());
    }
    if !domain.as_deref().is_some_and(is_domain) {
        faults.note("/settings/dkim_domain", "expected a domain such as example.com");
    }
    let is_twice = selectors.iter().enumerate().any(|(at, one)| selectors[..at].contains(one));
    if selectors.is_empty()
        || selectors.len() > MOST_KEYS
        || is_twice
        || !selectors.iter().all(|one| is_name(one))
    {
        let detail =
            format!("expected 1 to {MOST_KEYS} different selectors such as s2026, with commas between");
        faults.note("/settings/dkim_selectors", detail);
    }
    faults.finish()?;
    Key::read_all(domain.as_deref().unwrap_or_default(), &selectors, pem).map_err(|error| {
        let detail = format!("{error}, one for each of {} selectors", selectors.len());
        Invalid::at("/settings/dkim_private_keys", detail)
    })
}

fn is_domain(text: &str) -> bool {
    text.contains('.') && is_name(text)
}

/// Labels of a DNS name with dots between.
fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 190 && text.split('.').all(is_label)
}

/// The mail with its signatures in front. RSA takes most of a millisecond, which is done where nobody waits behind it.
pub(super) async fn signed(mail: Vec<u8>, keys: &Arc<[Key]>, at: Timestamp) -> Vec<u8> {
    if keys.is_empty() {
        return mail;
    }
    let is_quick =
        mail.len() < LARGE && keys.iter().all(|key| key.algorithm == mail::dkim::Algorithm::Ed25519);
    let work = {
        let keys = Arc::clone(keys);
        move || {
            let mut bytes = mail::dkim::sign(&mail, &keys, at);
            bytes.extend_from_slice(&mail);
            bytes
        }
    };
    if is_quick {
        return work();
    }
    tokio::task::spawn_blocking(work).await.expect("signing does not panic")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_the_keys_is_named() {
        let chance = domain::chance::Chance::seeded(1);
        let pem = mail::dkim::make(mail::dkim::Algorithm::Ed25519, &chance);
        let faults = |domain: Option<&str>, selectors: Option<&str>, pem: &str| {
            let error = read(domain, selectors, pem).expect_err("a fault");
            error.faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
        };
        assert_eq!(faults(None, Some("s1"), pem.reveal()), ["/settings/dkim_domain"]);
        assert_eq!(faults(Some("example.com"), None, pem.reveal()), ["/settings/dkim_selectors"]);
        assert_eq!(faults(Some("example.com"), Some("a,a"), pem.reveal()), ["/settings/dkim_selectors"]);
        assert_eq!(
            faults(Some("ex ample"), Some("-"), ""),
            ["/settings/dkim_domain", "/settings/dkim_selectors"]
        );
        assert_eq!(faults(Some("example.com"), Some("a,b"), pem.reveal()), ["/settings/dkim_private_keys"]);
        assert_eq!(faults(Some("example.com"), Some("a"), ""), ["/settings/dkim_private_keys"]);
        let keys = read(Some("Example.com."), Some(" S1 "), pem.reveal()).unwrap();
        assert_eq!(keys[0].record().name, "s1._domainkey.example.com");
        assert!(read(None, None, "").unwrap().is_empty());
    }
}

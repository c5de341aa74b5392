//! The answers of the AUTH mechanisms, as base 64 text (RFC 4616, RFC 2195, and the vendors' LOGIN and XOAUTH2). Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};

pub(crate) fn plain(user: &str, password: &str) -> String {
    STANDARD.encode(format!("\0{user}\0{password}"))
}

/// One of the two answers of LOGIN.
pub(super) fn login(word: &str) -> String {
    STANDARD.encode(word)
}

/// `None` when the challenge is not base 64.
pub(super) fn cram_md5(user: &str, password: &str, challenge: &str) -> Option<String> {
    let challenge = STANDARD.decode(challenge.trim()).ok()?;
    let tag = hmac_md5(password.as_bytes(), &challenge);
    Some(STANDARD.encode(format!("{user} {}", hex::encode(tag))))
}

pub(crate) fn xoauth2(user: &str, token: &str) -> String {
    STANDARD.encode(format!("user={user}\x01auth=Bearer {token}\x01\x01"))
}

/// RFC 2104 with MD5; `aws-lc-rs` has no MD5 for good reasons, and CRAM-MD5 no other hash.
fn hmac_md5(key: &[u8], message: &[u8]) -> [u8; 16] {
    const BLOCK: usize = 64;
    let mut padded = [0_u8; BLOCK];
    if key.len() > BLOCK {
        padded[..16].copy_from_slice(&Md5::digest(key));
    } else {
        padded[..key.len()].copy_from_slice(key);
    }
    let inner = Md5::new().chain_update(padded.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Md5::new().chain_update(padded.map(|byte| byte ^ 0x5C)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_match_published_vectors() {
        // RFC 4616 section 4, RFC 2195 section 2.
        assert_eq!(plain("tim", "tanstaaftanstaaf"), "AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
        let challenge = STANDARD.encode("<1896.697170952@postoffice.reston.mci.net>");
        assert_eq!(
            cram_md5("tim", "tanstaaftanstaaf", &challenge).unwrap(),
            "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"
        );
        assert_eq!(login("Username:"), "VXNlcm5hbWU6");
        assert_eq!(
            STANDARD.decode(xoauth2("jane@example.com", "token")).unwrap(),
            b"user=jane@example.com\x01auth=Bearer token\x01\x01"
        );
        assert_eq!(cram_md5("tim", "x", "not base 64!"), None);
    }

    #[test]
    fn hmac_md5_matches_rfc_2202() {
        assert_eq!(hex::encode(hmac_md5(&[0x0B; 16], b"Hi There")), "9294727a3638bb1c13f48ef8158bfc9d");
        assert_eq!(
            hex::encode(hmac_md5(&[0xAA; 80], b"Test Using Larger Than Block-Size Key - Hash Key First")),
            "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"
        );
    }
}

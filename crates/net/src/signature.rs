//! The cryptography of webhooks: comparison in constant time, HMAC, digests.

pub mod aws;
pub mod certificate;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Whether two secrets are equal, in a time that does not tell where they differ.
#[must_use]
pub fn equal(one: &[u8], other: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(one, other).is_ok()
}

/// HMAC-SHA256.
#[must_use]
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key);
    let tag = aws_lc_rs::hmac::sign(&key, message);
    tag.as_ref().try_into().expect("a SHA-256 tag has 32 bytes")
}

/// SHA-256 in lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(message: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, message).as_ref())
}

/// Bytes in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

/// Whether an ECDSA signature on P-256 with SHA-256 fits: the key as `SubjectPublicKeyInfo`, the signature as ASN.1, both
/// in DER. A high S is right as well.
#[must_use]
pub fn ecdsa_p256_fits(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ECDSA_P256_SHA256_ASN1, public_key)
        .verify(message, signature)
        .is_ok()
}

/// Whether bytes are a public key on P-256 as `SubjectPublicKeyInfo` in DER.
#[must_use]
pub fn is_p256_public_key(public_key: &[u8]) -> bool {
    aws_lc_rs::signature::ParsedPublicKey::new(&aws_lc_rs::signature::ECDSA_P256_SHA256_ASN1, public_key)
        .is_ok()
}

/// Standard base 64 with padding.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_match_published_vectors() {
        // FIPS 180-2 appendix B.1; RFC 4231 section 4.3; RFC 4648 section 10.
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(
            hex::encode(hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(base64(b"foob"), "Zm9vYg==");
    }

    #[test]
    fn secrets_of_other_lengths_are_unequal() {
        assert!(equal(b"secret", b"secret"));
        assert!(!equal(b"secret", b"secres"));
        assert!(!equal(b"secret", b"secret1"));
        assert!(equal(b"", b""));
    }
}

//! Tokens: 256 bits of chance for the holder, their SHA-256 for the database.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::chance::Chance;
use domain::secret::Secret;

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const KEY_PREFIX: &str = "ck_";
const KEY_LETTERS: usize = 40;
/// How much of a key may be shown: it tells keys apart and leaves 204 bits unknown.
const SHOWN: usize = KEY_PREFIX.len() + 6;

/// A token that fits into a link or a cookie.
pub(super) fn fresh(chance: &Chance) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(chance.bytes::<32>()))
}

/// A new API key: `ck_` and 40 letters and digits.
pub(super) fn api_key(chance: &Chance) -> Secret {
    let mut key = String::with_capacity(KEY_PREFIX.len() + KEY_LETTERS);
    key.push_str(KEY_PREFIX);
    while key.len() < KEY_PREFIX.len() + KEY_LETTERS {
        for byte in chance.bytes::<64>() {
            // Only 248 of 256 values divide by 62 without a rest; the others would favour some letters.
            if byte < 248 && key.len() < KEY_PREFIX.len() + KEY_LETTERS {
                key.push(char::from(LETTERS[usize::from(byte % 62)]));
            }
        }
    }
    Secret::new(key)
}

/// The beginning of a key that may be shown.
pub(super) fn shown(key: &str) -> String {
    key.chars().take(SHOWN).collect()
}

/// Whether a text can be one of our keys at all.
pub(super) fn is_api_key(text: &str) -> bool {
    text.len() == KEY_PREFIX.len() + KEY_LETTERS && text.starts_with(KEY_PREFIX)
}

/// What the database knows of a token. A fast hash is enough: nobody guesses 238 bits.
pub(super) fn hash(token: &str) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, token.as_bytes());
    let mut out = [0; 32];
    out.copy_from_slice(digest.as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_prefix_and_forty_letters() {
        let chance = Chance::seeded(3);
        let key = api_key(&chance);
        assert!(is_api_key(key.reveal()));
        assert!(key.reveal()[3..].chars().all(|letter| letter.is_ascii_alphanumeric()));
        assert_ne!(key.reveal(), api_key(&chance).reveal());
        assert_eq!(shown(key.reveal()).len(), 9);
        assert!(!is_api_key("ck_short"));
    }
}

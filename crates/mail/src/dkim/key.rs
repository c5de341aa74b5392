//! Private keys of signatures: read from PEM once, made new, and never shown.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::chance::Chance;
use domain::secret::Secret;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;

use super::Record;

/// With what a mail is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// RSA with 2048 bits: every receiver knows it.
    Rsa,
    /// Ed25519: short and quick; not every receiver knows it yet.
    Ed25519,
}

/// One private key with the place where its public half is published.
pub struct Key {
    pub domain: String,
    pub selector: String,
    pub algorithm: Algorithm,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Why keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAKey {
    #[error("expected a private key in PEM (PKCS #8, or PKCS #1 for RSA)")]
    Unreadable,
    #[error("expected an RSA key of 2048 to 4096 bits or an Ed25519 key")]
    Unfit,
}

impl Algorithm {
    /// The word for people and programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Algorithm::Rsa => "rsa",
            Algorithm::Ed25519 => "ed25519",
        }
    }

    /// The `a=` of a signature.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Algorithm::Rsa => "rsa-sha256",
            Algorithm::Ed25519 => "ed25519-sha256",
        }
    }
}

impl Key {
    /// Reads every key of a PEM text, for the selectors in the same order.
    ///
    /// # Errors
    /// When one cannot be used, or there are not as many as selectors (which is `Unreadable`).
    pub fn read_all(domain: &str, selectors: &[&str], pem: &str) -> Result<Vec<Key>, NotAKey> {
        let found: Vec<PrivateKeyDer<'_>> = PrivateKeyDer::pem_slice_iter(pem.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|_| NotAKey::Unreadable)?;
        if found.len() != selectors.len() {
            return Err(NotAKey::Unreadable);
        }
        let pairs = found.iter().map(read);
        pairs
            .zip(selectors)
            .map(|(pair, selector)| {
                let pair = pair?;
                let algorithm = match pair {
                    Pair::Rsa(_) => Algorithm::Rsa,
                    Pair::Ed25519(_) => Algorithm::Ed25519,
                };
                Ok(Key { domain: domain.to_owned(), selector: (*selector).to_owned(), algorithm, pair })
            })
            .collect()
    }

    /// What is published, so that receivers can check the signatures.
    #[must_use]
    pub fn record(&self) -> Record {
        let public = match &self.pair {
            Pair::Rsa(pair) => {
                let der: Result<PublicKeyX509Der<'_>, _> = pair.public_key().as_der();
                STANDARD.encode(der.expect("a public key that was read can be written").as_ref())
            }
            Pair::Ed25519(pair) => STANDARD.encode(pair.public_key().as_ref()),
        };
        Record {
            name: format!("{}._domainkey.{}", self.selector, self.domain),
            value: format!("v=DKIM1; k={}; p={public}", self.algorithm.word()),
        }
    }

    /// Signs the canonical form. Both kinds give the same signature for the same input.
    pub(super) fn sign(&self, input: &[u8]) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature)
                    .expect("a key of 2048 bits signs anything");
                signature
            }
            // RFC 8463: not the text itself is signed but its digest.
            Pair::Ed25519(pair) => pair.sign(digest(&SHA256, input).as_ref()).as_ref().to_vec(),
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Key({}, {}, …)", self.record().name, self.algorithm.word())
    }
}

fn read(der: &PrivateKeyDer<'_>) -> Result<Pair, NotAKey> {
    let rsa = match der {
        PrivateKeyDer::Pkcs8(der) => {
            if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()) {
                return Ok(Pair::Ed25519(pair));
            }
            RsaKeyPair::from_pkcs8(der.secret_pkcs8_der())
        }
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
        _ => return Err(NotAKey::Unfit),
    };
    // Receivers need not take longer ones (RFC 8301 section 3.2).
    rsa.ok()
        .filter(|pair| (256..=512).contains(&pair.public_modulus_len()))
        .map(Pair::Rsa)
        .ok_or(NotAKey::Unfit)
}

/// Makes a private key and gives it as PEM. RSA takes its chance from the operating system, whatever is given.
///
/// # Panics
/// When the operating system has no chance to give.
#[must_use]
pub fn make(algorithm: Algorithm, chance: &Chance) -> Secret {
    let der: Pkcs8V1Der<'_> = match algorithm {
        Algorithm::Rsa => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key can be made");
            pair.as_der().expect("a key that was made can be written")
        }
        Algorithm::Ed25519 => {
            let seed = Secret::new(chance.bytes::<32>().to_vec());
            let pair = Ed25519KeyPair::from_seed_unchecked(seed.reveal()).expect("any 32 bytes are a key");
            pair.as_der().expect("a key that was made can be written")
        }
    };
    let text = Secret::new(STANDARD.encode(der.as_ref()));
    let mut pem = String::with_capacity(text.reveal().len() + 128);
    pem.push_str("-----BEGIN PRIVATE KEY-----\n");
    for line in text.reveal().as_bytes().chunks(64) {
        pem.extend(line.iter().map(|byte| char::from(*byte)));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    Secret::new(pem)
}

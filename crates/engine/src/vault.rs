//! Encryption at rest: everything secret that the database keeps is sealed with keys derived from one master key.
//!
//! A sealed value is `version (1 byte), key id (1 byte), nonce (12 bytes), ciphertext and tag`, AES-256-GCM-SIV. The
//! context, such as `tenant:account`, is authenticated with it: a value copied to another row does not open there.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use domain::chance::Chance;
use domain::secret::Secret;
use parking_lot::RwLock;
use store::Store;

mod master;

pub use master::Source;

/// The layout of what [`Vault::seal`] gives.
const VERSION: u8 = 1;
/// Version and key id.
const HEAD: usize = 2;
const SETTING: &str = "vault.check";

/// Seals, opens and signs; cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<Keys>);

struct Keys {
    chance: Chance,
    source: Source,
    id: u8,
    sealing: LessSafeKey,
    derivation: hkdf::Prk,
    /// Signing keys by purpose; deriving one costs more than signing with it.
    signing: RwLock<HashMap<&'static str, hmac::Key>>,
}

/// Why there is no vault.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "The master key in {0} is not 32 bytes in hexadecimal or base64. Put the right key there; `openssl rand -base64 32` makes a new one for a new data folder."
    )]
    Malformed(Source),
    #[error("The master key in {path} cannot be read or written: {source}.")]
    File { path: PathBuf, source: std::io::Error },
    #[error(
        "The master key does not fit this database: the one in {0} is another than the one that the stored credentials were sealed with. Start with the original key (environment variable CHANCERY_MASTER_KEY, systemd credential chancery-master-key, or the file keys/master.key of the data folder, from your backup). Nothing was changed."
    )]
    DoesNotFit(Source),
    #[error(
        "The master key is missing: this database was sealed with one, and {0} does not exist. Restore that file from your backup, or give the key in CHANCERY_MASTER_KEY. Nothing was changed."
    )]
    Missing(PathBuf),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A sealed value that cannot be opened: of another key or place, or damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a sealed value cannot be opened: it is damaged, or was sealed with another key or for another place"
)]
pub struct Unopened;

impl Vault {
    /// Takes the master key from the first place that has one: `environment` (the value of CHANCERY_MASTER_KEY), the file
    /// `chancery-master-key` in `credentials` (systemd's credential folder), `keys/master.key` in the data folder. That
    /// file is made when there is none. Blocks.
    ///
    /// # Errors
    /// When the key is no key, or its file cannot be read or made.
    pub fn open_or_create(
        data_dir: &Path,
        environment: Option<&str>,
        credentials: Option<&Path>,
        chance: &Chance,
    ) -> Result<Vault, Error> {
        let (key, source) = master::find_or_create(data_dir, environment, credentials, chance)?;
        Ok(Vault::new(&key, source, chance.clone()))
    }

    /// A vault of a given key, for tests.
    #[must_use]
    pub fn from_key(key: [u8; 32], chance: &Chance) -> Vault {
        Vault::new(&Secret::new(key), Source::Environment, chance.clone())
    }

    fn new(master: &Secret<[u8; 32]>, source: Source, chance: Chance) -> Vault {
        let derivation = hkdf::Salt::new(hkdf::HKDF_SHA256, b"chancery").extract(master.reveal());
        let sealing = Secret::new(derive(&derivation, "seal", ""));
        let key = UnboundKey::new(&AES_256_GCM_SIV, sealing.reveal()).expect("the key has 32 bytes");
        let id = derive(&derivation, "key id", "")[0];
        let sealing = LessSafeKey::new(key);
        Vault(Arc::new(Keys { chance, source, id, sealing, derivation, signing: RwLock::default() }))
    }

    /// Where the master key came from, to tell the operator what to back up.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.0.source
    }

    /// Makes sure that this is the key that the database's secrets were sealed with; on a new database, notes it.
    ///
    /// # Errors
    /// [`Error::DoesNotFit`] or [`Error::Missing`], as a sentence for the operator.
    pub async fn check(&self, store: &Store) -> Result<(), Error> {
        let mine = hex::encode(self.mac("key check", b"chancery"));
        let value = mine.clone();
        let noted: String = store
            .write_any(move |tx| store::settings::put_first(tx, store::settings::SERVER, SETTING, &value))
            .await?;
        if noted == mine {
            return Ok(());
        }
        match &self.0.source {
            Source::NewFile(path) => {
                // A key that was made a moment ago opens nothing; leaving it would hide that the right one is missing.
                drop(std::fs::remove_file(path));
                Err(Error::Missing(path.clone()))
            }
            other => Err(Error::DoesNotFit(other.clone())),
        }
    }

    /// Seals a value for a place such as `tenant:account`.
    #[must_use]
    pub fn seal(&self, context: &str, plaintext: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = self.0.chance.bytes();
        let mut ciphertext = plaintext.to_vec();
        self.0
            .sealing
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context.as_bytes()),
                &mut ciphertext,
            )
            .expect("a value in memory is short enough to be sealed");
        let mut sealed = Vec::with_capacity(HEAD + NONCE_LEN + ciphertext.len());
        sealed.extend_from_slice(&[VERSION, self.0.id]);
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut ciphertext);
        sealed
    }

    /// Opens a value that was sealed for this place.
    ///
    /// # Errors
    /// [`Unopened`], which says no more on purpose.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, Unopened> {
        let (head, rest) = sealed.split_at_checked(HEAD).ok_or(Unopened)?;
        if head != [VERSION, self.0.id] {
            return Err(Unopened);
        }
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LEN>().ok_or(Unopened)?;
        let mut buffer = ciphertext.to_vec();
        let length = self
            .0
            .sealing
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context.as_bytes()), &mut buffer)
            .map_err(|_| Unopened)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }

    /// HMAC-SHA256 with a key that only this purpose has, such as `reply token`.
    #[must_use]
    pub fn mac(&self, purpose: &'static str, bytes: &[u8]) -> [u8; 32] {
        let known = self.0.signing.read().get(purpose).map(|key| hmac::sign(key, bytes));
        let tag = known.unwrap_or_else(|| hmac::sign(&self.signing_key(purpose), bytes));
        let mut out = [0; 32];
        out.copy_from_slice(tag.as_ref());
        out
    }

    fn signing_key(&self, purpose: &'static str) -> hmac::Key {
        let bytes = Secret::new(derive(&self.0.derivation, "mac", purpose));
        let key = hmac::Key::new(hmac::HMAC_SHA256, bytes.reveal());
        self.0.signing.write().insert(purpose, key.clone());
        key
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Vault({})", self.0.source)
    }
}

fn derive(from: &hkdf::Prk, use_for: &str, purpose: &str) -> [u8; 32] {
    let words = [b"chancery v1 ".as_slice(), use_for.as_bytes(), b":", purpose.as_bytes()];
    let mut key = [0; 32];
    from.expand(&words, hkdf::HKDF_SHA256)
        .and_then(|material| material.fill(&mut key))
        .expect("HKDF-SHA256 gives up to 8160 bytes");
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(key: u8) -> Vault {
        Vault::from_key([key; 32], &Chance::seeded(1))
    }

    #[test]
    fn a_sealed_value_opens_only_with_its_key_and_in_its_place() {
        let sealed = vault(1).seal("1:acc_a", b"hunter2");
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        assert_eq!(vault(1).open("1:acc_a", &sealed), Ok(b"hunter2".to_vec()));
        assert_eq!(vault(1).open("1:acc_b", &sealed), Err(Unopened));
        assert_eq!(vault(2).open("1:acc_a", &sealed), Err(Unopened));
        for place in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[place] ^= 1;
            assert_eq!(vault(1).open("1:acc_a", &damaged), Err(Unopened), "byte {place}");
            assert_eq!(vault(1).open("1:acc_a", &sealed[..place]), Err(Unopened), "cut at {place}");
        }
    }

    #[test]
    fn each_purpose_signs_with_a_key_of_its_own() {
        let vault = vault(1);
        assert_eq!(vault.mac("reply token", b"a"), vault.mac("reply token", b"a"));
        assert_ne!(vault.mac("reply token", b"a"), vault.mac("webhook", b"a"));
        assert_ne!(vault.mac("reply token", b"a"), self::vault(2).mac("reply token", b"a"));
    }

    #[tokio::test]
    async fn a_wrong_key_is_refused_and_a_missing_one_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_sqlite(&folder.path().join("test.db")).expect("a database");
        let chance = Chance::system();
        let first = Vault::open_or_create(folder.path(), None, None, &chance).expect("a new key");
        first.check(&store).await.expect("a new database takes any key");
        let again = Vault::open_or_create(folder.path(), None, None, &chance).expect("the same key");
        again.check(&store).await.expect("the same key fits");

        let other = "11".repeat(32);
        let wrong = Vault::open_or_create(folder.path(), Some(&other), None, &chance).expect("a key");
        let error = wrong.check(&store).await.expect_err("another key does not fit");
        assert!(error.to_string().starts_with("The master key does not fit this database"), "{error}");

        let file = folder.path().join("keys/master.key");
        std::fs::remove_file(&file).expect("the key file is there");
        let lost = Vault::open_or_create(folder.path(), None, None, &chance).expect("a new key");
        assert!(matches!(lost.check(&store).await, Err(Error::Missing(_))));
        assert!(!file.exists());
        store.stop();
    }
}

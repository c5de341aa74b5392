//! Passwords: Argon2id on blocking threads, two at a time, because each takes 19 MiB and a core for a while.

use std::sync::{Arc, OnceLock};

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use domain::chance::Chance;
use domain::invalid::Faults;
use domain::secret::Secret;
use tokio::sync::{Semaphore, TryAcquireError};

use crate::Error;

/// Shorter ones are guessed; NIST SP 800-63B asks for at least 8 and no rules beside length.
const SHORTEST: usize = 10;
/// Longer ones only serve to make the server work.
const LONGEST: usize = 1_000;
const AT_ONCE: usize = 2;
/// Who comes behind this many is sent away, so that guessing passwords cannot fill the memory.
const WAITING: usize = 32;

/// Hashes and compares passwords.
pub(super) struct Hasher {
    working: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Hasher {
    fn default() -> Hasher {
        Hasher { working: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::new(Semaphore::new(WAITING)) }
    }
}

impl Hasher {
    /// The text to keep of a password.
    pub(super) async fn hash(&self, password: Secret, chance: &Chance) -> Result<String, Error> {
        let salt = chance.bytes::<16>();
        self.work(move || hash(password.reveal(), &salt)).await
    }

    /// Whether a password is the one of which `kept` was kept. Without anything kept it works as long and says no, so
    /// that the time of an answer does not tell which addresses exist.
    pub(super) async fn fits(&self, password: Secret, kept: Option<String>) -> Result<bool, Error> {
        self.work(move || {
            let known = kept.is_some();
            let kept = kept.as_deref().unwrap_or_else(|| nobodys());
            known & Argon2::default().verify_password(password.reveal().as_bytes(), kept).is_ok()
        })
        .await
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let place = match Arc::clone(&self.waiting).try_acquire_owned() {
            Ok(place) => place,
            Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => return Err(Error::TooMany(2)),
        };
        let turn = Arc::clone(&self.working).acquire_owned().await.expect("the semaphore is never closed");
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((turn, place));
            done
        });
        done.await
            .map_err(|_| Error::Store(store::Error::Unavailable("a password could not be worked on".into())))
    }
}

fn hash(password: &str, salt: &[u8]) -> String {
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), salt)
        .expect("the default parameters take a salt of 16 bytes and any password")
        .to_string()
}

fn nobodys() -> &'static str {
    static NOBODYS: OnceLock<String> = OnceLock::new();
    NOBODYS.get_or_init(|| hash("nobody has this password", &[0; 16]))
}

/// Notes what is wrong with a new password.
pub(super) fn check(faults: &mut Faults, pointer: &str, password: &Secret) {
    let password = password.reveal();
    if password.chars().count() < SHORTEST {
        faults.note(pointer, format!("expected at least {SHORTEST} characters"));
    } else if password.len() > LONGEST {
        faults.note(pointer, format!("expected at most {LONGEST} bytes"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let hasher = Hasher::default();
        let secret = |text: &str| Secret::new(text.to_owned());
        let kept = hasher.hash(secret("correct horse"), &Chance::system()).await.expect("hashed");
        assert!(kept.starts_with("$argon2id$"));
        assert!(hasher.fits(secret("correct horse"), Some(kept.clone())).await.expect("compared"));
        assert!(!hasher.fits(secret("wrong horse"), Some(kept)).await.expect("compared"));
        assert!(!hasher.fits(secret("nobody has this password"), None).await.expect("compared"));
    }
}

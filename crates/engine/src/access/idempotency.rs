//! Answers the same request twice with the same answer, when the client gave it an idempotency key.
//!
//! Answers may hold what is shown only once, such as an API key, so they are kept sealed.

use std::time::Duration;

use aws_lc_rs::digest;
use domain::ids::TenantId;

use crate::{Engine, Error};

/// How long an answer is kept.
pub(super) const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// A first request that has not ended after this long never will: its process was killed.
const ABANDONED_AFTER: Duration = Duration::from_secs(120);

/// What was answered the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub body: Vec<u8>,
}

/// What is to be done with a request that came with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It is the first: do it, then call [`Engine::finish_idempotent`] or [`Engine::release_idempotent`].
    First,
    /// It was done: answer this.
    Again(Answer),
    /// The first one is still being worked on.
    InProgress,
    /// Another request came with this key.
    Mismatch,
}

impl Engine {
    /// Reserves a key for a request. `fingerprint` is the SHA-256 of all that makes the request what it is.
    ///
    /// # Errors
    /// Any fault of the database.
    pub async fn begin_idempotent(
        &self,
        tenant: TenantId,
        key: &str,
        fingerprint: [u8; 32],
    ) -> Result<Begun, Error> {
        let (now, owned) = (self.core.clock.now(), key.to_owned());
        let known = self
            .core
            .store
            .write(tenant, move |tx| {
                let known = store::idempotency::reserve(tx, tenant, &owned, &fingerprint, now)?;
                let Some(known) = known else { return Ok(None) };
                let age = now.since(known.created_at);
                if age < LIFETIME && (known.answer.is_some() || age < ABANDONED_AFTER) {
                    return Ok(Some(known));
                }
                store::idempotency::take_over(tx, tenant, &owned, &fingerprint, now)?;
                Ok::<_, store::Error>(None)
            })
            .await?;
        let Some(known) = known else { return Ok(Begun::First) };
        if known.fingerprint != fingerprint {
            return Ok(Begun::Mismatch);
        }
        let Some((status, sealed)) = known.answer else { return Ok(Begun::InProgress) };
        let status = u16::try_from(status).unwrap_or(500);
        let opened = self
            .core
            .vault
            .open(&context(tenant, key), &sealed)
            .map_err(|error| store::Error::Unexpected(error.to_string()))?;
        let (content_type, body) = split(&opened);
        Ok(Begun::Again(Answer { status, content_type, body }))
    }

    /// Keeps the answer to the first request.
    ///
    /// # Errors
    /// Any fault of the database.
    pub async fn finish_idempotent(&self, tenant: TenantId, key: &str, answer: &Answer) -> Result<(), Error> {
        let mut plain = answer.content_type.clone().into_bytes();
        plain.push(b'\n');
        plain.extend_from_slice(&answer.body);
        let sealed = self.core.vault.seal(&context(tenant, key), &plain);
        let (key, status) = (key.to_owned(), u32::from(answer.status));
        let kept =
            move |tx: &mut store::Tx<'_>| store::idempotency::finish(tx, tenant, &key, status, &sealed);
        Ok(self.core.store.write(tenant, kept).await?)
    }

    /// Gives a key free whose request was not done, so that it can be sent again.
    ///
    /// # Errors
    /// Any fault of the database.
    pub async fn release_idempotent(&self, tenant: TenantId, key: &str) -> Result<(), Error> {
        let key = key.to_owned();
        Ok(self.core.store.write(tenant, move |tx| store::idempotency::release(tx, tenant, &key)).await?)
    }
}

/// The SHA-256 of all parts that make a request what it is.
#[must_use]
pub fn fingerprint(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        // With its length before it no part can pass for the end of another.
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

fn context(tenant: TenantId, key: &str) -> String {
    format!("idempotency:{}:{key}", tenant.0)
}

fn split(plain: &[u8]) -> (String, Vec<u8>) {
    let end = plain.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (content_type, body) = plain.split_at(end);
    (String::from_utf8_lossy(content_type).into_owned(), body.get(1..).unwrap_or_default().to_vec())
}

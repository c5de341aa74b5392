//! The audit log: who changed what, each entry chained to the one before by a SHA-256 hash, so that a gap shows.
//!
//! The hash of an entry is SHA-256, in lower-case hexadecimal, over the UTF-8 text of a JSON array without spaces:
//! `["hash before",tenant,seq,at,"actor kind","actor id"|null,"action","subject","detail"]`, where `at` is in
//! microseconds since 1970 UTC and `detail` is the stored JSON text itself as a string. The hash before the first entry
//! is the empty string. Anybody can compute the chain again from an export.

use aws_lc_rs::digest;
use domain::access::{Actor, Permission, Principal};
use domain::clock::Timestamp;
use domain::ids::TenantId;
use domain::page::{Page, PageRequest};
use serde_json::Value;
use store::{Store, Tx};

pub use store::audit::Entry;

use crate::{Engine, Error};

/// Entries that are read at once when the chain is checked.
const STRIDE: u32 = 1_000;

/// What a check of the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// Every entry fits the one before.
    Whole { entries: i64, head: String },
    /// The first entry that does not.
    Broken { at: i64, explanation: String },
}

/// Adds an entry in the transaction of the change itself, which has to be a `write` of this tenant.
///
/// # Errors
/// Any fault of the database.
pub fn record(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    actor: &Actor,
    action: &str,
    subject: &str,
    detail: &Value,
    at: Timestamp,
) -> Result<(), store::Error> {
    let (last, before) = store::audit::head(tx, tenant)?.unwrap_or_default();
    let mut entry = Entry {
        seq: last + 1,
        at,
        actor: actor.clone(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: detail.to_string(),
        hash: String::new(),
    };
    entry.hash = chained(tenant, &before, &entry);
    store::audit::append(tx, tenant, &entry)
}

fn chained(tenant: TenantId, before: &str, entry: &Entry) -> String {
    let Entry { seq, at, actor, action, subject, detail, .. } = entry;
    let text = serde_json::json!([
        before,
        tenant.0,
        seq,
        at.micros(),
        actor.kind.as_str(),
        actor.id,
        action,
        subject,
        detail
    ])
    .to_string();
    hex::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

impl Engine {
    /// Entries, newest first, each with the name that its actor has now.
    ///
    /// # Errors
    /// When the principal may not read the audit log.
    pub async fn audit_entries(
        &self,
        by: &Principal,
        page: PageRequest,
    ) -> Result<Page<(Entry, Option<String>)>, Error> {
        by.require(Permission::AuditRead)?;
        let tenant = by.tenant;
        Ok(self.core.store.read(move |tx| store::audit::list(tx, tenant, &page)).await?)
    }

    /// Checks the chain of the principal's tenant.
    ///
    /// # Errors
    /// When the principal may not read the audit log.
    pub async fn verify_audit(&self, by: &Principal) -> Result<Verification, Error> {
        by.require(Permission::AuditRead)?;
        Ok(verify(&self.core.store, by.tenant).await?)
    }
}

/// Computes the whole chain again, some entries at a time.
///
/// # Errors
/// Any fault of the database.
pub async fn verify(store: &Store, tenant: TenantId) -> Result<Verification, store::Error> {
    let (mut seq, mut hash) = (0, String::new());
    loop {
        let entries = store.read(move |tx| store::audit::after(tx, tenant, seq, STRIDE)).await?;
        let full = entries.len() == STRIDE as usize;
        for entry in entries {
            if let Some(explanation) = fault(tenant, seq, &hash, &entry) {
                return Ok(Verification::Broken { at: seq + 1, explanation });
            }
            (seq, hash) = (entry.seq, entry.hash);
        }
        if !full {
            return Ok(Verification::Whole { entries: seq, head: hash });
        }
    }
}

fn fault(tenant: TenantId, last: i64, before: &str, entry: &Entry) -> Option<String> {
    if entry.seq != last + 1 {
        return Some(format!("entry {} is missing; the next one there is {}", last + 1, entry.seq));
    }
    (chained(tenant, before, entry) != entry.hash)
        .then(|| format!("entry {} does not fit its hash: it, or one before it, was changed", entry.seq))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId(1);

    async fn store_with(entries: i64) -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_sqlite(&folder.path().join("test.db")).expect("a database");
        store
            .write(TENANT, move |tx| {
                for number in 0..entries {
                    let detail = serde_json::json!({ "number": number });
                    let at = Timestamp::from_micros(number);
                    record(tx, TENANT, &Actor::system(), "test.done", "tst_1", &detail, at)?;
                }
                Ok::<_, store::Error>(())
            })
            .await
            .expect("written");
        (folder, store)
    }

    async fn run(store: &Store, sql: &'static str) {
        store.write(TENANT, move |tx| tx.run(sql, &[])).await.expect("run");
    }

    #[tokio::test]
    async fn a_chain_that_nobody_touched_is_whole() {
        let (_folder, store) = store_with(2_500).await;
        let found = verify(&store, TENANT).await.expect("verified");
        assert!(matches!(found, Verification::Whole { entries: 2_500, ref head } if head.len() == 64));
        let empty = verify(&store, TenantId(2)).await.expect("verified");
        assert_eq!(empty, Verification::Whole { entries: 0, head: String::new() });
        store.stop();
    }

    #[tokio::test]
    async fn a_changed_or_missing_entry_shows() {
        let (_folder, store) = store_with(5).await;
        run(&store, "UPDATE audit_entries SET actor_kind = 'user' WHERE seq = 3").await;
        let found = verify(&store, TENANT).await.expect("verified");
        assert!(matches!(found, Verification::Broken { at: 3, .. }), "{found:?}");
        run(&store, "UPDATE audit_entries SET actor_kind = 'system' WHERE seq = 3").await;
        run(&store, "DELETE FROM audit_entries WHERE seq = 2").await;
        let found = verify(&store, TENANT).await.expect("verified");
        assert!(matches!(found, Verification::Broken { at: 2, .. }), "{found:?}");
        store.stop();
    }
}

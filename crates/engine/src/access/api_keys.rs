//! API keys: made, shown once, revoked; and found again for each request that comes with one.

use std::sync::Arc;
use std::time::Duration;

use domain::access::{Actor, ActorKind, Forbidden, Grant, Permission, Principal, Role, Scopes};
use domain::clock::Timestamp;
use domain::ids::ApiKeyId;
use domain::invalid::Faults;
use domain::page::{Page, PageRequest};
use domain::secret::Secret;
use serde_json::{Value, json};
use store::api_keys::ApiKey;

use super::{token, users};
use crate::{Engine, Error, audit};

/// The time of last use is written at most this often.
const TOUCH_AFTER: Duration = Duration::from_secs(60);

const UNKNOWN: Error = Error::NotSignedIn("the API key is not valid, or was revoked");

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    pub name: String,
    pub scopes: Scopes,
}

/// A key that was made, with the one chance to see it.
#[derive(Debug, Clone)]
pub struct CreatedKey {
    pub key: Secret,
    pub kept: ApiKey,
}

impl Engine {
    /// The keys of the principal's tenant.
    ///
    /// # Errors
    /// When the principal may not read them.
    pub async fn api_keys(&self, by: &Principal, page: PageRequest) -> Result<Page<ApiKey>, Error> {
        by.require(Permission::KeysRead)?;
        let tenant = by.tenant;
        Ok(self.core.store.read(move |tx| store::api_keys::list(tx, tenant, &page)).await?)
    }

    /// Makes a key. Nobody can give a key more than they may do themselves.
    ///
    /// # Errors
    /// [`Error::Invalid`] with pointer `/name`; [`Error::Forbidden`] names what the principal lacks.
    pub async fn create_api_key(&self, by: &Principal, new: NewApiKey) -> Result<CreatedKey, Error> {
        by.require(Permission::KeysWrite)?;
        require_scopes(by, &new.scopes)?;
        let mut faults = Faults::default();
        let name = users::check_name(&mut faults, "/name", &new.name);
        faults.finish()?;
        let (tenant, actor, now) = (by.tenant, by.actor.clone(), self.core.clock.now());
        let key = token::api_key(&self.core.chance);
        let hash = token::hash(key.reveal());
        let kept = ApiKey {
            tenant,
            id: self.core.ids.next(),
            name,
            prefix: token::shown(key.reveal()),
            scopes: new.scopes,
            created_at: now,
            last_used_at: None,
            revoked_at: None,
        };
        let row = kept.clone();
        self.core
            .store
            .write(tenant, move |tx| {
                store::api_keys::insert(tx, &row, &hash)?;
                let (subject, detail) = (row.id.to_string(), json!({ "scopes": row.scopes.words() }));
                audit::record(tx, tenant, &actor, "api_key.created", &subject, &detail, now)
            })
            .await
            .map_err(|error: store::Error| Error::from(error))?;
        Ok(CreatedKey { key, kept })
    }

    /// Makes a key worthless, at once in this process and within seconds in others.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Forbidden`]. Revoking twice is no error.
    pub async fn revoke_api_key(&self, by: &Principal, id: ApiKeyId) -> Result<(), Error> {
        by.require(Permission::KeysWrite)?;
        let (tenant, actor, now) = (by.tenant, by.actor.clone(), self.core.clock.now());
        self.core
            .store
            .write(tenant, move |tx| {
                if store::api_keys::get(tx, tenant, id)?.is_none() {
                    return Err(Error::NotFound("API key"));
                }
                if store::api_keys::revoke(tx, tenant, id, now)? {
                    let subject = id.to_string();
                    audit::record(tx, tenant, &actor, "api_key.revoked", &subject, &Value::Null, now)?;
                }
                Ok(())
            })
            .await?;
        let id = Some(id.to_string());
        self.core.access.keys.evict(|principal| principal.actor.id == id);
        Ok(())
    }

    /// Who a key belongs to. Costs no query when it was seen within seconds.
    ///
    /// # Errors
    /// [`Error::NotSignedIn`] when it is nobody's, or was revoked.
    pub async fn authenticate_key(&self, key: &str) -> Result<Arc<Principal>, Error> {
        if !token::is_api_key(key) {
            return Err(UNKNOWN);
        }
        let (hash, now) = (token::hash(key), self.core.clock.now());
        if let Some(known) = self.core.access.keys.get(&hash, now) {
            return Ok(known);
        }
        self.find_key(hash, now).await
    }

    async fn find_key(&self, hash: [u8; 32], now: Timestamp) -> Result<Arc<Principal>, Error> {
        let generation = self.core.access.keys.generation();
        let found = self.core.store.read(move |tx| store::api_keys::by_hash(tx, &hash)).await?;
        let key = found.filter(|key| key.revoked_at.is_none()).ok_or(UNKNOWN)?;
        if key.last_used_at.is_none_or(|last| now.since(last) >= TOUCH_AFTER) {
            let (tenant, id) = (key.tenant, key.id);
            // Only for people to look at: a database that is busy must not turn a good key away.
            let touched =
                self.core.store.write(tenant, move |tx| store::api_keys::touch(tx, tenant, id, now)).await;
            if let Err(error) = touched {
                tracing::debug!(%error, "the time of last use of an API key was not written");
            }
        }
        let principal = Arc::new(Principal {
            tenant: key.tenant,
            actor: Actor { kind: ActorKind::Key, id: Some(key.id.to_string()) },
            name: key.name,
            grant: Grant::Scopes(key.scopes),
        });
        self.core.access.keys.put(hash, Arc::clone(&principal), now, generation);
        Ok(principal)
    }
}

fn require_scopes(by: &Principal, scopes: &Scopes) -> Result<(), Error> {
    match (scopes, &by.grant) {
        (Scopes::All, Grant::Scopes(Scopes::All) | Grant::Role(Role::Owner | Role::Admin)) => Ok(()),
        (Scopes::All, _) => Err(Error::Forbidden(Forbidden::Permission(
            Permission::ALL.iter().copied().find(|one| !by.allows(*one)).unwrap_or(Permission::KeysWrite),
        ))),
        (Scopes::Some(permissions), _) => {
            permissions.iter().try_for_each(|one| by.require(*one)).map_err(Error::from)
        }
    }
}

//! Signing in and out, and finding out whose session a cookie is.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::access::{Actor, ActorKind, Grant, Principal};
use domain::address::EmailAddress;
use domain::clock::Timestamp;
use domain::ids::{TenantId, UserId};
use domain::secret::Secret;
use serde_json::{Value, json};
use store::sessions::{NewSession, Session};

use super::token;
use crate::{Engine, Error, audit};

/// A session ends this long after it was last used.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Its end is moved once a day, not with each request.
const PROLONG_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

const WRONG: Error = Error::NotSignedIn("the email address or the password is not right");
const OVER: Error = Error::NotSignedIn("the session is over; sign in again");

/// A session as it is given to the browser, once.
#[derive(Debug, Clone)]
pub struct StartedSession {
    /// For the cookie.
    pub token: Secret,
    pub csrf_token: String,
    pub user: UserId,
}

/// Whose session a request came with.
#[derive(Debug)]
pub struct SignedIn {
    pub principal: Arc<Principal>,
    pub user: UserId,
    pub csrf_token: String,
    expires_at: Timestamp,
}

impl Engine {
    /// Signs in with address and password. `origin` is the client's address, for throttling.
    ///
    /// # Errors
    /// [`Error::NotSignedIn`] without saying which of the two is wrong; [`Error::TooMany`] after ten failures in a quarter of
    /// an hour.
    pub async fn sign_in(
        &self,
        email: &str,
        password: Secret,
        origin: Option<IpAddr>,
    ) -> Result<StartedSession, Error> {
        let key = email.parse::<EmailAddress>().map_err(|_| WRONG)?.key();
        let who = (key.clone(), origin);
        self.core.access.throttle.attempt(who.clone(), self.core.clock.now())?;
        let known = self.core.store.read(move |tx| store::users::credentials(tx, &key)).await?;
        let kept = known.as_ref().map(|known| known.password_hash.clone());
        let fits = self.core.access.hasher.fits(password, kept).await?;
        let Some(known) = known else { return Err(WRONG) };
        if !fits || known.disabled {
            self.note_refusal(known.tenant, known.id, known.disabled).await?;
            return Err(WRONG);
        }
        self.core.access.throttle.forget(&who);
        self.start_session(known.tenant, known.id, "password").await
    }

    async fn note_refusal(&self, tenant: TenantId, user: UserId, disabled: bool) -> Result<(), Error> {
        let now = self.core.clock.now();
        let noted = move |tx: &mut store::Tx<'_>| -> Result<(), store::Error> {
            let (subject, detail) = (user.to_string(), json!({ "disabled": disabled }));
            audit::record(tx, tenant, &Actor::system(), "session.refused", &subject, &detail, now)
        };
        Ok(self.core.store.write(tenant, noted).await?)
    }

    /// Begins a session for somebody who has proven who they are.
    ///
    /// # Errors
    /// Any fault of the database.
    pub(super) async fn start_session(
        &self,
        tenant: TenantId,
        user: UserId,
        means: &'static str,
    ) -> Result<StartedSession, Error> {
        let now = self.core.clock.now();
        let (token, csrf_token) =
            (token::fresh(&self.core.chance), token::fresh(&self.core.chance).reveal().clone());
        let session = NewSession {
            token_hash: token::hash(token.reveal()),
            tenant,
            user,
            csrf_token: csrf_token.clone(),
            created_at: now,
            expires_at: now.plus(LIFETIME),
        };
        let actor = actor(user);
        self.core
            .store
            .write(tenant, move |tx| {
                store::sessions::insert(tx, &session)?;
                let (subject, detail) = (user.to_string(), json!({ "means": means }));
                audit::record(tx, tenant, &actor, "session.started", &subject, &detail, now)
            })
            .await
            .map_err(|error: store::Error| Error::from(error))?;
        Ok(StartedSession { token, csrf_token, user })
    }

    /// Whose session a cookie's token is. Costs no query when it was seen within seconds.
    ///
    /// # Errors
    /// [`Error::NotSignedIn`] when it is nobody's, or over.
    pub async fn authenticate_session(&self, token: &str) -> Result<Arc<SignedIn>, Error> {
        let (hash, now) = (token::hash(token), self.core.clock.now());
        if let Some(known) = self.core.access.sessions.get(&hash, now) {
            return if known.expires_at > now { Ok(known) } else { Err(OVER) };
        }
        let generation = self.core.access.sessions.generation();
        let found = self.core.store.read(move |tx| store::sessions::find(tx, &hash)).await?;
        let session = found.filter(|session| session.expires_at > now && !session.disabled).ok_or(OVER)?;
        let expires_at = self.prolong(hash, &session, now).await;
        let signed_in = Arc::new(SignedIn {
            principal: Arc::new(Principal {
                tenant: session.tenant,
                actor: actor(session.user),
                name: session.name,
                grant: Grant::Role(session.role),
            }),
            user: session.user,
            csrf_token: session.csrf_token,
            expires_at,
        });
        self.core.access.sessions.put(hash, Arc::clone(&signed_in), now, generation);
        Ok(signed_in)
    }

    /// Moves the end of a session in use. When the database cannot, the session simply keeps its end.
    async fn prolong(&self, hash: [u8; 32], session: &Session, now: Timestamp) -> Timestamp {
        let end = now.plus(LIFETIME);
        if end.since(session.expires_at) < PROLONG_AFTER {
            return session.expires_at;
        }
        let moved = self.core.store.write_any(move |tx| store::sessions::prolong(tx, &hash, end)).await;
        moved.map_or(session.expires_at, |()| end)
    }

    /// Ends the session of a cookie's token.
    ///
    /// # Errors
    /// Any fault of the database; a session that is over already is none.
    pub async fn sign_out(&self, token: &str) -> Result<(), Error> {
        let (hash, now) = (token::hash(token), self.core.clock.now());
        let Ok(signed_in) = self.authenticate_session(token).await else { return Ok(()) };
        let (tenant, user) = (signed_in.principal.tenant, signed_in.user);
        self.core
            .store
            .write(tenant, move |tx| {
                store::sessions::delete(tx, &hash)?;
                let subject = user.to_string();
                audit::record(tx, tenant, &actor(user), "session.ended", &subject, &Value::Null, now)
            })
            .await
            .map_err(|error: store::Error| Error::from(error))?;
        self.forget_sessions_of(user);
        Ok(())
    }

    pub(super) fn forget_sessions_of(&self, user: UserId) {
        self.core.access.sessions.evict(|signed_in| signed_in.user == user);
    }

    /// Forgets sessions, links and idempotency keys that are over; to be run now and then.
    ///
    /// # Errors
    /// Any fault of the database.
    pub async fn forget_expired_access(&self) -> Result<(), Error> {
        let now = self.core.clock.now();
        let swept = move |tx: &mut store::Tx<'_>| -> Result<(), store::Error> {
            store::sessions::delete_expired(tx, now)?;
            store::links::delete_expired(tx, now)?;
            store::idempotency::delete_old(tx, now.minus(super::idempotency::LIFETIME))?;
            Ok(())
        };
        Ok(self.core.store.write_any(swept).await?)
    }
}

fn actor(user: UserId) -> Actor {
    Actor { kind: ActorKind::User, id: Some(user.to_string()) }
}

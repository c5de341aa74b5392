//! One-time links that sign somebody in without a password, for the demo and for a person who is locked out.

use std::time::Duration;

use domain::access::{Forbidden, Permission, Principal};
use domain::ids::UserId;
use domain::secret::Secret;
use serde_json::Value;
use store::links::{Link, Purpose};

use super::{StartedSession, may_grant, token};
use crate::{Engine, Error, audit};

const WORTHLESS: Error = Error::NotSignedIn("this sign-in link was used already, or is too old");

impl Engine {
    /// Makes a link's token for a person; whoever has it is let in once.
    ///
    /// # Errors
    /// When the principal may not alter that person.
    pub async fn create_sign_in_link(
        &self,
        by: &Principal,
        user: UserId,
        valid: Duration,
    ) -> Result<Secret, Error> {
        by.require(Permission::UsersWrite)?;
        let (tenant, now, by) = (by.tenant, self.core.clock.now(), by.clone());
        let token = token::fresh(&self.core.chance);
        let hash = token::hash(token.reveal());
        let link = Link { purpose: Purpose::SignIn, tenant, user: Some(user), expires_at: now.plus(valid) };
        self.core
            .store
            .write(tenant, move |tx| {
                let member = store::users::get(tx, tenant, user)?.ok_or(Error::NotFound("user"))?;
                if !may_grant(&by, member.role) {
                    return Err(Error::Forbidden(Forbidden::Person(member.role)));
                }
                store::links::insert(tx, &hash, &link, now)?;
                let subject = user.to_string();
                audit::record(tx, tenant, &by.actor, "sign_in_link.created", &subject, &Value::Null, now)?;
                Ok(())
            })
            .await?;
        Ok(token)
    }

    /// Whether a link's token still holds. Does not use it up: scanners of mail open links too.
    ///
    /// # Errors
    /// Any fault of the database.
    pub async fn sign_in_link_holds(&self, token: &str) -> Result<bool, Error> {
        let (hash, now) = (token::hash(token), self.core.clock.now());
        let found =
            self.core.store.read(move |tx| store::links::find(tx, &hash, Purpose::SignIn, now)).await?;
        Ok(found.is_some())
    }

    /// Uses a link's token up and begins a session.
    ///
    /// # Errors
    /// [`Error::NotSignedIn`] when it was used, is too old, or its person was disabled.
    pub async fn sign_in_with_link(&self, token: &str) -> Result<StartedSession, Error> {
        let (hash, now) = (token::hash(token), self.core.clock.now());
        let (tenant, user) = self
            .core
            .store
            .write_any(move |tx| {
                let link = store::links::take(tx, &hash, Purpose::SignIn, now)?.ok_or(WORTHLESS)?;
                let user = link.user.ok_or(WORTHLESS)?;
                let member = store::users::get(tx, link.tenant, user)?.ok_or(WORTHLESS)?;
                if member.disabled_at.is_some() {
                    return Err(WORTHLESS);
                }
                Ok((link.tenant, user))
            })
            .await?;
        self.start_session(tenant, user, "link").await
    }
}

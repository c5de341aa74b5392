//! The first owner: whoever has the one-time link that the server printed, or the operator at the command line.

use std::time::Duration;

use domain::access::{Actor, Role};
use domain::address::EmailAddress;
use domain::ids::{TenantId, UserId};
use domain::invalid::Faults;
use domain::secret::Secret;
use serde_json::json;
use store::links::{Link, Purpose};
use store::users::Member;

use super::{StartedSession, password, token, users};
use crate::{Engine, Error, audit};

/// The one tenant of this version.
const FIRST: TenantId = TenantId(1);
const VALID: Duration = Duration::from_secs(7 * 24 * 60 * 60);

const WORTHLESS: Error =
    Error::NotSignedIn("this set-up link does not hold; the server prints a new one when it starts");

/// Who asks for the set-up.
#[derive(Debug, Clone)]
pub enum SetUpBy {
    /// Somebody with the token of the printed link.
    Link(Secret),
    /// Somebody who can read the data folder anyway.
    Operator,
}

/// The owner to be.
#[derive(Debug, Clone)]
pub struct NewOwner {
    /// What the business is called; `None`: the part of the address behind the @.
    pub business: Option<String>,
    pub name: String,
    pub email: EmailAddress,
    pub password: Secret,
}

impl Engine {
    /// The path and query of a new set-up link; nothing when there is an owner. Links made before become worthless.
    ///
    /// # Errors
    /// Any fault of the database.
    pub async fn set_up_link(&self) -> Result<Option<String>, Error> {
        let now = self.core.clock.now();
        let token = token::fresh(&self.core.chance);
        let hash = token::hash(token.reveal());
        let link = Link { purpose: Purpose::SetUp, tenant: FIRST, user: None, expires_at: now.plus(VALID) };
        let made = move |tx: &mut store::Tx<'_>| -> Result<bool, store::Error> {
            if store::users::any_owner(tx)? {
                return Ok(false);
            }
            store::links::delete_all(tx, Purpose::SetUp)?;
            store::links::insert(tx, &hash, &link, now)?;
            Ok(true)
        };
        let made = self.core.store.write(FIRST, made).await?;
        Ok(made.then(|| format!("/setup?token={}", token.reveal())))
    }

    /// Whether there is an owner.
    ///
    /// # Errors
    /// Any fault of the database.
    pub async fn is_set_up(&self) -> Result<bool, Error> {
        Ok(self.core.store.read(store::users::any_owner).await?)
    }

    /// Whether a set-up link's token still holds.
    ///
    /// # Errors
    /// Any fault of the database.
    pub async fn set_up_link_holds(&self, token: &str) -> Result<bool, Error> {
        let (hash, now) = (token::hash(token), self.core.clock.now());
        let found =
            self.core.store.read(move |tx| store::links::find(tx, &hash, Purpose::SetUp, now)).await?;
        Ok(found.is_some())
    }

    /// Makes the first tenant with its owner.
    ///
    /// # Errors
    /// [`Error::Invalid`] with pointers `/name` and `/password`; [`Error::Conflict`] `already_set_up`; [`Error::NotSignedIn`] when
    /// the link does not hold.
    pub async fn set_up(&self, by: SetUpBy, owner: NewOwner) -> Result<Member, Error> {
        let NewOwner { business, name, email, password } = owner;
        let mut faults = Faults::default();
        let name = users::check_name(&mut faults, "/name", &name);
        password::check(&mut faults, "/password", &password);
        faults.finish()?;
        // Asked again inside the transaction; here it saves strangers from making the server hash passwords.
        if let SetUpBy::Link(token) = &by
            && !self.set_up_link_holds(token.reveal()).await?
        {
            return Err(if self.is_set_up().await? { already() } else { WORTHLESS });
        }
        let business = business.filter(|name| !name.trim().is_empty());
        let business = business.unwrap_or_else(|| email.domain().to_owned());
        let password_hash = self.core.access.hasher.hash(password, &self.core.chance).await?;
        let now = self.core.clock.now();
        let id: UserId = self.core.ids.next();
        let key = email.key();
        let member = Member {
            id,
            email: email.as_str().to_owned(),
            name,
            role: Role::Owner,
            created_at: now,
            disabled_at: None,
        };
        self.core
            .store
            .write(FIRST, move |tx| {
                if store::users::any_owner(tx)? {
                    return Err(already());
                }
                if let SetUpBy::Link(token) = &by {
                    let hash = token::hash(token.reveal());
                    store::links::take(tx, &hash, Purpose::SetUp, now)?.ok_or(WORTHLESS)?;
                }
                store::links::delete_all(tx, Purpose::SetUp)?;
                store::tenants::insert(tx, FIRST, business.trim(), now)?;
                if !store::users::insert(tx, FIRST, &member, &key, &password_hash)? {
                    return Err(users::taken());
                }
                let (subject, detail) = (id.to_string(), json!({ "role": "owner" }));
                audit::record(tx, FIRST, &Actor::system(), "tenant.set_up", &subject, &detail, now)?;
                Ok(member.clone())
            })
            .await
    }

    /// Begins the session of the owner who was just set up.
    ///
    /// # Errors
    /// Any fault of the database.
    pub async fn start_first_session(&self, owner: &Member) -> Result<StartedSession, Error> {
        self.start_session(FIRST, owner.id, "set-up").await
    }
}

fn already() -> Error {
    Error::conflict("already_set_up", "this server has an owner already; sign in instead")
}

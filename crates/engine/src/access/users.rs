//! People of a tenant. Only owners make or alter owners, and the last owner stays one.

use domain::access::{Forbidden, Permission, Principal, Role};
use domain::address::EmailAddress;
use domain::ids::UserId;
use domain::invalid::{Faults, Invalid};
use domain::page::{Page, PageRequest};
use domain::secret::Secret;
use serde_json::{Map, Value, json};
use store::users::Member;

use super::{may_grant, password};
use crate::{Engine, Error, audit};

const LONGEST_NAME: usize = 200;

/// Somebody to be added.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub name: String,
    pub email: EmailAddress,
    pub password: Secret,
    pub role: Role,
}

/// What to change of somebody; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    pub name: Option<String>,
    pub role: Option<Role>,
    pub disabled: Option<bool>,
    pub password: Option<Secret>,
}

impl Engine {
    /// The people of the principal's tenant.
    ///
    /// # Errors
    /// When the principal may not read them.
    pub async fn users(&self, by: &Principal, page: PageRequest) -> Result<Page<Member>, Error> {
        by.require(Permission::UsersRead)?;
        let tenant = by.tenant;
        Ok(self.core.store.read(move |tx| store::users::list(tx, tenant, &page)).await?)
    }

    /// One person of the principal's tenant.
    ///
    /// # Errors
    /// When the principal may not read them, or there is none.
    pub async fn user(&self, by: &Principal, id: UserId) -> Result<Member, Error> {
        by.require(Permission::UsersRead)?;
        let tenant = by.tenant;
        let found = self.core.store.read(move |tx| store::users::get(tx, tenant, id)).await?;
        found.ok_or(Error::NotFound("user"))
    }

    /// Adds a person.
    ///
    /// # Errors
    /// [`Error::Invalid`] with pointers `/name` and `/password`; [`Error::Conflict`] `email_taken`; [`Error::Forbidden`].
    pub async fn create_user(&self, by: &Principal, new: NewUser) -> Result<Member, Error> {
        by.require(Permission::UsersWrite)?;
        require_grant(by, new.role)?;
        let mut faults = Faults::default();
        let name = check_name(&mut faults, "/name", &new.name);
        password::check(&mut faults, "/password", &new.password);
        faults.finish()?;
        let password_hash = self.core.access.hasher.hash(new.password, &self.core.chance).await?;
        let (tenant, actor, now) = (by.tenant, by.actor.clone(), self.core.clock.now());
        let key = new.email.key();
        let member = Member {
            id: self.core.ids.next(),
            email: new.email.as_str().to_owned(),
            name,
            role: new.role,
            created_at: now,
            disabled_at: None,
        };
        self.core
            .store
            .write(tenant, move |tx| {
                if !store::users::insert(tx, tenant, &member, &key, &password_hash)? {
                    return Err(taken());
                }
                let (subject, detail) = (member.id.to_string(), json!({ "role": member.role }));
                audit::record(tx, tenant, &actor, "user.created", &subject, &detail, now)?;
                Ok(member.clone())
            })
            .await
    }

    /// Changes a person. Another password, or being disabled, ends all sessions of that person.
    ///
    /// # Errors
    /// [`Error::Invalid`]; [`Error::Conflict`] `last_owner`; [`Error::Forbidden`]; [`Error::NotFound`].
    pub async fn change_user(&self, by: &Principal, id: UserId, change: UserChange) -> Result<Member, Error> {
        by.require(Permission::UsersWrite)?;
        let change = check_change(change)?;
        // Asked again inside the transaction; here it keeps those who may not from making the server hash passwords.
        let before = self.user_of(by, id).await?;
        require_change(by, &before, &change)?;
        let password_hash = match change.password.clone() {
            Some(password) => Some(self.core.access.hasher.hash(password, &self.core.chance).await?),
            None => None,
        };
        let (tenant, by, now) = (by.tenant, by.clone(), self.core.clock.now());
        let member = self
            .core
            .store
            .write(tenant, move |tx| {
                let before = store::users::get(tx, tenant, id)?.ok_or(Error::NotFound("user"))?;
                require_change(&by, &before, &change)?;
                let member = changed(&before, &change, now);
                let loses_owner = is_active_owner(&before) && !is_active_owner(&member);
                if loses_owner && !store::users::has_another_owner(tx, tenant, id)? {
                    return Err(last_owner());
                }
                store::users::update(tx, tenant, &member)?;
                if let Some(hash) = &password_hash {
                    store::users::set_password(tx, id, hash)?;
                }
                if password_hash.is_some() || member.disabled_at.is_some() {
                    store::sessions::delete_of_user(tx, id)?;
                }
                let detail = differences(&before, &member, password_hash.is_some());
                audit::record(tx, tenant, &by.actor, "user.changed", &id.to_string(), &detail, now)?;
                Ok(member)
            })
            .await?;
        self.forget_sessions_of(id);
        Ok(member)
    }

    async fn user_of(&self, by: &Principal, id: UserId) -> Result<Member, Error> {
        let tenant = by.tenant;
        let found = self.core.store.read(move |tx| store::users::get(tx, tenant, id)).await?;
        found.ok_or(Error::NotFound("user"))
    }
}

fn require_grant(by: &Principal, role: Role) -> Result<(), Error> {
    if may_grant(by, role) { Ok(()) } else { Err(Error::Forbidden(Forbidden::Person(role))) }
}

fn require_change(by: &Principal, before: &Member, change: &UserChange) -> Result<(), Error> {
    require_grant(by, before.role)?;
    change.role.map_or(Ok(()), |role| require_grant(by, role))
}

fn check_change(change: UserChange) -> Result<UserChange, Invalid> {
    let mut faults = Faults::default();
    let name = change.name.map(|name| check_name(&mut faults, "/name", &name));
    if let Some(password) = &change.password {
        password::check(&mut faults, "/password", password);
    }
    faults.finish()?;
    Ok(UserChange { name, ..change })
}

fn changed(before: &Member, change: &UserChange, now: domain::clock::Timestamp) -> Member {
    let disabled_at = match change.disabled {
        Some(true) => before.disabled_at.or(Some(now)),
        Some(false) => None,
        None => before.disabled_at,
    };
    Member {
        name: change.name.clone().unwrap_or_else(|| before.name.clone()),
        role: change.role.unwrap_or(before.role),
        disabled_at,
        ..before.clone()
    }
}

fn is_active_owner(member: &Member) -> bool {
    member.role == Role::Owner && member.disabled_at.is_none()
}

/// What the audit log tells of a change; names are people's data, so only that one changed.
fn differences(before: &Member, after: &Member, password: bool) -> Value {
    let mut detail = Map::new();
    if before.name != after.name {
        detail.insert("name".into(), json!("changed"));
    }
    if before.role != after.role {
        detail.insert("role".into(), json!({ "from": before.role, "to": after.role }));
    }
    if before.disabled_at.is_some() != after.disabled_at.is_some() {
        detail.insert("disabled".into(), json!(after.disabled_at.is_some()));
    }
    if password {
        detail.insert("password".into(), json!("changed"));
    }
    Value::Object(detail)
}

/// A name that can be shown, trimmed.
pub(super) fn check_name(faults: &mut Faults, pointer: &str, name: &str) -> String {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        faults.note(pointer, format!("expected a name of 1 to {LONGEST_NAME} characters"));
    }
    name.to_owned()
}

pub(super) fn taken() -> Error {
    Error::conflict("email_taken", "somebody with this email address exists already")
}

fn last_owner() -> Error {
    Error::conflict("last_owner", "this is the last owner who can sign in; make somebody else an owner first")
}

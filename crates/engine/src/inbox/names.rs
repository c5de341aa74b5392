//! Names for ids, read in the same moment as the rows that carry the ids.

use std::collections::HashMap;

use domain::access::{Actor, ActorKind, Principal};
use domain::ids::{AccountId, TagId, TeamId, TenantId};
use store::Tx;
use store::tags::Tag;

use super::message_view::{AccountBrief, AuthorView};
use crate::Error;

/// The accounts of a tenant by id, also those that were removed.
pub(super) fn accounts(tx: &mut Tx<'_>, tenant: TenantId) -> Result<HashMap<AccountId, AccountBrief>, Error> {
    let rows = store::accounts::names(tx, tenant)?;
    Ok(rows.into_iter().map(|(id, name, provider)| (id, AccountBrief { id, name, provider })).collect())
}

/// The people of a tenant by id.
pub(crate) fn users(tx: &mut Tx<'_>, tenant: TenantId) -> Result<HashMap<String, String>, Error> {
    Ok(store::users::names(tx, tenant)?.into_iter().map(|(id, name)| (id.to_string(), name)).collect())
}

/// The keys of a tenant by id.
pub(crate) fn keys(tx: &mut Tx<'_>, tenant: TenantId) -> Result<HashMap<String, String>, Error> {
    Ok(store::api_keys::names(tx, tenant)?.into_iter().map(|(id, name)| (id.to_string(), name)).collect())
}

/// Everything that a tenant has few of and that rows of the inbox name: people, keys, teams, tags.
pub(crate) struct House {
    pub users: HashMap<String, String>,
    pub keys: HashMap<String, String>,
    pub teams: HashMap<TeamId, String>,
    pub tags: HashMap<TagId, Tag>,
    /// The person who asks, when it is one.
    pub me: Option<String>,
}

impl House {
    pub(crate) fn read(tx: &mut Tx<'_>, principal: &Principal) -> Result<House, Error> {
        let tenant = principal.tenant;
        Ok(House {
            users: users(tx, tenant)?,
            keys: keys(tx, tenant)?,
            teams: store::teams::list(tx, tenant)?.into_iter().map(|team| (team.id, team.name)).collect(),
            tags: store::tags::list(tx, tenant)?.into_iter().map(|tag| (tag.id, tag)).collect(),
            me: me(principal),
        })
    }

    /// Who did something.
    pub(crate) fn author(&self, actor: &Actor) -> AuthorView {
        let known = match actor.kind {
            ActorKind::User => &self.users,
            ActorKind::Key => &self.keys,
            ActorKind::System => {
                return AuthorView { kind: ActorKind::System, id: None, name: "system".to_owned() };
            }
        };
        let id = actor.id.clone();
        let name = id.as_ref().and_then(|id| known.get(id)).cloned();
        AuthorView { kind: actor.kind, name: name.unwrap_or_else(|| "somebody".to_owned()), id }
    }
}

/// The person who asks, when it is one and not a program.
pub(crate) fn me(principal: &Principal) -> Option<String> {
    principal.actor.id.clone().filter(|_| principal.actor.kind == ActorKind::User)
}

//! Teams: who shares work. A removed team leaves its conversations without one.

use domain::access::{Permission, Principal};
use domain::clock::Timestamp;
use domain::event::FeedType;
use domain::ids::{TeamId, TenantId, UserId};
use domain::invalid::{Faults, Invalid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use store::conversations::{self, Conversation};
use store::feed::{self, Facts};
use store::teams::{self, Team};

use super::conversation_view::AssigneeView;
use super::{activity, names};
use crate::{Engine, Error, audit};

const LONGEST_NAME: usize = 60;
const MOST_TEAMS: usize = 200;
/// Conversations that lose a removed team at once.
const STRIDE: u32 = 200;

/// A team to add, or all of what it becomes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTeam {
    pub name: String,
    #[serde(default)]
    pub member_ids: Vec<UserId>,
}

/// What changes of a team; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamChange {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub member_ids: Option<Vec<UserId>>,
}

/// One team.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Team")]
pub struct TeamView {
    pub id: TeamId,
    pub name: String,
    pub members: Vec<AssigneeView>,
    pub created_at: Timestamp,
}

impl Engine {
    /// All teams by name.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn teams(&self, principal: &Principal) -> Result<Vec<TeamView>, Error> {
        principal.require(Permission::ConversationsRead)?;
        let tenant = principal.tenant;
        self.core
            .store
            .read(move |tx| {
                let rows = teams::list(tx, tenant)?;
                rows.into_iter().map(|row| view(tx, tenant, row)).collect()
            })
            .await
    }

    /// Adds a team.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name without letters or people who are not here.
    pub async fn add_team(&self, principal: &Principal, new: NewTeam) -> Result<TeamView, Error> {
        principal.require(Permission::InboxConfigure)?;
        let (tenant, now, actor) = (principal.tenant, self.core.clock.now(), principal.actor.clone());
        let team = Team { id: self.core.ids.next(), name: checked_name(&new.name)?, created_at: now };
        let members = new.member_ids;
        let added = self
            .core
            .store
            .write(tenant, move |tx| {
                if teams::list(tx, tenant)?.len() >= MOST_TEAMS {
                    return Err(Invalid::at("", format!("expected at most {MOST_TEAMS} teams")).into());
                }
                check_members(tx, tenant, &members)?;
                teams::insert(tx, tenant, &team)?;
                teams::set_members(tx, tenant, team.id, &members)?;
                let detail = json!({ "name": team.name, "member_ids": members });
                audit::record(tx, tenant, &actor, "team.created", &team.id.to_string(), &detail, now)?;
                tell(tx, tenant, now)?;
                view(tx, tenant, team.clone())
            })
            .await?;
        self.core.feed.wake();
        Ok(added)
    }

    /// Changes a team.
    ///
    /// # Errors
    /// [`Error::NotFound`]; as [`Engine::add_team`].
    pub async fn change_team(
        &self,
        principal: &Principal,
        id: TeamId,
        change: TeamChange,
    ) -> Result<TeamView, Error> {
        principal.require(Permission::InboxConfigure)?;
        let name = change.name.as_deref().map(checked_name).transpose()?;
        let (tenant, now, actor) = (principal.tenant, self.core.clock.now(), principal.actor.clone());
        let members = change.member_ids;
        let changed = self
            .core
            .store
            .write(tenant, move |tx| {
                let found = teams::list(tx, tenant)?.into_iter().find(|team| team.id == id);
                let mut team = found.ok_or(Error::NotFound("team"))?;
                if let Some(name) = &name {
                    teams::rename(tx, tenant, id, name)?;
                    team.name.clone_from(name);
                }
                if let Some(members) = &members {
                    check_members(tx, tenant, members)?;
                    teams::set_members(tx, tenant, id, members)?;
                }
                let detail = json!({ "name": name, "member_ids": members });
                audit::record(tx, tenant, &actor, "team.changed", &id.to_string(), &detail, now)?;
                tell(tx, tenant, now)?;
                view(tx, tenant, team)
            })
            .await?;
        self.core.feed.wake();
        Ok(changed)
    }

    /// Removes a team; its conversations stay, without one.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn remove_team(&self, principal: &Principal, id: TeamId) -> Result<(), Error> {
        principal.require(Permission::InboxConfigure)?;
        let (tenant, now, actor) = (principal.tenant, self.core.clock.now(), principal.actor.clone());
        // First off the conversations, in strides; the team itself goes last, so that a stop in between loses nothing.
        loop {
            let (core, by) = (std::sync::Arc::clone(&self.core), actor.clone());
            let left = self
                .core
                .store
                .write(tenant, move |tx| {
                    let some = conversations::of_team(tx, tenant, id, STRIDE)?;
                    for was in &some {
                        let is = Conversation { team: None, ..was.clone() };
                        conversations::replace(tx, tenant, was, &is)?;
                        activity::note_changes(tx, &core, tenant, &by, (was, &is), now)?;
                        super::conversations::tell(tx, tenant, &is, FeedType::ConversationUpdated, now)?;
                    }
                    Ok::<_, Error>(some.len())
                })
                .await?;
            if left < STRIDE as usize {
                break;
            }
        }
        self.core
            .store
            .write(tenant, move |tx| {
                if !teams::delete(tx, tenant, id)? {
                    return Err(Error::NotFound("team"));
                }
                audit::record(tx, tenant, &actor, "team.deleted", &id.to_string(), &json!({}), now)?;
                tell(tx, tenant, now)
            })
            .await?;
        self.core.feed.wake();
        Ok(())
    }
}

fn view(tx: &mut Tx<'_>, tenant: TenantId, team: Team) -> Result<TeamView, Error> {
    let users = names::users(tx, tenant)?;
    let members = teams::members(tx, tenant, team.id)?
        .into_iter()
        .map(|id| {
            let id = id.to_string();
            AssigneeView { name: users.get(&id).cloned().unwrap_or_default(), id }
        })
        .collect();
    Ok(TeamView { id: team.id, name: team.name, members, created_at: team.created_at })
}

fn tell(tx: &mut Tx<'_>, tenant: TenantId, now: Timestamp) -> Result<(), Error> {
    feed::append(tx, tenant, FeedType::TeamChanged, now, &Facts::default())?;
    Ok(())
}

fn check_members(tx: &mut Tx<'_>, tenant: TenantId, members: &[UserId]) -> Result<(), Error> {
    let users = names::users(tx, tenant)?;
    let mut faults = Faults::default();
    for (place, member) in members.iter().enumerate() {
        if !users.contains_key(&member.to_string()) {
            faults.note(format!("/member_ids/{place}"), "there is no such person here");
        }
    }
    Ok(faults.finish()?)
}

fn checked_name(name: &str) -> Result<String, Invalid> {
    let name = name.trim();
    let is_name = name.chars().any(char::is_alphanumeric)
        && name.chars().count() <= LONGEST_NAME
        && !name.chars().any(char::is_control);
    if is_name {
        return Ok(name.to_owned());
    }
    Err(Invalid::at("/name", format!("expected a name of 1 to {LONGEST_NAME} characters, such as Billing")))
}

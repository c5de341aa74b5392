//! What people change of conversations: state, priority, whose work it is, tags, subject, sleep; one or many at once.

use std::sync::Arc;

use domain::access::{Permission, Principal};
use domain::clock::Timestamp;
use domain::conversation::{ConversationState, Priority};
use domain::event::FeedType;
use domain::ids::{ConversationId, TagId, TeamId, UserId};
use domain::invalid::{Faults, Invalid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use store::conversations::{self, Conversation};

use super::conversation_view::ConversationView;
use super::conversations::tell;
use super::names::{self, House};
use super::{activity, snooze, tell_people};
use crate::core::Core;
use crate::{Engine, Error, audit};

/// The most conversations that are changed at once.
const MOST_AT_ONCE: usize = 500;
const MOST_TAGS: usize = 50;
const LONGEST_SUBJECT: usize = 998;

/// What changes of a conversation; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationChange {
    #[serde(default)]
    pub state: Option<ConversationState>,
    #[serde(default)]
    pub priority: Option<Priority>,
    /// A user's id, `me`, or `null` for nobody.
    #[serde(default, deserialize_with = "crate::patch::present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub assignee_id: Option<Option<String>>,
    /// A team's id, or `null` for none.
    #[serde(default, deserialize_with = "crate::patch::present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<TeamId>")]
    pub team_id: Option<Option<TeamId>>,
    /// All of its tags.
    #[serde(default)]
    pub tags: Option<Vec<TagId>>,
    #[serde(default)]
    pub add_tags: Vec<TagId>,
    #[serde(default)]
    pub remove_tags: Vec<TagId>,
    #[serde(default)]
    pub subject: Option<String>,
    /// Snoozes until then; with `null`, or with only `state: snoozed`, until the contact writes.
    #[serde(default, deserialize_with = "crate::patch::present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Timestamp>")]
    pub snoozed_until: Option<Option<Timestamp>>,
    /// Whether the one who asks has read it.
    #[serde(default)]
    pub read: Option<bool>,
}

/// A change of many.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkChange {
    pub ids: Vec<ConversationId>,
    pub change: ConversationChange,
}

/// What became of a change of many.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct BulkChanged {
    pub changed: u32,
    pub unchanged: u32,
    pub skipped: Vec<Skipped>,
}

/// One that was not changed, and why.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Skipped {
    pub id: ConversationId,
    pub code: String,
    pub detail: String,
}

impl Engine {
    /// Changes a conversation.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] for a person, team or tag that is not of this tenant, or a time that is past.
    pub async fn change_conversation(
        &self,
        principal: &Principal,
        id: ConversationId,
        change: ConversationChange,
    ) -> Result<ConversationView, Error> {
        let order = ChangeOrder::read(&self.core, principal, change)?;
        let tenant = principal.tenant;
        self.core
            .store
            .write(tenant, move |tx| {
                let house = House::read(tx, &order.principal)?;
                order.check(&house)?;
                let was = conversations::get(tx, tenant, id)?.ok_or(Error::NotFound("conversation"))?;
                order.apply(tx, &was)
            })
            .await?;
        self.core.feed.wake();
        self.core.jobs.look_again();
        self.shown(principal, id).await
    }

    /// Changes many conversations alike, in one transaction.
    ///
    /// # Errors
    /// [`Error::Invalid`] as for one; those that do not exist or were merged are named in the answer.
    pub async fn change_conversations(
        &self,
        principal: &Principal,
        bulk: BulkChange,
    ) -> Result<BulkChanged, Error> {
        if bulk.ids.is_empty() || bulk.ids.len() > MOST_AT_ONCE {
            return Err(Invalid::at("/ids", format!("expected 1 to {MOST_AT_ONCE} conversations")).into());
        }
        let order = ChangeOrder::read(&self.core, principal, bulk.change).map_err(|error| match error {
            Error::Invalid(invalid) => invalid.under("/change").into(),
            other => other,
        })?;
        let (tenant, ids) = (principal.tenant, bulk.ids);
        let changed = self
            .core
            .store
            .write(tenant, move |tx| {
                let house = House::read(tx, &order.principal)?;
                order.check(&house).map_err(|invalid| invalid.under("/change"))?;
                let mut done = BulkChanged::default();
                for id in &ids {
                    let skip = |code: &str, detail: &str| Skipped {
                        id: *id,
                        code: code.to_owned(),
                        detail: detail.to_owned(),
                    };
                    match conversations::get(tx, tenant, *id)? {
                        None => done.skipped.push(skip("not_found", "there is no conversation with this id")),
                        Some(row) if row.state == ConversationState::Merged => {
                            done.skipped.push(skip("merged", "it was merged into another conversation"));
                        }
                        Some(row) if order.apply(tx, &row)? => done.changed += 1,
                        Some(_) => done.unchanged += 1,
                    }
                }
                Ok::<_, Error>(done)
            })
            .await?;
        self.core.feed.wake();
        self.core.jobs.look_again();
        Ok(changed)
    }
}

/// A change whose words were read, with who makes it and when.
pub(crate) struct ChangeOrder {
    core: Arc<Core>,
    principal: Principal,
    change: ConversationChange,
    assignee: Option<Option<String>>,
    now: Timestamp,
}

impl ChangeOrder {
    pub(crate) fn read(
        core: &Arc<Core>,
        principal: &Principal,
        change: ConversationChange,
    ) -> Result<ChangeOrder, Error> {
        principal.require(Permission::ConversationsWrite)?;
        let now = core.clock.now();
        let mut faults = Faults::default();
        let assignee = match &change.assignee_id {
            Some(Some(word)) => Some(faults.take("/assignee_id", person(principal, word))),
            Some(None) => Some(None),
            None => None,
        };
        if change.state == Some(ConversationState::Merged) {
            faults.note(
                "/state",
                "expected open, pending, snoozed or resolved; conversations are merged by /merge",
            );
        }
        if let Some(Some(until)) = change.snoozed_until {
            if until <= now {
                faults.note("/snoozed_until", "expected a time to come");
            }
            if change.state.is_some_and(|state| state != ConversationState::Snoozed) {
                faults.note("/state", "expected snoozed, or nothing, beside snoozed_until");
            }
        }
        if let Some(subject) = &change.subject
            && (subject.chars().any(char::is_control) || subject.len() > LONGEST_SUBJECT)
        {
            faults.note("/subject", format!("expected one line of at most {LONGEST_SUBJECT} bytes"));
        }
        if change.tags.as_ref().is_some_and(|tags| tags.len() > MOST_TAGS) {
            faults.note("/tags", format!("expected at most {MOST_TAGS} tags"));
        }
        faults.finish()?;
        Ok(ChangeOrder { core: Arc::clone(core), principal: principal.clone(), change, assignee, now })
    }

    /// Whether everybody and everything named is of this tenant.
    pub(crate) fn check(&self, house: &House) -> Result<(), Invalid> {
        let mut faults = Faults::default();
        if let Some(Some(user)) = &self.assignee
            && !house.users.contains_key(user)
        {
            faults.note("/assignee_id", "there is no such person here");
        }
        if let Some(Some(team)) = self.change.team_id
            && !house.teams.contains_key(&team)
        {
            faults.note("/team_id", "there is no such team here");
        }
        let all = self.change.tags.iter().flatten().map(|tag| ("/tags", tag));
        let added = self.change.add_tags.iter().map(|tag| ("/add_tags", tag));
        for (place, tag) in all.chain(added) {
            if !house.tags.contains_key(tag) {
                faults.note(place, format!("there is no tag {tag} here"));
            }
        }
        faults.finish()
    }

    /// Changes one; gives whether anything of it changed.
    pub(crate) fn apply(&self, tx: &mut Tx<'_>, was: &Conversation) -> Result<bool, Error> {
        let (tenant, now, actor) = (self.principal.tenant, self.now, &self.principal.actor);
        if was.state == ConversationState::Merged {
            let detail = "this conversation was merged into another one; change that one, or undo the merge";
            return Err(Error::conflict("conversation_merged", detail));
        }
        let is = self.changed(was);
        let differs = is != *was;
        if differs {
            conversations::replace(tx, tenant, was, &is)?;
            activity::note_changes(tx, &self.core, tenant, actor, (was, &is), now)?;
            snooze::set_alarm(tx, &self.core, tenant, (was, &is), actor, now)?;
            tell_people::of_change(tx, &self.core, tenant, &self.principal, (was, &is), now)?;
            let detail = json!({ "state": is.state, "priority": is.priority, "assignee_id": is.assignee,
                                 "team_id": is.team, "tags": is.tags, "snoozed_until": is.snoozed_until });
            audit::record(tx, tenant, actor, "conversation.changed", &is.id.to_string(), &detail, now)?;
            tell(tx, tenant, &is, FeedType::ConversationUpdated, now)?;
        }
        if let Some(as_read) = self.change.read {
            super::conversations::mark(tx, tenant, is, names::me(&self.principal).as_deref(), as_read, now)?;
            return Ok(true);
        }
        Ok(differs)
    }

    fn changed(&self, was: &Conversation) -> Conversation {
        let change = &self.change;
        let (state, snoozed_until) = match (change.state, change.snoozed_until) {
            (None, None) => (was.state, was.snoozed_until),
            (Some(ConversationState::Snoozed), None) => (ConversationState::Snoozed, None),
            (_, Some(until)) if change.state.is_none_or(|state| state == ConversationState::Snoozed) => {
                (ConversationState::Snoozed, until)
            }
            (state, _) => (state.unwrap_or(was.state), None),
        };
        let mut tags = change.tags.clone().unwrap_or_else(|| was.tags.clone());
        tags.extend(&change.add_tags);
        tags.retain(|tag| !change.remove_tags.contains(tag));
        let mut seen = Vec::with_capacity(tags.len());
        tags.retain(|tag| {
            let is_first = !seen.contains(tag);
            seen.push(*tag);
            is_first
        });
        Conversation {
            state,
            snoozed_until,
            tags,
            priority: change.priority.unwrap_or(was.priority),
            assignee: self.assignee.clone().unwrap_or_else(|| was.assignee.clone()),
            team: change.team_id.unwrap_or(was.team),
            subject: change.subject.clone().unwrap_or_else(|| was.subject.clone()),
            ..was.clone()
        }
    }
}

fn person(principal: &Principal, word: &str) -> Result<String, String> {
    if word == "me" {
        return names::me(principal).ok_or_else(|| "only a person who is signed in is `me`".to_owned());
    }
    let id: UserId = word.parse().map_err(|error: domain::ids::NotAnId| error.to_string())?;
    Ok(id.to_string())
}

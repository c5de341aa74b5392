//! What a query asks of a conversation, with names turned into ids. What does not exist is told in a note and found nowhere.

use std::collections::{HashMap, HashSet};

use domain::access::Principal;
use domain::channel::Channel;
use domain::conversation::{ConversationState, Priority};
use domain::ids::{ConversationId, TagId, TeamId};
use domain::search::{Condition, Field, Is, Person, Query, fold, is_same_name};
use store::search::{Mark, Standing};

use crate::inbox::{House, me};

/// Values of which a conversation has one: it must be among the wanted, if any are, and not among the others.
#[derive(Debug, Clone)]
pub(super) struct OneOf<T> {
    pub wanted: Vec<T>,
    unwanted: Vec<T>,
}

impl<T> Default for OneOf<T> {
    fn default() -> OneOf<T> {
        OneOf { wanted: Vec::new(), unwanted: Vec::new() }
    }
}

impl<T: PartialEq> OneOf<T> {
    fn add(&mut self, value: T, is_wanted: bool) {
        if is_wanted { self.wanted.push(value) } else { self.unwanted.push(value) }
    }

    pub(super) fn accepts(&self, value: &T) -> bool {
        (self.wanted.is_empty() || self.wanted.contains(value)) && !self.unwanted.contains(value)
    }
}

/// Everything that is asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Conditions {
    pub states: OneOf<ConversationState>,
    /// Nobody is `None`.
    pub assignees: OneOf<Option<String>>,
    pub teams: OneOf<Option<TeamId>>,
    /// Each of them.
    pub tags: Vec<TagId>,
    unwanted_tags: Vec<TagId>,
    channels: OneOf<Channel>,
    priorities: OneOf<Priority>,
    pub in_tray: Option<bool>,
    unread: Option<bool>,
    has_note: Option<bool>,
    /// Of documents.
    pub marks: Vec<(Mark, bool)>,
    /// Something wanted does not exist.
    pub finds_nothing: bool,
    /// Whether conversations are asked anything at all.
    pub are_asked: bool,
    me: Option<String>,
}

/// What conditions need to know beside the rows, looked up for many at once.
#[derive(Debug, Default)]
pub(super) struct LookedUp {
    seen: HashMap<ConversationId, i64>,
    with_notes: HashSet<ConversationId>,
}

/// `from:me` is the name of the one who asks.
pub(super) fn stand_in_for_me(query: &mut Query, principal: &Principal) {
    let name = fold(&principal.name);
    if me(principal).is_none() || name.is_empty() {
        return;
    }
    for term in query.wanted.iter_mut().flatten().chain(&mut query.unwanted) {
        if term.field == Some(Field::Sender) && term.words == ["me"] {
            term.words.clone_from(&name);
        }
    }
}

impl Conditions {
    /// Reads the conditions of a query; notes in it what does not exist.
    pub(super) fn of(query: &mut Query, house: &House) -> Conditions {
        let mut conditions = Conditions { me: house.me.clone(), ..Conditions::default() };
        let mut notes = Vec::new();
        for (condition, is_wanted) in &query.conditions {
            if let Err(note) = conditions.add(condition, *is_wanted, house) {
                notes.push(note);
                conditions.finds_nothing |= is_wanted;
            }
        }
        conditions.finish(query.wanted.is_empty() && query.unwanted.is_empty());
        query.understood.notes.extend(notes);
        conditions
    }

    fn add(&mut self, condition: &Condition, is_wanted: bool, house: &House) -> Result<(), String> {
        self.are_asked |= !matches!(condition, Condition::HasAttachment | Condition::InNotes);
        match condition {
            Condition::Is(is) => self.add_is(*is, is_wanted)?,
            Condition::Assignee(Person::Nobody) => self.assignees.add(None, is_wanted),
            Condition::Assignee(Person::Me) => self.assignees.add(Some(self.me()?), is_wanted),
            Condition::Assignee(Person::Named(name)) => {
                for id in people(name, house)? {
                    self.assignees.add(Some(id), is_wanted);
                }
            }
            Condition::Team(name) => {
                let found = house.teams.iter().filter(|(id, known)| is_called(name, &id.to_string(), known));
                let ids: Vec<TeamId> = found.map(|(id, _)| *id).collect();
                if ids.is_empty() {
                    return Err(format!("There is no team '{name}'."));
                }
                for id in ids {
                    self.teams.add(Some(id), is_wanted);
                }
            }
            Condition::Tag(name) => {
                let mut tags = house.tags.values();
                let tag = tags.find(|tag| is_called(name, &tag.id.to_string(), &tag.name));
                let tag = tag.ok_or_else(|| format!("There is no tag '{name}'."))?;
                if is_wanted { self.tags.push(tag.id) } else { self.unwanted_tags.push(tag.id) }
            }
            Condition::Channel(channel) => self.channels.add(*channel, is_wanted),
            Condition::Priority(priority) => self.priorities.add(*priority, is_wanted),
            Condition::HasNote => self.has_note = Some(is_wanted),
            Condition::HasAttachment => self.marks.push((Mark::File, is_wanted)),
            Condition::InNotes => self.marks.push((Mark::Note, is_wanted)),
            Condition::InInbox => self.in_tray = Some(!is_wanted),
        }
        Ok(())
    }

    fn add_is(&mut self, is: Is, is_wanted: bool) -> Result<(), String> {
        use ConversationState as S;
        match is {
            Is::Open => self.states.add(S::Open, is_wanted),
            Is::Pending => self.states.add(S::Pending, is_wanted),
            Is::Snoozed => self.states.add(S::Snoozed, is_wanted),
            Is::Resolved => self.states.add(S::Resolved, is_wanted),
            Is::Unread => self.unread = Some(is_wanted),
            Is::Read => self.unread = Some(!is_wanted),
            Is::Tray => self.in_tray = Some(is_wanted),
            Is::Mine => self.assignees.add(Some(self.me()?), is_wanted),
            Is::Unassigned => self.assignees.add(None, is_wanted),
        }
        Ok(())
    }

    fn me(&self) -> Result<String, String> {
        self.me.clone().ok_or_else(|| "Only a person who is signed in is 'me'.".to_owned())
    }

    fn finish(&mut self, is_without_words: bool) {
        // Notes alone are found by the index; no conversation has to be asked for them.
        if is_without_words && self.has_note == Some(true) {
            self.marks.push((Mark::Note, true));
        }
        // What waits in the tray stands in no list of a state.
        let is_list = is_without_words && self.marks.is_empty();
        if self.in_tray.is_none() && (is_list || !self.states.wanted.is_empty()) {
            self.in_tray = Some(false);
            self.are_asked = true;
        }
    }

    /// Looks up what is needed to ask these conversations.
    pub(super) fn look_up(
        &self,
        tx: &mut store::Tx<'_>,
        tenant: domain::ids::TenantId,
        ids: &[ConversationId],
    ) -> Result<LookedUp, store::Error> {
        let mut looked_up = LookedUp::default();
        if let (Some(_), Some(me)) = (self.unread, &self.me) {
            looked_up.seen = store::search::seen(tx, tenant, me, ids)?;
        }
        if self.has_note.is_some() {
            looked_up.with_notes = store::search::with_notes(tx, tenant, ids)?;
        }
        Ok(looked_up)
    }

    /// Whether a conversation is what is asked for. Merged ones never are: their messages stand elsewhere.
    pub(super) fn accept(&self, row: &Standing, looked_up: &LookedUp) -> bool {
        let is = |wanted: Option<bool>, truth: bool| wanted.is_none_or(|wanted| wanted == truth);
        row.state != ConversationState::Merged
            && self.states.accepts(&row.state)
            && self.assignees.accepts(&row.assignee)
            && self.teams.accepts(&row.team)
            && self.tags.iter().all(|tag| row.tags.contains(tag))
            && !self.unwanted_tags.iter().any(|tag| row.tags.contains(tag))
            && self.channels.accepts(&row.channel)
            && self.priorities.accepts(&row.priority)
            && is(self.in_tray, row.in_tray)
            && is(self.unread, self.is_unread(row, looked_up))
            && is(self.has_note, looked_up.with_notes.contains(&row.id))
    }

    fn is_unread(&self, row: &Standing, looked_up: &LookedUp) -> bool {
        match self.me {
            Some(_) => looked_up.seen.get(&row.id).copied().unwrap_or(0) < row.inbound_count,
            None => row.unread > 0,
        }
    }
}

fn is_called(typed: &str, id: &str, name: &str) -> bool {
    typed == id || is_same_name(typed, name)
}

/// The people of a name: the whole of it, or some of its words.
fn people(typed: &str, house: &House) -> Result<Vec<String>, String> {
    let whole: Vec<String> = house
        .users
        .iter()
        .filter(|(id, name)| is_called(typed, id, name))
        .map(|(id, _)| id.clone())
        .collect();
    if !whole.is_empty() {
        return Ok(whole);
    }
    let words = fold(typed);
    let has_all = |name: &str| {
        let name = fold(name);
        !words.is_empty() && words.iter().all(|word| name.contains(word))
    };
    let some: Vec<String> =
        house.users.iter().filter(|(_, name)| has_all(name)).map(|(id, _)| id.clone()).collect();
    if some.is_empty() { Err(format!("There is nobody called '{typed}' here.")) } else { Ok(some) }
}

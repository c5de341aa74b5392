//! Whom a note mentions: found in its text or given by id; people directly, or as members of a team.

use std::collections::BTreeSet;

use domain::access::Principal;
use domain::clock::Timestamp;
use domain::ids::{EntryId, TeamId, UserId};
use domain::invalid::{Faults, Invalid};
use domain::mention::mentioned;
use domain::notification::NotificationKind;
use store::conversations::Conversation;
use store::{Tx, teams};

use super::super::names::House;
use super::super::notifications::{News, notify};
use super::super::tell_people::quoted;
use crate::Error;
use crate::core::Core;

/// People and teams, each once.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Mentions {
    people: Vec<UserId>,
    teams: Vec<(TeamId, String)>,
}

impl Mentions {
    /// From a text, and from ids, all of which have to exist.
    pub(super) fn read(house: &House, text: &str, named: &[String]) -> Result<Mentions, Invalid> {
        let (mut mentions, mut faults) = (Mentions::in_text(house, text), Faults::default());
        for (place, id) in named.iter().enumerate() {
            if !mentions.add(house, id) {
                faults.note(
                    format!("/mentions/{place}"),
                    "expected the id of a person (usr_…) or team (tem_…) that is here",
                );
            }
        }
        faults.finish()?;
        Ok(mentions)
    }

    /// From another text of the same note; of those who were given by id, some may have gone meanwhile.
    pub(super) fn again(house: &House, text: &str, named: &[String]) -> Mentions {
        let mut mentions = Mentions::in_text(house, text);
        for id in named {
            mentions.add(house, id);
        }
        mentions
    }

    fn in_text(house: &House, text: &str) -> Mentions {
        let people = house.users.iter().map(|(id, name)| (id.clone(), name.as_str()));
        let teams = house.teams.iter().map(|(id, name)| (id.to_string(), name.as_str()));
        let mut known: Vec<(String, &str)> = people.chain(teams).collect();
        // Maps have no order; what a note mentions has one.
        known.sort();
        let names: Vec<&str> = known.iter().map(|(_, name)| *name).collect();
        let mut mentions = Mentions::default();
        for place in mentioned(text, &names) {
            mentions.add(house, &known[place].0);
        }
        mentions
    }

    /// Adds one that is here; false for one that is not.
    fn add(&mut self, house: &House, id: &str) -> bool {
        if let Ok(team) = id.parse::<TeamId>() {
            let Some(name) = house.teams.get(&team) else { return false };
            if !self.teams.iter().any(|(known, _)| *known == team) {
                self.teams.push((team, name.clone()));
            }
            return true;
        }
        match id.parse::<UserId>() {
            Ok(person) if house.users.contains_key(id) => {
                if !self.people.contains(&person) {
                    self.people.push(person);
                }
                true
            }
            _ => false,
        }
    }

    /// The ids of all.
    pub(super) fn all(&self) -> Vec<String> {
        let people = self.people.iter().map(ToString::to_string);
        people.chain(self.teams.iter().map(|(id, _)| id.to_string())).collect()
    }

    /// Tells everybody who is mentioned and was not `before`, each once and directly where both ways lead to them.
    #[expect(
        clippy::too_many_arguments,
        reason = "one step of one transaction; a struct for it would have one user"
    )]
    pub(super) fn tell(
        &self,
        tx: &mut Tx<'_>,
        core: &Core,
        author: &Principal,
        conversation: &Conversation,
        note: EntryId,
        before: &[String],
        now: Timestamp,
    ) -> Result<(), Error> {
        let place = quoted(conversation);
        let mut told = BTreeSet::new();
        let mut tell = |tx: &mut Tx<'_>, person: UserId, whom: &str| {
            if !told.insert(person) {
                return Ok(());
            }
            let news = News {
                kind: NotificationKind::Mention,
                conversation: Some(conversation.id),
                subject: Some(note.to_string()),
                actor: &author.actor,
                sentence: &format!("{} mentioned {whom} in {place}.", author.name),
            };
            notify(tx, &core.ids, author.tenant, person, &news, now)
        };
        for person in &self.people {
            if !before.contains(&person.to_string()) {
                tell(tx, *person, "you")?;
            }
        }
        for (team, name) in &self.teams {
            if !before.contains(&team.to_string()) {
                for member in teams::members(tx, author.tenant, *team)? {
                    tell(tx, member, name)?;
                }
            }
        }
        Ok(())
    }
}

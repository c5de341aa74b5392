//! Presence: who looks at a conversation or types in it at this moment. It lives in memory alone: after a restart people
//! are there again with their next sign of life, and on a cluster each node knows those who are connected to it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use domain::access::{Permission, Principal};
use domain::clock::Timestamp;
use domain::ids::{ConversationId, TenantId, UserId};
use domain::presence::{Doing, PRESENT_FOR};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::conversations;
use tokio::sync::{Notify, broadcast};

use super::person::person;
use crate::core::Core;
use crate::{Engine, Error};

/// News that a follower may lag behind; who misses some sees the next.
const REMEMBERED: usize = 256;

/// A sign of life.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PresencePing {
    pub doing: Doing,
}

/// Who else is there.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OthersPresent {
    pub others: Vec<PresentPerson>,
}

/// Somebody who is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PresentPerson {
    pub id: UserId,
    pub name: String,
    pub doing: Doing,
}

/// Everybody who is in a conversation now; nobody is an empty list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PresenceNews {
    pub conversation_id: ConversationId,
    pub people: Vec<PresentPerson>,
}

/// What this process knows.
#[derive(Default)]
pub(crate) struct Presence {
    inner: Mutex<Inner>,
    /// Somebody came whose time will be over before anybody else's, perhaps.
    came: Notify,
}

#[derive(Default)]
struct Inner {
    rooms: BTreeMap<(TenantId, ConversationId), BTreeMap<UserId, Seen>>,
    followers: HashMap<TenantId, broadcast::Sender<Arc<PresenceNews>>>,
}

struct Seen {
    name: String,
    doing: Doing,
    until: Timestamp,
}

impl Presence {
    /// Takes a sign of life, and gives who else is there.
    fn see(
        &self,
        room: (TenantId, ConversationId),
        user: UserId,
        name: &str,
        doing: Doing,
        now: Timestamp,
    ) -> Vec<PresentPerson> {
        let mut inner = self.inner.lock();
        let people = inner.rooms.entry(room).or_default();
        let before = people.get(&user).filter(|seen| seen.until > now).map(|seen| seen.doing);
        if doing == Doing::Away {
            people.remove(&user);
        } else {
            people.insert(user, Seen { name: name.to_owned(), doing, until: now.plus(PRESENT_FOR) });
        }
        let is_news = before.unwrap_or(Doing::Away) != doing;
        let mut there = inner.people(room, now);
        if is_news {
            inner.tell(room, there.clone());
        }
        inner.rooms.retain(|_, people| !people.is_empty());
        there.retain(|person| person.id != user);
        self.came.notify_one();
        there
    }

    /// Lets those go who gave no sign; gives when the next one's time is over.
    fn forget(&self, now: Timestamp) -> Option<Timestamp> {
        let mut inner = self.inner.lock();
        let mut changed = Vec::new();
        for (room, people) in &mut inner.rooms {
            let before = people.len();
            people.retain(|_, seen| seen.until > now);
            if people.len() < before {
                changed.push(*room);
            }
        }
        for room in changed {
            let people = inner.people(room, now);
            inner.tell(room, people);
        }
        inner.rooms.retain(|_, people| !people.is_empty());
        inner.rooms.values().flat_map(BTreeMap::values).map(|seen| seen.until).min()
    }
}

impl Inner {
    fn people(&self, room: (TenantId, ConversationId), now: Timestamp) -> Vec<PresentPerson> {
        let seen = self.rooms.get(&room).into_iter().flatten();
        seen.filter(|(_, seen)| seen.until > now)
            .map(|(id, seen)| PresentPerson { id: *id, name: seen.name.clone(), doing: seen.doing })
            .collect()
    }

    fn tell(&mut self, (tenant, conversation_id): (TenantId, ConversationId), people: Vec<PresentPerson>) {
        let Some(followers) = self.followers.get(&tenant) else { return };
        if followers.send(Arc::new(PresenceNews { conversation_id, people })).is_err() {
            // Nobody follows any more.
            self.followers.remove(&tenant);
        }
    }
}

/// Somebody who is told of presence.
pub struct PresenceFollower {
    core: Arc<Core>,
    /// What was so when the following began.
    ready: VecDeque<Arc<PresenceNews>>,
    live: broadcast::Receiver<Arc<PresenceNews>>,
}

impl PresenceFollower {
    /// The next news; nothing when the server stops.
    pub async fn next(&mut self) -> Option<Arc<PresenceNews>> {
        if let Some(news) = self.ready.pop_front() {
            return Some(news);
        }
        loop {
            let received = tokio::select! {
                received = self.live.recv() => received,
                () = self.core.stopping.cancelled() => return None,
            };
            match received {
                Ok(news) => return Some(news),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

/// Lets people go whose time is over, until the engine stops.
pub(crate) async fn watch(core: &Arc<Core>) {
    loop {
        let next = core.presence.forget(core.clock.now());
        tokio::select! {
            () = core.presence.came.notified() => {}
            () = core.sleep_until(next) => {}
            () = core.stopping.cancelled() => return,
        }
    }
}

impl Engine {
    /// Takes a sign of life of the one who asks, valid for 30 seconds, and gives who else is there.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission; `person_only`.
    pub async fn be_present(
        &self,
        principal: &Principal,
        conversation: ConversationId,
        ping: PresencePing,
    ) -> Result<OthersPresent, Error> {
        // Whoever may read may be seen reading; only who may write can be writing.
        let needed = match ping.doing {
            Doing::Typing => Permission::ConversationsWrite,
            Doing::Viewing | Doing::Away => Permission::ConversationsRead,
        };
        principal.require(needed)?;
        let (tenant, user) = (principal.tenant, person(principal)?);
        let found = self.core.store.read(move |tx| conversations::get(tx, tenant, conversation)).await?;
        if found.is_none() {
            return Err(Error::NotFound("conversation"));
        }
        let now = self.core.clock.now();
        let others = self.core.presence.see((tenant, conversation), user, &principal.name, ping.doing, now);
        Ok(OthersPresent { others })
    }

    /// Follows who is where, beginning with how it is now; nothing for those who may not read conversations.
    #[must_use]
    pub fn follow_presence(&self, principal: &Principal) -> Option<PresenceFollower> {
        principal.require(Permission::ConversationsRead).ok()?;
        let (tenant, now) = (principal.tenant, self.core.clock.now());
        let mut inner = self.core.presence.inner.lock();
        let rooms: Vec<_> = inner.rooms.keys().filter(|(of, _)| *of == tenant).copied().collect();
        let ready = rooms
            .into_iter()
            .map(|room| Arc::new(PresenceNews { conversation_id: room.1, people: inner.people(room, now) }))
            .collect();
        let followers = inner.followers.entry(tenant).or_insert_with(|| broadcast::channel(REMEMBERED).0);
        Some(PresenceFollower { live: followers.subscribe(), core: Arc::clone(&self.core), ready })
    }
}

//! Conversations: lists with their counts, one of them, and what a person has read.

use std::collections::BTreeMap;

use domain::access::{Permission, Principal};
use domain::clock::Timestamp;
use domain::conversation::ConversationState;
use domain::event::FeedType;
use domain::ids::{ContactId, ConversationId, TagId, TeamId, TenantId};
use domain::invalid::Invalid;
use domain::page::{Cursor, Page, PageRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Tx;
use store::conversations::{self, Conversation, Filter};
use store::feed::{self, Facts};

use super::conversation_view::{ConversationView, view, views};
use super::names::{self, House};
use super::person::named;
use crate::{Engine, Error};

/// How many conversations there are; all but `resolved` and `tray` leave the tray out.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct ConversationCounts {
    pub open: i64,
    pub pending: i64,
    pub snoozed: i64,
    pub resolved: i64,
    /// Open, and with something that the one who asks has not read.
    pub unread: i64,
    pub tray: i64,
    /// Open and of nobody.
    pub unassigned: i64,
    /// Open and of the one who asks.
    pub mine: i64,
    /// Open, by team; teams without any are left out.
    pub teams: BTreeMap<String, i64>,
}

/// Which conversations are asked for: one of `assignee`, `team`, `tag`, `contact` and `tray`, or none of them.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct ConversationFilter {
    #[serde(default)]
    pub state: Option<ConversationState>,
    /// `me`, `none` or a user's id.
    #[serde(default)]
    pub assignee: Option<String>,
    #[serde(default)]
    pub team: Option<TeamId>,
    #[serde(default)]
    pub tag: Option<TagId>,
    #[serde(default)]
    pub contact: Option<ContactId>,
    /// `true`: only those that wait in the tray.
    #[serde(default)]
    pub tray: Option<bool>,
}

impl Engine {
    /// Conversations, those with the newest activity first.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a filter that cannot be; missing permission.
    pub async fn conversations(
        &self,
        principal: &Principal,
        filter: ConversationFilter,
        page: PageRequest,
    ) -> Result<Page<ConversationView>, Error> {
        principal.require(Permission::ConversationsRead)?;
        let filter = filter_of(principal, filter)?;
        let (tenant, limit, asking) = (principal.tenant, page.limit, principal.clone());
        let before = match page.after {
            Some(cursor) => (Timestamp::from_micros(cursor.key), cursor.id),
            None => (Timestamp::from_micros(i64::MAX), "cnv_z".to_owned()),
        };
        self.core
            .store
            .read(move |tx| {
                let rows = conversations::list(tx, tenant, &filter, &before, limit + 1)?;
                let page = Page::cut(rows, limit, |row| Cursor {
                    key: row.last_activity_at.micros(),
                    id: row.id.to_string(),
                });
                let house = House::read(tx, &asking)?;
                Ok(Page { rows: views(tx, tenant, page.rows, &house)?, next: page.next })
            })
            .await
    }

    /// One conversation.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn conversation(
        &self,
        principal: &Principal,
        id: ConversationId,
    ) -> Result<ConversationView, Error> {
        principal.require(Permission::ConversationsRead)?;
        self.shown(principal, id).await
    }

    /// One conversation, for somebody who was allowed to do something with it.
    pub(crate) async fn shown(
        &self,
        principal: &Principal,
        id: ConversationId,
    ) -> Result<ConversationView, Error> {
        let (tenant, asking) = (principal.tenant, principal.clone());
        self.core
            .store
            .read(move |tx| {
                let row = conversations::get(tx, tenant, id)?.ok_or(Error::NotFound("conversation"))?;
                let house = House::read(tx, &asking)?;
                view(tx, tenant, row, &house)
            })
            .await
    }

    /// How many conversations there are, from counters.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn conversation_counts(&self, principal: &Principal) -> Result<ConversationCounts, Error> {
        principal.require(Permission::ConversationsRead)?;
        let tenant = principal.tenant;
        let counters = self
            .core
            .store
            .read(move |tx| store::counters::with_prefix(tx, tenant, "conversations."))
            .await?;
        let count = |name: &str| {
            let name = format!("conversations.{name}");
            counters.iter().find(|(counter, _)| *counter == name).map_or(0, |(_, value)| *value)
        };
        let (mine, unread) = match names::me(principal) {
            Some(me) => (count(&format!("assigned.{me}")), count("heard") - count(&format!("read.{me}"))),
            None => (0, count("unread")),
        };
        let teams = counters
            .iter()
            .filter(|(_, value)| *value != 0)
            .filter_map(|(name, value)| Some((name.strip_prefix("conversations.team.")?.to_owned(), *value)))
            .collect();
        Ok(ConversationCounts {
            open: count("open"),
            pending: count("pending"),
            snoozed: count("snoozed"),
            resolved: count("resolved"),
            unread,
            tray: count("tray"),
            unassigned: count("unassigned"),
            mine,
            teams,
        })
    }

    /// Marks a conversation as read by the person who asks, or its newest message as not read.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn mark_conversation(
        &self,
        principal: &Principal,
        id: ConversationId,
        as_read: bool,
    ) -> Result<(), Error> {
        principal.require(Permission::ConversationsWrite)?;
        let (tenant, now) = (principal.tenant, self.core.clock.now());
        let me = names::me(principal);
        self.core
            .store
            .write(tenant, move |tx| {
                let row = conversations::get(tx, tenant, id)?.ok_or(Error::NotFound("conversation"))?;
                mark(tx, tenant, row, me.as_deref(), as_read, now)
            })
            .await?;
        self.core.feed.wake();
        Ok(())
    }
}

/// Marks for one person, and tells the other windows of that person.
pub(super) fn mark(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    row: Conversation,
    me: Option<&str>,
    as_read: bool,
    now: Timestamp,
) -> Result<(), Error> {
    let mut changed = match me {
        Some(me) => conversations::mark(tx, tenant, &row, me, as_read)?,
        None => false,
    };
    let unread = if as_read { 0 } else { row.unread.max(1).min(row.inbound_count) };
    if unread != row.unread {
        let is = Conversation { unread, ..row.clone() };
        conversations::replace(tx, tenant, &row, &is)?;
        changed = true;
    }
    if !changed {
        return Ok(());
    }
    let facts = Facts { user_id: me.map(str::to_owned), ..facts_of(&row) };
    feed::append(tx, tenant, FeedType::ConversationRead, now, &facts)?;
    Ok(())
}

/// Each list has an index of its own, so that it is as fast as the shortest; what combines them is the search.
fn filter_of(principal: &Principal, filter: ConversationFilter) -> Result<Filter, Invalid> {
    let ConversationFilter { state, assignee, team, tag, contact, tray } = filter;
    let tray = tray == Some(true);
    let given = [
        ("/tray", tray),
        ("/contact", contact.is_some()),
        ("/tag", tag.is_some()),
        ("/team", team.is_some()),
        ("/assignee", assignee.is_some()),
    ];
    let given: Vec<&str> = given.iter().filter(|(_, is_given)| *is_given).map(|(name, _)| *name).collect();
    if let [first, second, ..] = given[..] {
        let detail = format!(
            "not together with `{}`; a search has both: GET /v1/search?q=",
            first.trim_start_matches('/')
        );
        return Err(Invalid::at(second, detail));
    }
    if (tray || contact.is_some()) && state.is_some() {
        let detail =
            format!("not together with `{}`, which lists all states", given[0].trim_start_matches('/'));
        return Err(Invalid::at("/state", detail));
    }
    Ok(match (contact, tag, team, assignee) {
        _ if tray => Filter::Tray,
        (Some(contact), ..) => Filter::Contact(contact),
        (_, Some(tag), ..) => Filter::Tag(tag, state),
        (_, _, Some(team), _) => Filter::Team(team, state),
        (.., Some(word)) => {
            let open_unless_said = state.unwrap_or(ConversationState::Open);
            match named(principal, "/assignee", &word)? {
                Some(user) => Filter::Assignee(user, open_unless_said),
                None => Filter::Unassigned(open_unless_said),
            }
        }
        _ => state.map_or(Filter::All, Filter::State),
    })
}

fn facts_of(conversation: &Conversation) -> Facts {
    Facts {
        conversation_id: Some(conversation.id.to_string()),
        contact_id: Some(conversation.contact.to_string()),
        state: Some(conversation.state.to_string()),
        ..Facts::default()
    }
}

/// Tells the feed that a conversation changed.
pub(crate) fn tell(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    conversation: &Conversation,
    kind: FeedType,
    now: Timestamp,
) -> Result<(), Error> {
    feed::append(tx, tenant, kind, now, &facts_of(conversation))?;
    Ok(())
}

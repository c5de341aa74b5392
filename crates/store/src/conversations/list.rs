//! Lists of conversations, those with the newest activity first; each by an index of its own.

use domain::clock::Timestamp;
use domain::conversation::ConversationState;
use domain::ids::{ContactId, ConversationId, TagId, TeamId, TenantId};

use super::{Conversation, many, read};
use crate::args;
use crate::db::{Error, Tx};

/// Which conversations a list shows. Without a state: of every state that lists show.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Those in the tray too.
    All,
    State(ConversationState),
    /// Of one person.
    Assignee(String, ConversationState),
    /// Of nobody.
    Unassigned(ConversationState),
    Team(TeamId, Option<ConversationState>),
    Tag(TagId, Option<ConversationState>),
    Contact(ContactId),
    Tray,
}

/// The last row of the page before: activity time and id.
pub type Before = (Timestamp, String);

macro_rules! page {
    ($condition:literal, $at:literal, $id:literal, $limit:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            "
FROM conversations
WHERE tenant_id = $1",
            $condition,
            " AND (last_activity_at, id) < (",
            $at,
            ", ",
            $id,
            ")
ORDER BY last_activity_at DESC, id DESC
LIMIT ",
            $limit
        )
    };
}

const ANY: &str = page!(" AND state = $2", "$3", "$4", "$5");
const STATE: &str = page!(" AND state = $2 AND in_tray = 0", "$3", "$4", "$5");
const ASSIGNEE: &str = page!(" AND assignee_id = $2 AND in_tray = 0 AND state = $3", "$4", "$5", "$6");
const UNASSIGNED: &str = page!(" AND assignee_id IS NULL AND in_tray = 0 AND state = $2", "$3", "$4", "$5");
const TEAM: &str = page!(" AND team_id = $2 AND in_tray = 0 AND state = $3", "$4", "$5", "$6");
const CONTACT: &str = page!(" AND contact_id = $2 AND state <> 'merged'", "$3", "$4", "$5");
const TRAY: &str = page!(" AND in_tray = 1", "$2", "$3", "$4");

const TAGGED: &str = "
SELECT last_activity_at, conversation_id
FROM conversation_tags
WHERE tenant_id = $1 AND tag_id = $2 AND state = $3 AND (last_activity_at, conversation_id) < ($4, $5)
ORDER BY last_activity_at DESC, conversation_id DESC
LIMIT $6";

/// Conversations with the newest activity first, before a row.
///
/// # Errors
/// Any fault of the database.
pub fn list(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    filter: &Filter,
    before: &Before,
    limit: u32,
) -> Result<Vec<Conversation>, Error> {
    let (at, id) = before;
    match filter {
        Filter::All => {
            // Merged from the states: an index over all would cost every message another write.
            merged(limit, None, |state| tx.query(ANY, &args![tenant, state.as_str(), at, id, limit], read))
        }
        Filter::State(state) => tx.query(STATE, &args![tenant, state.as_str(), at, id, limit], read),
        Filter::Assignee(user, state) => {
            tx.query(ASSIGNEE, &args![tenant, user, state.as_str(), at, id, limit], read)
        }
        Filter::Unassigned(state) => {
            tx.query(UNASSIGNED, &args![tenant, state.as_str(), at, id, limit], read)
        }
        Filter::Team(team, state) => merged(limit, *state, |state| {
            tx.query(TEAM, &args![tenant, team, state.as_str(), at, id, limit], read)
        }),
        Filter::Tag(tag, state) => tagged(tx, tenant, *tag, *state, before, limit),
        Filter::Contact(contact) => tx.query(CONTACT, &args![tenant, contact, at, id, limit], read),
        Filter::Tray => tx.query(TRAY, &args![tenant, at, id, limit], read),
    }
}

/// By the rows that have nothing but the order, so that only the conversations of this page are fetched.
fn tagged(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    tag: TagId,
    state: Option<ConversationState>,
    (at, id): &Before,
    limit: u32,
) -> Result<Vec<Conversation>, Error> {
    let states = state.map_or(ConversationState::LISTED.to_vec(), |state| vec![state]);
    let mut places: Vec<(Timestamp, ConversationId)> = Vec::new();
    for state in states {
        let state = state.as_str();
        places.extend(tx.query(TAGGED, &args![tenant, tag, state, at, id, limit], |row| {
            Ok((row.take()?, row.take()?))
        })?);
    }
    places.sort_by_key(|place| std::cmp::Reverse(*place));
    places.truncate(limit as usize);
    let ids: Vec<ConversationId> = places.into_iter().map(|(_, id)| id).collect();
    many(tx, tenant, &ids)
}

/// The newest of one state, or of all that lists show.
fn merged(
    limit: u32,
    state: Option<ConversationState>,
    mut of_state: impl FnMut(ConversationState) -> Result<Vec<Conversation>, Error>,
) -> Result<Vec<Conversation>, Error> {
    if let Some(state) = state {
        return of_state(state);
    }
    let mut all = Vec::new();
    for state in ConversationState::LISTED {
        all.extend(of_state(state)?);
    }
    all.sort_by_key(|row| std::cmp::Reverse((row.last_activity_at, row.id)));
    all.truncate(limit as usize);
    Ok(all)
}

const OF_TEAM: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM conversations
WHERE tenant_id = $1 AND team_id = $2
LIMIT $3"
);

/// Some conversations of a team, in whatever state.
///
/// # Errors
/// Any fault of the database.
pub fn of_team(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    team: TeamId,
    limit: u32,
) -> Result<Vec<Conversation>, Error> {
    tx.query(OF_TEAM, &args![tenant, team, limit], read)
}

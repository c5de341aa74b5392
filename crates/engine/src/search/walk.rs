//! One page of hits: a walk over documents or over lists of conversations, newest first, that ends when the page is full,
//! when there is nothing more, or when it has looked at enough.

use std::collections::HashSet;

use domain::clock::Timestamp;
use domain::conversation::ConversationState;
use domain::ids::{ConversationId, EntryId, MessageId, TenantId};
use domain::page::{Cursor, PageRequest};
use domain::search::Query;
use store::Tx;
use store::conversations::{self, Before, Conversation, Filter};
use store::search::{self, Expression, Found, Looked, Span, Standing};

use super::by_doc;
use super::conditions::Conditions;
use crate::Error;

/// Documents or conversations that one page looks at.
const ENOUGH: usize = 3_000;
/// What a look must bring, when most of it is left out.
const WORTH_A_LOOK: usize = 50;
/// Conversations in the first look and in those that follow.
const STRIDES: [u32; 2] = [100, 500];

/// What was found, not yet shown.
pub(super) struct Hit {
    pub conversation: Target,
    /// When the document was written, or the conversation moved last.
    pub message: Option<MessageId>,
    pub entry: Option<EntryId>,
}

/// A conversation that was read already, or is still to be.
pub(super) enum Target {
    Id(ConversationId),
    Row(Box<Conversation>),
}

type Hits = (Vec<Hit>, Option<Cursor>);

pub(super) fn page(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    query: &Query,
    conditions: &Conditions,
    page: &PageRequest,
) -> Result<Hits, Error> {
    if conditions.finds_nothing {
        return Ok((Vec::new(), None));
    }
    match search::expression(&search::spelled_out(tx, query)?, &conditions.marks) {
        Some(expression) => documents(tx, tenant, &expression, query, conditions, page),
        None => lists(tx, tenant, query, conditions, page),
    }
}

fn documents(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    expression: &Expression,
    query: &Query,
    conditions: &Conditions,
    page: &PageRequest,
) -> Result<Hits, Error> {
    let mut span = span_of(tenant, query, page);
    let limit = page.limit as usize;
    let mut hits: Vec<Hit> = Vec::with_capacity(limit);
    let mut shown: HashSet<ConversationId> = HashSet::new();
    let mut walked = 0;
    let mut walks = limit > 50;
    loop {
        let wanted = if walked == 0 { limit - hits.len() } else { limit.max(WORTH_A_LOOK) };
        let Looked { found, below } = search::matching(tx, tenant, expression, span, wanted, walks)?;
        let ids: Vec<ConversationId> =
            found.iter().filter_map(|found| Some(found.standing.as_ref()?.id)).collect();
        let looked_up = conditions.look_up(tx, tenant, &ids)?;
        for Found { doc, message, entry, standing } in &found {
            if hits.len() == limit {
                return Ok((hits, Some(by_doc(span.below))));
            }
            span.below = *doc;
            let Some(standing) = standing else { continue };
            if conditions.accept(standing, &looked_up) && shown.insert(standing.id) {
                let conversation = Target::Id(standing.id);
                hits.push(Hit { conversation, message: *message, entry: *entry });
            }
        }
        let Some(below) = below else { return Ok((hits, None)) };
        span.below = below;
        walked += found.len();
        // A look that brought little was a long one.
        if hits.len() == limit || walked >= ENOUGH || found.len() < wanted {
            return Ok((hits, Some(by_doc(span.below))));
        }
        walks = true;
    }
}

fn span_of(tenant: TenantId, query: &Query, page: &PageRequest) -> Span {
    let from = search::doc_at(tenant, query.after.unwrap_or(Timestamp::from_micros(0)));
    let end = search::doc_at(tenant, query.before.unwrap_or(Timestamp::from_micros(i64::MAX)));
    // A cursor comes from outside: it never leads beyond the span.
    let below = page.after.as_ref().map_or(end, |cursor| cursor.key.clamp(from, end));
    Span { from, below }
}

fn lists(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    query: &Query,
    conditions: &Conditions,
    page: &PageRequest,
) -> Result<Hits, Error> {
    let sources = sources(conditions);
    let limit = page.limit as usize;
    let mut before = first_before(query, page);
    let mut hits: Vec<Hit> = Vec::with_capacity(limit);
    let mut walked = 0;
    let mut strides = STRIDES.into_iter();
    let mut stride = STRIDES[0];
    loop {
        stride = strides.next().unwrap_or(stride);
        let rows = newest_of(tx, tenant, &sources, &before, stride)?;
        let standings: Vec<Standing> = rows.iter().map(Standing::from).collect();
        let ids: Vec<ConversationId> = rows.iter().map(|row| row.id).collect();
        let looked_up = conditions.look_up(tx, tenant, &ids)?;
        let is_all = rows.len() < stride as usize;
        walked += rows.len();
        for (row, standing) in rows.into_iter().zip(standings) {
            if query.after.is_some_and(|after| row.last_activity_at < after) {
                return Ok((hits, None));
            }
            if hits.len() == limit {
                return Ok((hits, Some(after(&before))));
            }
            before = (row.last_activity_at, row.id.to_string());
            if conditions.accept(&standing, &looked_up) {
                let message = row.last_message;
                hits.push(Hit { conversation: Target::Row(Box::new(row)), message, entry: None });
            }
        }
        if is_all {
            return Ok((hits, None));
        }
        if walked >= ENOUGH {
            return Ok((hits, Some(after(&before))));
        }
    }
}

fn first_before(query: &Query, page: &PageRequest) -> Before {
    let end = query.before.unwrap_or(Timestamp::from_micros(i64::MAX));
    match &page.after {
        Some(cursor) if Timestamp::from_micros(cursor.key) <= end => {
            (Timestamp::from_micros(cursor.key), cursor.id.clone())
        }
        // Ids sort after the empty text, so nothing of that very moment comes before it.
        _ if query.before.is_some() => (end, String::new()),
        _ => (end, "cnv_z".to_owned()),
    }
}

fn after(before: &Before) -> Cursor {
    Cursor { key: before.0.micros(), id: before.1.clone() }
}

/// The lists in which everything stands that the conditions can accept: the narrowest that there is an index for.
fn sources(conditions: &Conditions) -> Vec<Filter> {
    if conditions.in_tray == Some(true) {
        return vec![Filter::Tray];
    }
    let states: Vec<ConversationState> =
        ConversationState::LISTED.into_iter().filter(|state| conditions.states.accepts(state)).collect();
    let for_each_state = |filter: &dyn Fn(ConversationState) -> Filter| -> Vec<Filter> {
        states.iter().map(|state| filter(*state)).collect()
    };
    if let Some(tag) = conditions.tags.first() {
        return for_each_state(&|state| Filter::Tag(*tag, Some(state)));
    }
    let teams: Vec<_> = conditions.teams.wanted.iter().flatten().collect();
    if !teams.is_empty() {
        return teams
            .into_iter()
            .flat_map(|team| for_each_state(&|state| Filter::Team(*team, Some(state))))
            .collect();
    }
    if !conditions.assignees.wanted.is_empty() {
        let of = |assignee: &Option<String>, state| match assignee {
            Some(person) => Filter::Assignee(person.clone(), state),
            None => Filter::Unassigned(state),
        };
        let people = conditions.assignees.wanted.iter();
        return people.flat_map(|person| for_each_state(&|state| of(person, state))).collect();
    }
    for_each_state(&Filter::State)
}

/// The newest of several lists; none of them has a row of another.
fn newest_of(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    sources: &[Filter],
    before: &Before,
    limit: u32,
) -> Result<Vec<Conversation>, Error> {
    let mut rows = Vec::new();
    for source in sources {
        rows.extend(conversations::list(tx, tenant, source, before, limit)?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.last_activity_at, row.id)));
    rows.dedup_by_key(|row| row.id);
    rows.truncate(limit as usize);
    Ok(rows)
}

//! A hit as people see it: the conversation, and the place in the message or note that was found.

use std::collections::HashMap;

use domain::address::EmailAddress;
use domain::clock::Timestamp;
use domain::ids::{ConversationId, EntryId, MessageId, TenantId};
use domain::search::{Piece, Query, Term, mark, snippet};
use schemars::JsonSchema;
use serde::Serialize;
use store::conversations::{self, Conversation};
use store::search::{self, Material};
use store::{Tx, entries};

use super::plain;
use super::walk::{Hit, Target};
use crate::Error;
use crate::inbox::{ConversationView, House, show_conversations};

/// Bodies in memory at once; some are large.
const AT_ONCE: usize = 10;

/// One conversation that was found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SearchResult {
    pub conversation: ConversationView,
    /// The message that was found; without words in the query, the newest.
    pub message_id: Option<MessageId>,
    /// The note that was found.
    pub entry_id: Option<EntryId>,
    pub at: Timestamp,
    /// The subject of the message with the hits marked.
    pub subject: Vec<Piece>,
    /// About thirty words around the hits.
    pub snippet: Vec<Piece>,
    pub from: Option<SearchSender>,
}

/// Who wrote what was found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SearchSender {
    /// Empty when nobody told us.
    pub name: String,
    /// None for notes.
    pub address: Option<EmailAddress>,
}

/// Puts hits together, in their order; those whose conversation or message is gone are left out.
pub(super) fn show(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    hits: Vec<Hit>,
    query: &Query,
    house: &House,
) -> Result<Vec<SearchResult>, Error> {
    let terms = query.wanted_terms();
    let mut places = in_messages(tx, tenant, &hits, &terms)?;
    let mut rows = Vec::with_capacity(hits.len());
    for (hit, conversation) in with_conversations(tx, tenant, hits, house)? {
        let found = match (hit.conversation, hit.message, hit.entry) {
            (Target::Row(_), ..) => Some(as_listed(&conversation)),
            (Target::Id(_), Some(id), _) => places.remove(&id),
            (Target::Id(_), None, Some(id)) => in_note(tx, tenant, id, &terms, house)?,
            (Target::Id(_), None, None) => None,
        };
        rows.extend(found.map(|Place { at, subject, snippet, from }| SearchResult {
            conversation,
            message_id: hit.message,
            entry_id: hit.entry,
            at,
            subject,
            snippet,
            from,
        }));
    }
    Ok(rows)
}

/// The places in the messages that were found by words.
fn in_messages(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    hits: &[Hit],
    terms: &[&Term],
) -> Result<HashMap<MessageId, Place>, Error> {
    let by_words = hits.iter().filter(|hit| matches!(hit.conversation, Target::Id(_)));
    let ids: Vec<MessageId> = by_words.filter_map(|hit| hit.message).collect();
    let mut places = HashMap::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        let messages = search::material(tx, tenant, some)?;
        places.extend(messages.into_iter().map(|(id, message)| (id, in_message(message, terms))));
    }
    Ok(places)
}

/// Each hit with its conversation.
fn with_conversations(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    hits: Vec<Hit>,
    house: &House,
) -> Result<Vec<(Hit, ConversationView)>, Error> {
    let unread: Vec<ConversationId> = hits
        .iter()
        .filter_map(|hit| match hit.conversation {
            Target::Id(id) => Some(id),
            Target::Row(_) => None,
        })
        .collect();
    let mut rows = conversations::many(tx, tenant, &unread)?;
    rows.extend(hits.iter().filter_map(|hit| match &hit.conversation {
        Target::Id(_) => None,
        Target::Row(row) => Some(Conversation::clone(row)),
    }));
    let views = show_conversations(tx, tenant, rows, house)?;
    let mut views: HashMap<ConversationId, ConversationView> =
        views.into_iter().map(|view| (view.id, view)).collect();
    let of = |hit: &Hit| match &hit.conversation {
        Target::Id(id) => *id,
        Target::Row(row) => row.id,
    };
    // A page has each conversation once.
    Ok(hits.into_iter().filter_map(|hit| views.remove(&of(&hit)).map(|view| (hit, view))).collect())
}

struct Place {
    at: Timestamp,
    subject: Vec<Piece>,
    snippet: Vec<Piece>,
    from: Option<SearchSender>,
}

/// Without words there is no place that was found: the conversation is shown as in its list.
fn as_listed(conversation: &ConversationView) -> Place {
    let preview = conversation.last_message.as_ref().map_or("", |newest| newest.preview.as_str());
    let snippet =
        if preview.is_empty() { Vec::new() } else { vec![Piece { text: preview.to_owned(), hit: false }] };
    Place {
        at: conversation.last_activity_at,
        subject: mark(&conversation.subject, &[]),
        snippet,
        from: None,
    }
}

fn in_message(message: Material, terms: &[&Term]) -> Place {
    let text = plain::text_of(message.text.as_deref(), message.html.as_deref());
    let mut found = snippet(&text, terms);
    if !found.iter().any(|piece| piece.hit)
        && let Some(quoted) = &message.envelope.quoted
    {
        let in_quote = snippet(quoted, terms);
        if in_quote.iter().any(|piece| piece.hit) {
            found = in_quote;
        }
    }
    let from = message
        .envelope
        .from
        .map(|from| SearchSender { name: from.name.unwrap_or_default(), address: Some(from.address) });
    Place { at: message.at, subject: mark(&message.subject, terms), snippet: found, from }
}

fn in_note(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: EntryId,
    terms: &[&Term],
    house: &House,
) -> Result<Option<Place>, Error> {
    let Some(note) = entries::get(tx, tenant, id)? else { return Ok(None) };
    let from = Some(SearchSender { name: house.author(&note.author).name, address: None });
    Ok(Some(Place { at: note.at, subject: Vec::new(), snippet: snippet(&note.body, terms), from }))
}

//! A hit as people see it: the conversation, and the place in the message or note that was found.

use domain::address::EmailAddress;
use domain::clock::Timestamp;
use domain::ids::{EntryId, MessageId, TenantId};
use domain::search::{Piece, Query, Term, mark, snippet};
use schemars::JsonSchema;
use serde::Serialize;
use store::{Tx, conversations, entries, search};

use super::plain;
use super::walk::{Hit, Target};
use crate::Error;
use crate::inbox::{ConversationView, House, show_conversation};

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

/// Puts a hit together; nothing, when its conversation is gone.
pub(super) fn show(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    hit: Hit,
    query: &Query,
    house: &House,
) -> Result<Option<SearchResult>, Error> {
    let (row, is_by_words) = match hit.conversation {
        Target::Row(row) => (Some(*row), false),
        Target::Id(id) => (conversations::get(tx, tenant, id)?, true),
    };
    let Some(row) = row else { return Ok(None) };
    let (last_activity_at, preview) = (row.last_activity_at, row.last_preview.clone());
    let conversation = show_conversation(tx, tenant, row, house)?;
    if !is_by_words {
        let snippet = if preview.is_empty() { Vec::new() } else { vec![Piece { text: preview, hit: false }] };
        let subject = mark(&conversation.subject, &[]);
        let (message_id, at) = (hit.message, last_activity_at);
        return Ok(Some(SearchResult {
            conversation,
            message_id,
            entry_id: None,
            at,
            subject,
            snippet,
            from: None,
        }));
    }
    let terms = query.wanted_terms();
    let found = match (hit.message, hit.entry) {
        (Some(id), _) => in_message(tx, tenant, id, &terms)?,
        (None, Some(id)) => in_note(tx, tenant, id, &terms, house)?,
        (None, None) => None,
    };
    Ok(found.map(|Place { at, subject, snippet, from }| SearchResult {
        conversation,
        message_id: hit.message,
        entry_id: hit.entry,
        at,
        subject,
        snippet,
        from,
    }))
}

struct Place {
    at: Timestamp,
    subject: Vec<Piece>,
    snippet: Vec<Piece>,
    from: Option<SearchSender>,
}

fn in_message(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: MessageId,
    terms: &[&Term],
) -> Result<Option<Place>, Error> {
    let Some(message) = search::material(tx, tenant, id)? else { return Ok(None) };
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
    Ok(Some(Place { at: message.at, subject: mark(&message.subject, terms), snippet: found, from }))
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

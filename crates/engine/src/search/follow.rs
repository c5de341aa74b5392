//! Follows the event feed and keeps the index of words in step with it, behind everything that somebody waits for.
//!
//! What was there before the index is taken in by the same walk, from the first event.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::access::Principal;
use domain::event::FeedType;
use domain::ids::{ContactId, EntryId, MessageId, TenantId};
use store::entries::EntryKind;
use store::feed::Event;
use store::search::{self, Document};
use store::{Tx, attachments, contacts, entries};

use super::document;
use crate::Error;
use crate::core::Core;
use crate::feed::reader::{self, Progress, Reader, Stretch};
use crate::inbox::House;

/// Documents in one transaction: a few milliseconds of the writer.
const PER_WRITE: usize = 50;
/// Bodies in memory at once; some are large.
const AT_ONCE: usize = 10;
/// Messages of somebody with a new name that are put in again.
const OF_RENAMED: u32 = 100;
/// People in one transaction who may have a new name.
const RENAMED_PER_WRITE: usize = 5;
/// So many closures before the writer mean that it is busy.
const BUSY: usize = 8;
/// How much longer than its own work the index leaves a busy writer to others.
const MODESTY: u32 = 4;
/// Other processes of a cluster write too, and wake nobody here.
const CLUSTER_POLL: Duration = Duration::from_secs(1);

/// Takes in what can be found.
pub(crate) struct Indexer;

/// What a stretch of the feed brings to the index.
#[derive(Default)]
pub(crate) struct Batch {
    documents: Vec<Document>,
    /// Places of documents that are gone.
    removed: Vec<i64>,
}

impl Reader for Indexer {
    type Work = Batch;
    const FAULT: &'static str = "The search index could not be brought up to date";

    fn progress(core: &Core) -> &Progress {
        &core.following
    }

    fn poll(core: &Core) -> Option<Duration> {
        (core.store.engine() == store::Engine::Postgres).then_some(CLUSTER_POLL)
    }

    fn behind(tx: &mut Tx<'_>) -> Result<Vec<(TenantId, i64)>, store::Error> {
        search::behind(tx)
    }

    fn cursor(tx: &mut Tx<'_>, tenant: TenantId) -> Result<i64, store::Error> {
        search::cursor(tx, tenant)
    }

    fn move_cursor(tx: &mut Tx<'_>, tenant: TenantId, seq: i64) -> Result<(), store::Error> {
        search::move_cursor(tx, tenant, seq)
    }

    fn look(tx: &mut Tx<'_>, tenant: TenantId, after: i64) -> Result<Stretch<Batch>, Error> {
        let mut reached = after;
        let (mut sources, mut people) = (BTreeSet::new(), 0);
        for event in &reader::events(tx, tenant, after)? {
            if sources.len() >= PER_WRITE || people == RENAMED_PER_WRITE {
                break;
            }
            reached = event.seq;
            let source = source_of(event);
            people += usize::from(matches!(source, Some(Source::Contact(_))));
            sources.extend(source);
        }
        let batch = read(tx, tenant, &sources)?;
        let is_empty = batch.documents.is_empty() && batch.removed.is_empty();
        Ok(Stretch { reached, work: (!is_empty).then_some(batch) })
    }

    fn write(tx: &mut Tx<'_>, _core: &Core, tenant: TenantId, batch: &Batch) -> Result<(), Error> {
        for doc in &batch.removed {
            search::remove(tx, tenant, *doc)?;
        }
        Ok(search::put(tx, tenant, &batch.documents)?)
    }

    async fn wrote(core: &Core, took: Duration) {
        if core.store.waiting() > BUSY {
            tokio::time::sleep(took * MODESTY).await;
        }
    }
}

fn read(tx: &mut Tx<'_>, tenant: TenantId, sources: &BTreeSet<Source>) -> Result<Batch, Error> {
    let mut batch = Batch::default();
    if sources.is_empty() {
        return Ok(batch);
    }
    let house = House::read(tx, &Principal::system(tenant))?;
    let (mut fresh, mut renamed) = (Vec::new(), Vec::new());
    for source in sources {
        match source {
            Source::Message(id) => fresh.push(*id),
            Source::Note(id) => read_note(tx, tenant, *id, &house, &mut batch)?,
            Source::Contact(id) => renamed.extend(not_found_by_name(tx, tenant, *id)?),
        }
    }
    read_messages(tx, tenant, &fresh, (&house, false), &mut batch)?;
    read_messages(tx, tenant, &renamed, (&house, true), &mut batch)?;
    // Places in the index are given in the order of time.
    batch.documents.sort_by_key(|document| document.at);
    Ok(batch)
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Message(MessageId),
    Note(EntryId),
    /// Somebody who may have another name now.
    Contact(ContactId),
}

/// What an event brings to the index.
fn source_of(event: &Event) -> Option<Source> {
    let facts = &event.facts;
    match event.kind {
        // Not every message is queued at first: some are held, blocked or drafts.
        FeedType::MessageQueued
        | FeedType::MessageReceived
        | FeedType::MessageUpdated
        | FeedType::MessageFailed => Some(Source::Message(facts.message_id.as_ref()?.parse().ok()?)),
        FeedType::NoteChanged => Some(Source::Note(facts.entry_id.as_ref()?.parse().ok()?)),
        FeedType::ContactUpdated => Some(Source::Contact(facts.contact_id.as_ref()?.parse().ok()?)),
        _ => None,
    }
}

/// Of the newest messages of a contact, those in the index that are not found by the name that it has now. Most changes
/// of contacts are of something else, and end here.
fn not_found_by_name(tx: &mut Tx<'_>, tenant: TenantId, id: ContactId) -> Result<Vec<MessageId>, Error> {
    let name = contacts::get(tx, tenant, id)?.map(|contact| contact.name).unwrap_or_default();
    let Some(words) = document::called(&name).and_then(|query| search::expression(&query, &[])) else {
        return Ok(Vec::new());
    };
    let newest = contacts::messages_with(tx, tenant, id, "msg_z", OF_RENAMED)?;
    Ok(search::lacking(tx, tenant, id, &newest, &words)?)
}

fn read_messages(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    ids: &[MessageId],
    (house, again): (&House, bool),
    batch: &mut Batch,
) -> Result<(), Error> {
    for ids in ids.chunks(AT_ONCE) {
        let mut material = search::material(tx, tenant, ids)?;
        for id in ids {
            let Some(message) = material.remove(id).filter(|one| one.doc.is_none() || again) else {
                continue;
            };
            let files =
                if message.files > 0 { attachments::of_message(tx, tenant, *id)? } else { Vec::new() };
            batch.documents.push(document::of_message(id.to_string(), &message, &files, house));
        }
    }
    Ok(())
}

fn read_note(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: EntryId,
    house: &House,
    batch: &mut Batch,
) -> Result<(), Error> {
    let doc = search::doc_of(tx, tenant, &id.to_string())?;
    match entries::get(tx, tenant, id)? {
        Some(note) if note.kind == EntryKind::Note => {
            batch.documents.push(document::of_note(doc, &note, house));
        }
        _ => batch.removed.extend(doc),
    }
    Ok(())
}

//! Follows the event feed and keeps the index of words in step with it, behind everything that somebody waits for.
//!
//! The cursor moves in the transaction that puts documents in, so that each is put in exactly once, whatever dies when; what
//! was there before the index is taken in by the same walk, from the first event.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::access::Principal;
use domain::event::FeedType;
use domain::ids::{EntryId, MessageId, TenantId};
use store::entries::EntryKind;
use store::feed::Event;
use store::search::{self, Document};
use store::{Tx, attachments, entries};

use super::document;
use crate::Error;
use crate::core::Core;
use crate::inbox::House;

/// Documents in one transaction: a few milliseconds of the writer.
const PER_WRITE: usize = 50;
/// Events in one look.
const PER_READ: u32 = 300;
/// Events that say nothing to the index are not noted one by one.
const NOT_WORTH_A_WRITE: i64 = 2_000;
/// What arrives within this time goes into the index together.
const GATHERING: Duration = Duration::from_millis(10);
/// So many closures before the writer mean that it is busy.
const BUSY: usize = 8;
/// How much longer than its own work the index leaves a busy writer to others.
const MODESTY: u32 = 4;
/// Other processes of a cluster write too, and wake nobody here.
const CLUSTER_POLL: Duration = Duration::from_secs(1);
const AFTER_FAULT: Duration = Duration::from_secs(1);

/// How far the index has come; for those who wait for it.
#[derive(Debug)]
pub(crate) struct Following {
    /// The count of the hub up to which everything was looked at.
    done: AtomicU64,
}

impl Following {
    pub(crate) fn new() -> Following {
        Following { done: AtomicU64::new(u64::MAX) }
    }

    /// Whether nothing was committed since the index was last in step.
    pub(crate) fn is_idle(&self, core: &Core) -> bool {
        self.done.load(Ordering::SeqCst) == core.feed.count()
    }
}

/// Keeps the index in step until the engine stops.
pub(crate) fn start(core: &Arc<Core>) {
    let following = Arc::clone(core);
    core.tasks.spawn(async move { follow(&following).await });
}

async fn follow(core: &Arc<Core>) {
    let mut tick = core.feed.ticks();
    let in_cluster = core.store.engine() == store::Engine::Postgres;
    let mut looked_at = HashMap::new();
    loop {
        let count = *tick.borrow_and_update();
        let pause = match catch_up(core, &mut looked_at).await {
            Ok(()) => {
                core.following.done.store(count, Ordering::SeqCst);
                None
            }
            Err(error) => {
                if core.stopping.is_cancelled() {
                    return;
                }
                tracing::warn!(%error, "The search index could not be brought up to date; trying again.");
                Some(AFTER_FAULT)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => {}
            changed = tick.changed(), if pause.is_none() => if changed.is_err() { return },
            () = tokio::time::sleep(CLUSTER_POLL), if in_cluster => {}
            () = core.stopping.cancelled() => return,
        }
        tokio::time::sleep(GATHERING).await;
    }
}

/// Takes in all that is new, of all tenants. `looked_at` remembers events that were not worth a write.
async fn catch_up(core: &Arc<Core>, looked_at: &mut HashMap<TenantId, i64>) -> Result<(), Error> {
    let behind = core.store.read(search::behind).await?;
    for (tenant, last) in behind {
        while looked_at.get(&tenant).copied().unwrap_or(0) < last {
            if core.stopping.is_cancelled() {
                return Ok(());
            }
            let after = looked_at.get(&tenant).copied().unwrap_or(0);
            let reached = step(core, tenant, after).await?;
            looked_at.insert(tenant, reached);
        }
    }
    Ok(())
}

/// What one look at the feed brought.
struct Batch {
    /// Where the index was.
    cursor: i64,
    /// The last event that this accounts for.
    reached: i64,
    documents: Vec<Document>,
    /// Places of documents that are gone.
    removed: Vec<i64>,
}

/// One look and one write; gives the number of the last event that was dealt with.
async fn step(core: &Arc<Core>, tenant: TenantId, after: i64) -> Result<i64, Error> {
    let batch = core.store.read(move |tx| read(tx, tenant, after)).await?;
    let reached = batch.reached;
    let is_empty = batch.documents.is_empty() && batch.removed.is_empty();
    if is_empty && reached - batch.cursor < NOT_WORTH_A_WRITE {
        return Ok(reached);
    }
    let (cursor, took) = core.store.write_bulk(tenant, move |tx| write(tx, tenant, &batch)).await?;
    if core.store.waiting() > BUSY {
        tokio::time::sleep(took * MODESTY).await;
    }
    Ok(cursor)
}

fn read(tx: &mut Tx<'_>, tenant: TenantId, after: i64) -> Result<Batch, Error> {
    let cursor = search::cursor(tx, tenant)?;
    let events = store::feed::after(tx, tenant, after.max(cursor), PER_READ)?;
    let mut batch = Batch { cursor, reached: after.max(cursor), documents: Vec::new(), removed: Vec::new() };
    let mut sources: BTreeMap<String, Source> = BTreeMap::new();
    for event in &events {
        if sources.len() >= PER_WRITE {
            break;
        }
        batch.reached = event.seq;
        if let Some((id, source)) = source_of(event) {
            sources.insert(id, source);
        }
    }
    if sources.is_empty() {
        return Ok(batch);
    }
    let house = House::read(tx, &Principal::system(tenant))?;
    for (id, source) in sources {
        match source {
            Source::Message(message) => {
                batch.documents.extend(read_message(tx, tenant, id, message, &house)?);
            }
            Source::Note(note) => read_note(tx, tenant, note, &house, &mut batch)?,
        }
    }
    // Places in the index are given in the order of time.
    batch.documents.sort_by_key(|document| document.at);
    Ok(batch)
}

enum Source {
    Message(MessageId),
    Note(EntryId),
}

/// What an event brings to the index.
fn source_of(event: &Event) -> Option<(String, Source)> {
    match event.kind {
        // Not every message is queued at first: some are held, blocked or drafts.
        FeedType::MessageQueued
        | FeedType::MessageReceived
        | FeedType::MessageUpdated
        | FeedType::MessageFailed => {
            let id = event.facts.message_id.clone()?;
            let message = id.parse().ok()?;
            Some((id, Source::Message(message)))
        }
        FeedType::NoteChanged => {
            let id = event.facts.entry_id.clone()?;
            let note = id.parse().ok()?;
            Some((id, Source::Note(note)))
        }
        _ => None,
    }
}

fn read_message(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    source: String,
    id: MessageId,
    house: &House,
) -> Result<Option<Document>, Error> {
    let Some(message) = search::material(tx, tenant, id)? else { return Ok(None) };
    // What a message says does not change.
    if message.doc.is_some() {
        return Ok(None);
    }
    let files = if message.files > 0 { attachments::of_message(tx, tenant, id)? } else { Vec::new() };
    Ok(Some(document::of_message(source, &message, &files, house)))
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

/// Puts a batch in; gives where the index is then and how long that took. Another process may have been there first: its
/// work stands, and the next look begins behind it.
fn write(tx: &mut Tx<'_>, tenant: TenantId, batch: &Batch) -> Result<(i64, Duration), Error> {
    let begun = Instant::now();
    let cursor = search::cursor(tx, tenant)?;
    if cursor != batch.cursor {
        return Ok((cursor, Duration::ZERO));
    }
    for doc in &batch.removed {
        search::remove(tx, tenant, *doc)?;
    }
    search::put(tx, tenant, &batch.documents)?;
    search::move_cursor(tx, tenant, batch.reached)?;
    Ok((batch.reached, begun.elapsed()))
}

//! Works through an import, a chunk of rows in one transaction together with how far it came: whatever happens in between,
//! each row counts once. A dry run decides the same and writes nothing but its report.

use std::sync::Arc;

use domain::clock::Timestamp;
use domain::event::FeedType;
use domain::ids::{ContactImportId, JobId, TenantId};
use serde_json::json;
use store::Tx;
use store::contact_imports::{self, ContactImport, ImportState};
use store::feed::{self, Facts};
use store::jobs::Job;

use super::mapping::{self, Target};
use super::person::Person;
use super::plan::{Effect, Terms, World};
use super::{Asked, CONTACT_IMPORT, Tally, kept, read_aside, written};
use crate::contacts::change::tell;
use crate::contacts::file::{Table, TableRow};
use crate::core::Core;
use crate::jobs::JobOutcome;
use crate::{Error, audit};
use store::contacts;

/// Rows of one transaction.
const CHUNK: usize = 500;
/// Chunks of one run of the job; then others have their turn.
const CHUNKS_PER_RUN: usize = 10;
/// The faults that are told one by one; all are counted.
const TOLD: usize = 200;
/// The refused rows that are given back as a file.
const GIVEN_BACK: usize = 10_000;

pub(super) fn job(tenant: TenantId, id: JobId, import: ContactImportId, due_at: Timestamp) -> Job {
    let payload = json!({ "import": import });
    Job { tenant, id, kind: CONTACT_IMPORT.to_owned(), payload, due_at, attempts: 0 }
}

/// Goes on with an import for a while.
pub(crate) async fn continue_import(core: &Arc<Core>, job: &Job) -> Result<JobOutcome, Error> {
    let Some(import) = job.payload["import"].as_str().and_then(|id| id.parse().ok()) else {
        return Ok(JobOutcome::Done);
    };
    let is_done = work_through(core, job.tenant, import, CHUNKS_PER_RUN).await?;
    if !is_done {
        // A new job, behind those that others wait for. Should the old one come again, it does no harm.
        let (tenant, now) = (job.tenant, core.clock.now());
        let next = self::job(tenant, core.ids.next(), import, now);
        core.store.write(tenant, move |tx| store::jobs::insert(tx, &next, now)).await?;
        core.jobs.look_again();
    }
    Ok(JobOutcome::Done)
}

/// Works on some chunks; gives whether the import has ended.
pub(super) async fn work_through(
    core: &Arc<Core>,
    tenant: TenantId,
    id: ContactImportId,
    chunks: usize,
) -> Result<bool, Error> {
    let import = core.store.read(move |tx| contact_imports::get(tx, tenant, id)).await?;
    let Some(import) = import.filter(|import| import.state == ImportState::Running) else { return Ok(true) };
    let asked: Asked = kept(&import.request)?;
    let table = match core.blobs.get(&import.sha256).await? {
        Some(bytes) => read_aside(bytes, asked.format).await,
        None => return fail(core, tenant, import, "The file is not there any more.").await,
    };
    let (table, targets) = match table.and_then(|table| {
        let targets = mapping::targets(&table, &asked.mapping)?;
        Ok((table, targets))
    }) {
        Ok(read) => read,
        Err(Error::Invalid(invalid)) => return fail(core, tenant, import, &invalid.to_string()).await,
        Err(other) => return Err(other),
    };
    let work = Arc::new(Work { table, targets, asked });
    if work.asked.dry_run {
        rehearse(core, tenant, import, work).await
    } else {
        take_in(core, tenant, import, work, chunks).await
    }
}

struct Work {
    table: Table,
    targets: Vec<Target>,
    asked: Asked,
}

impl Work {
    fn chunk(&self, done: i64) -> &[TableRow] {
        let begin = usize::try_from(done).unwrap_or(0).min(self.table.rows.len());
        &self.table.rows[begin..self.table.rows.len().min(begin + CHUNK)]
    }

    fn terms(&self, core: &Core) -> Terms {
        Terms { existing: self.asked.existing, ids: core.ids.clone(), now: core.clock.now() }
    }

    /// Decides on a row; counts what comes of it.
    fn decide(
        &self,
        tx: &mut Tx<'_>,
        tenant: TenantId,
        row: &TableRow,
        (world, terms, tally): (&mut World, &Terms, &mut Tally),
    ) -> Result<Effect, store::Error> {
        let effect = match Person::of(row, &self.table.columns, &self.targets) {
            Ok(person) => world.settle(tx, tenant, row.number, &person, terms)?,
            Err(faults) => Effect::Refused(faults),
        };
        match &effect {
            Effect::Created(_) => tally.created += 1,
            Effect::Updated(_) => tally.updated += 1,
            Effect::Unchanged => tally.unchanged += 1,
            Effect::Refused(faults) => {
                tally.refused += 1;
                let room = TOLD.saturating_sub(tally.faults.len());
                tally.faults.extend(faults.iter().take(room).cloned());
                if tally.refused_rows.len() < GIVEN_BACK {
                    tally.refused_rows.push(row.number);
                }
            }
        }
        Ok(effect)
    }
}

/// Decides on every row without writing any. It begins anew after a crash: it has left no trace.
async fn rehearse(
    core: &Arc<Core>,
    tenant: TenantId,
    import: ContactImport,
    work: Arc<Work>,
) -> Result<bool, Error> {
    let (mut world, mut tally) = (World::default(), Tally::default());
    let mut done = 0;
    while done < import.total {
        if core.stopping.is_cancelled() {
            return Ok(false);
        }
        let (deciding, terms) = (Arc::clone(&work), work.terms(core));
        (world, tally, done) = core
            .store
            .read(move |tx| {
                let chunk = deciding.chunk(done);
                for row in chunk {
                    deciding.decide(tx, tenant, row, (&mut world, &terms, &mut tally))?;
                }
                let done = done + i64::try_from(chunk.len()).unwrap_or(0);
                Ok::<_, store::Error>((world, tally, done))
            })
            .await?;
        let state = if done < import.total { ImportState::Running } else { ImportState::Done };
        let now = core.clock.now();
        let further =
            ContactImport { state, done, result: written(&tally)?, updated_at: now, ..import.clone() };
        core.store.write_bulk(tenant, move |tx| note_progress(tx, tenant, &further)).await?;
        core.feed.wake();
    }
    Ok(true)
}

async fn take_in(
    core: &Arc<Core>,
    tenant: TenantId,
    import: ContactImport,
    work: Arc<Work>,
    chunks: usize,
) -> Result<bool, Error> {
    for _ in 0..chunks {
        let (writing, working, id) = (Arc::clone(core), Arc::clone(&work), import.id);
        let is_done =
            core.store.write_bulk(tenant, move |tx| write_chunk(tx, &writing, tenant, id, &working)).await?;
        core.feed.wake();
        if is_done {
            return Ok(true);
        }
        if core.stopping.is_cancelled() {
            break;
        }
    }
    Ok(false)
}

/// The next rows by what the progress says in this very transaction; gives whether the import has ended.
fn write_chunk(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    id: ContactImportId,
    work: &Work,
) -> Result<bool, Error> {
    let import = contact_imports::get(tx, tenant, id)?.ok_or(Error::NotFound("import"))?;
    if import.state != ImportState::Running {
        return Ok(true);
    }
    let (mut world, terms, mut tally) = (World::default(), work.terms(core), kept::<Tally>(&import.result)?);
    let chunk = work.chunk(import.done);
    for row in chunk {
        match work.decide(tx, tenant, row, (&mut world, &terms, &mut tally))? {
            Effect::Created(known) => {
                contacts::insert(tx, tenant, &known)?;
                tell(tx, tenant, known.contact.id, FeedType::ContactCreated, terms.now)?;
            }
            Effect::Updated(changed) => {
                let (was, is) = *changed;
                contacts::replace(tx, tenant, &was, &is)?;
                tell(tx, tenant, is.contact.id, FeedType::ContactUpdated, terms.now)?;
            }
            Effect::Unchanged | Effect::Refused(_) => {}
        }
    }
    let done = import.done + i64::try_from(chunk.len()).unwrap_or(0);
    let is_done = chunk.len() < CHUNK || done >= import.total;
    let state = if is_done { ImportState::Done } else { ImportState::Running };
    let further = ContactImport { state, done, result: written(&tally)?, updated_at: terms.now, ..import };
    note_progress(tx, tenant, &further)?;
    Ok(is_done)
}

fn note_progress(tx: &mut Tx<'_>, tenant: TenantId, import: &ContactImport) -> Result<(), Error> {
    contact_imports::progress(tx, tenant, import)?;
    let facts = Facts {
        import_id: Some(import.id.to_string()),
        state: Some(import.state.to_string()),
        ..Facts::default()
    };
    feed::append(tx, tenant, FeedType::ContactImportProgressed, import.updated_at, &facts)?;
    if import.state != ImportState::Running {
        let tally: Tally = kept(&import.result)?;
        let detail = json!({
            "state": import.state, "created": tally.created, "updated": tally.updated, "refused": tally.refused,
        });
        let subject = import.id.to_string();
        audit::record(
            tx,
            tenant,
            &import.actor,
            "contacts.import_ended",
            &subject,
            &detail,
            import.updated_at,
        )?;
    }
    Ok(())
}

async fn fail(
    core: &Arc<Core>,
    tenant: TenantId,
    import: ContactImport,
    reason: &str,
) -> Result<bool, Error> {
    let tally = Tally { error: Some(reason.to_owned()), ..kept(&import.result)? };
    let failed = ContactImport {
        state: ImportState::Failed,
        result: written(&tally)?,
        updated_at: core.clock.now(),
        ..import
    };
    core.store.write(tenant, move |tx| note_progress(tx, tenant, &failed)).await?;
    core.feed.wake();
    Ok(true)
}

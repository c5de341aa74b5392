//! Contacts taken from a file: looked at first, tried without a trace, then taken in chunk by chunk, each row exactly once.

mod mapping;
mod person;
mod plan;
mod refused;
mod run;

use std::collections::BTreeMap;

use domain::access::{Permission, Principal};
use domain::clock::Timestamp;
use domain::ids::{ContactImportId, JobId, UploadId};
use domain::invalid::Invalid;
use domain::page::{Cursor, Page, PageRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::contact_imports::{self, ContactImport, ImportState};
use store::jobs::{self, Job};

pub use person::RowFault;

pub(crate) use run::continue_import;

use super::file::{Table, decoded, read_csv, read_vcard};
use crate::{Engine, Error, audit};

/// The kind of job that goes on with an import.
pub(crate) const CONTACT_IMPORT: &str = "contact_import";
/// The largest file, in bytes.
const LARGEST_FILE: usize = 25 << 20;
const MOST_ROWS: usize = 200_000;
/// Rows that a preview shows.
const SHOWN: usize = 5;

domain::words! {
    /// What kind of file it is.
    pub enum ImportFormat {
        Csv = "csv",
        /// 3.0 or 4.0.
        Vcard = "vcard",
    }
}

domain::words! {
    /// What to do with those that are known.
    pub enum Existing {
        /// What the file says is written; what it leaves empty stays.
        Update = "update",
        Skip = "skip",
    }
}

/// What is asked of a preview.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    pub upload_id: UploadId,
    pub format: ImportFormat,
}

/// A look at a file.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ImportPreview {
    pub columns: Vec<String>,
    /// What each column probably is.
    pub suggested: BTreeMap<String, String>,
    /// The first rows, in the order of the columns.
    pub rows: Vec<Vec<String>>,
    pub total: i64,
}

/// What is asked of an import.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    pub upload_id: UploadId,
    /// Column by column: `name`, `first_name`, `last_name`, `email`, `phone`, `time_zone`, `locale`, `attribute:company` or
    /// `ignore`. As a preview suggests when absent.
    #[serde(default)]
    pub mapping: Option<BTreeMap<String, String>>,
    /// `update` when absent.
    #[serde(default)]
    pub existing: Option<Existing>,
}

/// What an import was asked, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Asked {
    format: ImportFormat,
    mapping: BTreeMap<String, String>,
    existing: Existing,
    dry_run: bool,
}

/// What came of the rows so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tally {
    created: i64,
    updated: i64,
    unchanged: i64,
    refused: i64,
    faults: Vec<RowFault>,
    /// Rows that were refused, by number; the first ones, when there are very many.
    refused_rows: Vec<u32>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// One import.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ContactImport")]
pub struct ImportView {
    pub id: ContactImportId,
    pub state: ImportState,
    pub format: ImportFormat,
    pub existing: Existing,
    /// Whether it only tells what it would do.
    pub dry_run: bool,
    /// What each column is.
    pub mapping: BTreeMap<String, String>,
    /// Rows of the file.
    pub total: i64,
    /// Rows that were worked on.
    pub done: i64,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub refused: i64,
    /// The first 200.
    pub faults: Vec<RowFault>,
    /// Why it failed.
    pub error: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Engine {
    /// Looks at a file that was uploaded.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a file that is no such file; missing permission.
    pub async fn preview_contact_import(
        &self,
        principal: &Principal,
        request: PreviewRequest,
    ) -> Result<ImportPreview, Error> {
        principal.require(Permission::ContactsWrite)?;
        let bytes = self.uploaded(principal, request.upload_id).await?;
        let table = read_aside(bytes, request.format).await?;
        let row = |row: &super::file::TableRow| {
            (0..table.columns.len()).map(|place| row.cell(place).to_owned()).collect()
        };
        Ok(ImportPreview {
            suggested: mapping::suggested(&table.columns),
            rows: table.rows.iter().take(SHOWN).map(row).collect(),
            total: count(&table),
            columns: table.columns,
        })
    }

    /// Begins an import of a file that was uploaded; it goes on by itself, also after a crash.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a file or mapping that cannot be; missing permission.
    pub async fn import_contacts(
        &self,
        principal: &Principal,
        format: ImportFormat,
        dry_run: bool,
        request: ImportRequest,
    ) -> Result<ImportView, Error> {
        principal.require(Permission::ContactsWrite)?;
        let bytes = self.uploaded(principal, request.upload_id).await?;
        let existing = request.existing.unwrap_or(Existing::Update);
        let import =
            self.begin_import(principal, bytes, (format, dry_run, existing), request.mapping).await?;
        self.core.jobs.look_again();
        Ok(import)
    }

    /// Imports a file at once and gives what came of it; for the command line. Should it be interrupted, the server goes on.
    ///
    /// # Errors
    /// As [`Engine::import_contacts`].
    pub async fn import_contacts_now(
        &self,
        principal: &Principal,
        bytes: Vec<u8>,
        terms: (ImportFormat, bool, Existing),
        mapping: Option<BTreeMap<String, String>>,
    ) -> Result<ImportView, Error> {
        principal.require(Permission::ContactsWrite)?;
        let begun = self.begin_import(principal, bytes, terms, mapping).await?;
        run::work_through(&self.core, principal.tenant, begun.id, usize::MAX).await?;
        self.contact_import(principal, begun.id).await
    }

    async fn begin_import(
        &self,
        principal: &Principal,
        bytes: Vec<u8>,
        (format, dry_run, existing): (ImportFormat, bool, Existing),
        mapping: Option<BTreeMap<String, String>>,
    ) -> Result<ImportView, Error> {
        let table = read_aside(bytes.clone(), format).await?;
        let mapping = mapping.unwrap_or_else(|| mapping::suggested(&table.columns));
        mapping::targets(&table, &mapping)?;
        let sha256 = self.core.blobs.put(bytes).await?;
        let (tenant, now) = (principal.tenant, self.core.clock.now());
        let asked = Asked { format, mapping, existing, dry_run };
        let import = ContactImport {
            id: self.core.ids.next(),
            state: ImportState::Running,
            request: written(&asked)?,
            sha256,
            total: count(&table),
            done: 0,
            result: written(&Tally::default())?,
            actor: principal.actor.clone(),
            created_at: now,
            updated_at: now,
        };
        let job = self.job(principal, import.id);
        let row = import.clone();
        self.core
            .store
            .write(tenant, move |tx| {
                contact_imports::insert(tx, tenant, &row)?;
                jobs::insert(tx, &job, now)?;
                let detail = json!({ "rows": row.total, "dry_run": dry_run });
                audit::record(
                    tx,
                    tenant,
                    &row.actor,
                    "contacts.import_begun",
                    &row.id.to_string(),
                    &detail,
                    now,
                )
            })
            .await?;
        view(import)
    }

    fn job(&self, principal: &Principal, import: ContactImportId) -> Job {
        let id: JobId = self.core.ids.next();
        run::job(principal.tenant, id, import, self.core.clock.now())
    }

    /// The bytes of an upload.
    async fn uploaded(&self, principal: &Principal, id: UploadId) -> Result<Vec<u8>, Error> {
        let file = crate::inbox::take_upload(&self.core, principal, id).await;
        let file = file.map_err(|error| match error {
            Error::NotFound(_) => Invalid::at("/upload_id", "there is no upload with this id").into(),
            other => other,
        })?;
        Ok(file.bytes)
    }

    /// One import.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn contact_import(
        &self,
        principal: &Principal,
        id: ContactImportId,
    ) -> Result<ImportView, Error> {
        principal.require(Permission::ContactsRead)?;
        let tenant = principal.tenant;
        let import = self.core.store.read(move |tx| contact_imports::get(tx, tenant, id)).await?;
        view(import.ok_or(Error::NotFound("import"))?)
    }

    /// Imports, newest first.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn contact_imports(
        &self,
        principal: &Principal,
        page: PageRequest,
    ) -> Result<Page<ImportView>, Error> {
        principal.require(Permission::ContactsRead)?;
        let (tenant, limit) = (principal.tenant, page.limit);
        let before = page.after.map_or_else(|| "imp_z".to_owned(), |cursor| cursor.id);
        let rows =
            self.core.store.read(move |tx| contact_imports::list(tx, tenant, &before, limit + 1)).await?;
        let page = Page::cut(rows, limit, |row| Cursor { key: 0, id: row.id.to_string() });
        let rows = page.rows.into_iter().map(view).collect::<Result<Vec<_>, _>>()?;
        Ok(Page { rows, next: page.next })
    }
}

fn count(table: &Table) -> i64 {
    i64::try_from(table.rows.len()).unwrap_or(i64::MAX)
}

fn written(value: &impl Serialize) -> Result<serde_json::Value, Error> {
    Ok(serde_json::to_value(value).map_err(|error| store::Error::Unexpected(error.to_string()))?)
}

fn kept<T: serde::de::DeserializeOwned>(value: &serde_json::Value) -> Result<T, Error> {
    Ok(T::deserialize(value).map_err(|error| store::Error::Unexpected(error.to_string()))?)
}

fn view(import: ContactImport) -> Result<ImportView, Error> {
    let asked: Asked = kept(&import.request)?;
    let tally: Tally = kept(&import.result)?;
    Ok(ImportView {
        id: import.id,
        state: import.state,
        format: asked.format,
        existing: asked.existing,
        dry_run: asked.dry_run,
        mapping: asked.mapping,
        total: import.total,
        done: import.done,
        created: tally.created,
        updated: tally.updated,
        unchanged: tally.unchanged,
        refused: tally.refused,
        faults: tally.faults,
        error: tally.error,
        created_at: import.created_at,
        updated_at: import.updated_at,
    })
}

/// Reading a large file takes a while: nobody else waits for it.
async fn read_aside(bytes: Vec<u8>, format: ImportFormat) -> Result<Table, Error> {
    let read = tokio::task::spawn_blocking(move || read(&bytes, format)).await;
    Ok(read.map_err(|error| store::Error::Unexpected(error.to_string()))??)
}

fn read(bytes: &[u8], format: ImportFormat) -> Result<Table, Invalid> {
    let fault = |detail: String| Err(Invalid::at("/upload_id", detail));
    if bytes.len() > LARGEST_FILE {
        return fault(format!("expected a file of at most {} MiB", LARGEST_FILE >> 20));
    }
    let text = decoded(bytes);
    let table = match format {
        ImportFormat::Csv => read_csv(&text),
        ImportFormat::Vcard => read_vcard(&text),
    };
    match (format, table.rows.len()) {
        (ImportFormat::Csv, 0) => fault("expected a row of headers and at least one more".to_owned()),
        (ImportFormat::Vcard, 0) => {
            fault("expected at least one card, from BEGIN:VCARD to END:VCARD".to_owned())
        }
        (_, rows) if rows > MOST_ROWS => {
            fault(format!("expected at most {MOST_ROWS} rows; this file has {rows}"))
        }
        _ => Ok(table),
    }
}

//! The suppression list from a file: what another tool exported, or our own export. A dry run says what a real one would do.

use std::collections::HashSet;

use domain::access::{Actor, Permission, Principal};
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::contact::address_key;
use domain::event::FeedType;
use domain::ids::{Ids, TenantId};
use domain::invalid::Invalid;
use domain::suppression::SuppressionReason;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use store::feed::{self, Facts};
use store::suppressions::{self, Suppression};

use super::add::LONGEST_DETAIL;
use crate::contacts::{RowFault, Table, TableRow, read_csv};
use crate::{Engine, Error, audit};

/// The largest request that carries a file, in bytes.
pub const LARGEST_IMPORT: usize = 32 << 20;
const MOST_ROWS: usize = 100_000;
/// Rows that are written in one transaction.
const STRIDE: usize = 1_000;
/// The most faults that are told.
const MOST_FAULTS: usize = 1_000;

/// What is asked of an import.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuppressionImport {
    /// The file: a header, then a row for each entry, at most 100,000. The columns are `address`, and where you have them
    /// `channel` (`email` when empty), `reason` (`manual` when empty), `detail` and `created_at` (RFC 3339). Others are
    /// left alone.
    pub csv: String,
    /// `true`: only tell what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// What came of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SuppressionsImported {
    /// Rows of the file.
    pub total: u32,
    pub added: u32,
    /// Those that the list had already, or the file twice.
    pub known: u32,
    pub refused: u32,
    /// The first 1,000.
    pub faults: Vec<RowFault>,
}

impl Engine {
    /// Takes entries from a file. Rows that cannot be read are refused each by itself; the others count.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a file without the column `address` or with too many rows; missing permission.
    pub async fn import_suppressions(
        &self,
        principal: &Principal,
        import: SuppressionImport,
    ) -> Result<SuppressionsImported, Error> {
        principal.require(Permission::ContactsWrite)?;
        let (tenant, now) = (principal.tenant, self.core.clock.now());
        let table = read_csv(import.csv.trim_start_matches('\u{feff}'));
        let columns = Columns::of(&table)?;
        let mut done =
            SuppressionsImported { total: count(table.rows.len()), ..SuppressionsImported::default() };
        let mut entries = Vec::new();
        let mut seen = HashSet::new();
        for row in &table.rows {
            match columns.entry(row, &self.core.ids, &principal.actor, now) {
                Ok(entry) if seen.insert((entry.channel, address_key(&entry.address), entry.reason)) => {
                    entries.push(entry);
                }
                Ok(_) => done.known += 1,
                Err(fault) => {
                    done.refused += 1;
                    if done.faults.len() < MOST_FAULTS {
                        done.faults.push(fault);
                    }
                }
            }
        }
        for chunk in entries.chunks(STRIDE) {
            let chunk = chunk.to_vec();
            let all = count(chunk.len());
            let added = if import.dry_run {
                self.core
                    .store
                    .read(move |tx| Ok::<_, Error>(count(unknown(tx, tenant, chunk)?.len())))
                    .await?
            } else {
                // People who send something meanwhile go first.
                self.core.store.write_bulk(tenant, move |tx| add(tx, tenant, &chunk)).await?
            };
            done.added += added;
            done.known += all - added;
        }
        if !import.dry_run && done.added > 0 {
            let actor = principal.actor.clone();
            let said = json!({ "rows": done.total, "added": done.added, "known": done.known, "refused": done.refused });
            self.core
                .store
                .write(tenant, move |tx| {
                    audit::record(tx, tenant, &actor, "suppressions.imported", "suppressions", &said, now)?;
                    // One word for all of them: the file may hold a hundred thousand.
                    let facts = Facts { state: Some("imported".to_owned()), ..Facts::default() };
                    feed::append(tx, tenant, FeedType::SuppressionAdded, now, &facts)?;
                    Ok::<_, Error>(())
                })
                .await?;
            self.core.feed.wake();
        }
        Ok(done)
    }
}

/// Writes those that the list does not have; gives how many.
fn add(tx: &mut Tx<'_>, tenant: TenantId, chunk: &[Suppression]) -> Result<u32, Error> {
    let unknown = unknown(tx, tenant, chunk.to_vec())?;
    for entry in &unknown {
        suppressions::put(tx, tenant, entry)?;
    }
    Ok(count(unknown.len()))
}

/// Those that the list does not have yet.
fn unknown(tx: &mut Tx<'_>, tenant: TenantId, chunk: Vec<Suppression>) -> Result<Vec<Suppression>, Error> {
    let mut known = HashSet::new();
    for channel in Channel::ALL {
        let of_channel = chunk.iter().filter(|entry| entry.channel == *channel);
        let keys: Vec<String> = of_channel.map(Suppression::key).collect();
        let there = suppressions::of_addresses(tx, tenant, *channel, &keys)?;
        known.extend(there.into_iter().map(|entry| (entry.channel, entry.key(), entry.reason)));
    }
    let is_unknown = |entry: &Suppression| !known.contains(&(entry.channel, entry.key(), entry.reason));
    Ok(chunk.into_iter().filter(is_unknown).collect())
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Where the columns stand.
struct Columns {
    address: usize,
    channel: Option<usize>,
    reason: Option<usize>,
    detail: Option<usize>,
    created_at: Option<usize>,
}

impl Columns {
    fn of(table: &Table) -> Result<Columns, Invalid> {
        let fault = |detail: String| Invalid::at("/csv", detail);
        if table.rows.len() > MOST_ROWS {
            return Err(fault(format!("expected at most {MOST_ROWS} rows, not {}", table.rows.len())));
        }
        let place = |names: &[&str]| {
            table.columns.iter().position(|column| names.iter().any(|name| column.eq_ignore_ascii_case(name)))
        };
        Ok(Columns {
            address: place(&["address", "email", "email address", "e-mail"])
                .ok_or_else(|| fault("expected a header with the column `address`".to_owned()))?,
            channel: place(&["channel"]),
            reason: place(&["reason"]),
            detail: place(&["detail"]),
            created_at: place(&["created_at"]),
        })
    }

    fn entry(
        &self,
        row: &TableRow,
        ids: &Ids,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Suppression, RowFault> {
        let fault =
            |field: &str, detail: String| RowFault { row: row.number, field: field.to_owned(), detail };
        let cell = |place: Option<usize>| place.map_or("", |place| row.cell(place).trim());
        let channel = match cell(self.channel) {
            "" => Channel::Email,
            word => word
                .parse()
                .map_err(|error: domain::invalid::UnknownWord| fault("channel", error.to_string()))?,
        };
        let reason = match cell(self.reason) {
            "" => SuppressionReason::Manual,
            word => word
                .parse()
                .map_err(|error: domain::invalid::UnknownWord| fault("reason", error.to_string()))?,
        };
        let created_at = match cell(self.created_at) {
            "" => now,
            text => text
                .parse::<Timestamp>()
                .map_err(|_| fault("created_at", "expected a time such as 2026-11-20T14:22:31Z".to_owned()))?
                .min(now),
        };
        let address = domain::contact::address(channel, cell(Some(self.address)))
            .map_err(|unfit| fault("address", unfit.to_string()))?;
        let detail: String = cell(self.detail).chars().take(LONGEST_DETAIL).collect();
        Ok(Suppression {
            id: ids.next(),
            channel,
            address,
            reason,
            detail: if detail.is_empty() { "imported from a file".to_owned() } else { detail },
            code: None,
            source: "import".to_owned(),
            message: None,
            account: None,
            added_by: Some(actor.clone()),
            created_at,
            contact: None,
        })
    }
}

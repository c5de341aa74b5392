//! The rows that were refused, as a file with the reasons: to be mended and imported again.

use std::collections::HashMap;

use domain::access::{Permission, Principal};
use domain::ids::ContactImportId;
use store::contact_imports;

use super::person::Person;
use super::{Asked, Tally, kept, mapping, read_aside};
use crate::contacts::file::Csv;
use crate::{Engine, Error};

impl Engine {
    /// The refused rows of an import as CSV, each with its reason in the last column.
    ///
    /// # Errors
    /// [`Error::NotFound`]; `attachment_missing` when the file is not there any more; missing permission.
    pub async fn refused_rows(&self, principal: &Principal, id: ContactImportId) -> Result<String, Error> {
        principal.require(Permission::ContactsRead)?;
        let tenant = principal.tenant;
        let import = self.core.store.read(move |tx| contact_imports::get(tx, tenant, id)).await?;
        let import = import.ok_or(Error::NotFound("import"))?;
        let (asked, tally): (Asked, Tally) = (kept(&import.request)?, kept(&import.result)?);
        let bytes = self.core.blobs.get(&import.sha256).await?;
        let bytes = bytes.ok_or_else(|| {
            Error::conflict("attachment_missing", "the imported file is not there any more")
        })?;
        let table = read_aside(bytes, asked.format).await?;
        let targets = mapping::targets(&table, &asked.mapping)?;
        let mut told: HashMap<u32, Vec<String>> = HashMap::new();
        for fault in &tally.faults {
            told.entry(fault.row).or_default().push(sentence(&fault.field, &fault.detail));
        }
        let mut csv = Csv::default();
        csv.row(table.columns.iter().map(String::as_str).chain(["reason"]));
        let refused: std::collections::HashSet<u32> = tally.refused_rows.iter().copied().collect();
        for row in table.rows.iter().filter(|row| refused.contains(&row.number)) {
            // Only the first faults are kept; those of the row itself are found again.
            let reasons = match Person::of(row, &table.columns, &targets) {
                Err(faults) => faults.iter().map(|fault| sentence(&fault.field, &fault.detail)).collect(),
                Ok(_) => told.remove(&row.number).unwrap_or_else(|| vec!["see the import".to_owned()]),
            };
            let cells = (0..table.columns.len()).map(|place| row.cell(place));
            csv.row(cells.chain([reasons.join("; ").as_str()]));
        }
        Ok(csv.take())
    }
}

fn sentence(field: &str, detail: &str) -> String {
    if field.is_empty() { detail.to_owned() } else { format!("{field}: {detail}") }
}

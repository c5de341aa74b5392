//! The suppression list as a file, page by page, so that no number of entries has to fit into memory. An import reads it.

use domain::access::Principal;
use domain::page::{Cursor, PageRequest};

use super::list::SuppressionFilter;
use super::view::SuppressionView;
use crate::contacts::Csv;
use crate::{Engine, Error};

/// Entries that are read at once.
const PAGE: u32 = 1_000;
const COLUMNS: [&str; 9] =
    ["address", "channel", "reason", "detail", "created_at", "code", "source", "message_id", "id"];

/// An export under way.
pub struct SuppressionExport {
    engine: Engine,
    principal: Principal,
    filter: SuppressionFilter,
    place: Place,
}

enum Place {
    Begin,
    Page(Option<Cursor>),
    End,
}

impl Engine {
    /// Begins an export of the entries that a filter leaves.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn export_suppressions(
        &self,
        principal: &Principal,
        filter: SuppressionFilter,
    ) -> Result<SuppressionExport, Error> {
        // What cannot be read is told now, not in the middle of a file.
        self.suppressions(principal, filter.clone(), PageRequest { limit: 1, after: None }).await?;
        let (engine, principal) = (self.clone(), principal.clone());
        Ok(SuppressionExport { engine, principal, filter, place: Place::Begin })
    }
}

impl SuppressionExport {
    /// The next part of the file; nothing behind the last.
    ///
    /// # Errors
    /// Any fault of the store.
    pub async fn next_part(&mut self) -> Result<Option<String>, Error> {
        let mut csv = Csv::default();
        let after = match std::mem::replace(&mut self.place, Place::End) {
            Place::Begin => {
                self.place = Place::Page(None);
                csv.row(COLUMNS);
                // The mark tells spreadsheets that this is UTF-8.
                return Ok(Some(format!("\u{feff}{}", csv.take())));
            }
            Place::Page(after) => after,
            Place::End => return Ok(None),
        };
        let page = PageRequest { limit: PAGE, after };
        let page = self.engine.suppressions(&self.principal, self.filter.clone(), page).await?;
        if let Some(next) = page.next {
            self.place = Place::Page(Some(next));
        }
        for entry in &page.rows {
            let cells = cells(entry);
            csv.row(cells.iter().map(String::as_str));
        }
        Ok(Some(csv.take()))
    }
}

fn cells(entry: &SuppressionView) -> [String; 9] {
    [
        entry.address.clone(),
        entry.channel.to_string(),
        entry.reason.to_string(),
        entry.detail.clone(),
        entry.created_at.to_string(),
        entry.code.clone().unwrap_or_default(),
        entry.source.clone(),
        entry.message_id.map(|id| id.to_string()).unwrap_or_default(),
        entry.id.to_string(),
    ]
}

//! Files of contacts as tables: bytes become text, text becomes rows, and back. Pure; whatever comes in, nothing panics.

mod csv;
mod encoding;
mod vcard;

pub(crate) use csv::{Csv, read as read_csv};
pub(super) use encoding::decoded;
pub(super) use vcard::{ATTRIBUTE_COLUMN, card, read as read_vcard};

/// What a file says. Cells that hold several things have them in lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<TableRow>,
}

/// One row, or one card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableRow {
    /// Its number in the file, as a spreadsheet counts it: the header is row 1. Cards are counted from 1.
    pub number: u32,
    /// One for each column; those that are missing at the end are left out.
    pub cells: Vec<String>,
}

impl TableRow {
    pub(crate) fn cell(&self, place: usize) -> &str {
        self.cells.get(place).map_or("", String::as_str)
    }
}

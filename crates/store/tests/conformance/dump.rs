//! All rows of a tenant as text, whatever the table: to see that something did, or did not, change.

use std::collections::BTreeMap;

use domain::ids::TenantId;
use store::args;
use store::db::{Cell, Column, Row, Sql, only};
use store::{Error, Tx};

/// Table to rows, each row its values in the order of the columns.
pub type Dump = BTreeMap<String, Vec<Vec<String>>>;

struct Shown(String);

impl Column for Shown {
    fn from_cell(cell: Cell<'_>) -> Result<Shown, String> {
        Ok(Shown(format!("{cell:?}")))
    }
}

const TABLES: Sql = Sql::Split {
    // The tables under SQLite's index of words belong to it, and go with it.
    sqlite: "
SELECT name
FROM sqlite_master
WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT GLOB 'search_words_*'
ORDER BY name",
    postgres: "
SELECT CAST(table_name AS TEXT)
FROM information_schema.tables
WHERE table_schema = 'public'
ORDER BY table_name",
};

pub fn tables(tx: &mut Tx<'_>) -> Result<Vec<String>, Error> {
    tx.query(TABLES, &[], only)
}

/// Tables of people and processes, which are found before a tenant is known.
pub const OF_NO_TENANT: &[&str] = &["users", "epochs", "schedules", "migrations"];

/// The index of words, the one table that each database has in its own way: FTS5 without texts here, `tsvector` there.
pub const OF_EACH_ITS_OWN: &str = "search_words";

/// Everything of one tenant.
pub fn of_tenant(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Dump, Error> {
    let mut dump = Dump::new();
    for table in tables(tx)? {
        if OF_NO_TENANT.contains(&table.as_str()) || table == OF_EACH_ITS_OWN {
            continue;
        }
        let sql: &'static str = format!("SELECT * FROM {table} WHERE tenant_id = $1").leak();
        let mut rows = tx.query(sql, &args![tenant], |row| Ok(shown(row)))?;
        rows.sort();
        dump.insert(table, rows);
    }
    Ok(dump)
}

fn shown(row: &mut Row<'_>) -> Vec<String> {
    std::iter::from_fn(|| row.take::<Shown>().ok().map(|cell| cell.0)).collect()
}

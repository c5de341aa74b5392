//! Tells SQLite's planner what our tables look like when they are full.
//!
//! Without figures it takes `tenant_id = ?` alone for a narrow search, and walks over a whole tenant where an index would
//! find one row. Its own `ANALYZE` would tell it what is true today, of a table that is empty at the first start; these
//! figures are the same everywhere, so that plans are too.

use rusqlite::Transaction;

use crate::db::Error;

/// Rows of one tenant in every table.
const ROWS: u64 = 1_000_000;
/// Columns of few values: each of them leaves much.
const COARSE: &[&str] =
    &["state", "lane", "channel", "in_tray", "direction", "priority", "webhook_id", "event_type"];
/// What a column of few values divides by.
const VALUES: u64 = 5;
/// Rows for one value of any other column, such as the messages of a conversation.
const FEW: u64 = 10;

/// Writes the figures for every index there is.
pub(crate) fn teach(transaction: &Transaction<'_>) -> Result<(), Error> {
    // Makes the table that holds them.
    transaction.execute_batch("ANALYZE sqlite_schema; DELETE FROM sqlite_stat1;")?;
    for (table, index, is_unique, is_key_of_table) in indexes(transaction)? {
        let columns = columns(transaction, &index)?;
        let name = if is_key_of_table { &table } else { &index };
        transaction.execute(
            "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?1, ?2, ?3)",
            (&table, name, figures(&columns, is_unique)),
        )?;
    }
    Ok(())
}

/// Table, index, whether it is unique, and whether it is the table's own tree (`WITHOUT ROWID`).
fn indexes(transaction: &Transaction<'_>) -> Result<Vec<(String, String, bool, bool)>, Error> {
    let mut statement = transaction.prepare(
        "SELECT tables.name, indexes.name, indexes.\"unique\", indexes.origin = 'pk' AND details.wr
         FROM sqlite_schema AS tables
         JOIN pragma_table_list(tables.name) AS details
         JOIN pragma_index_list(tables.name) AS indexes
         WHERE tables.type = 'table' AND details.type = 'table' AND tables.name NOT LIKE 'sqlite_%'
         ORDER BY tables.name, indexes.name",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn columns(transaction: &Transaction<'_>, index: &str) -> Result<Vec<String>, Error> {
    let mut statement = transaction.prepare("SELECT name FROM pragma_index_info(?1) ORDER BY seqno")?;
    let names = statement.query_map([index], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// All rows, then how many are left for each further column that is given.
fn figures(columns: &[String], is_unique: bool) -> String {
    let mut left = ROWS;
    let mut words = vec![ROWS.to_string()];
    for (place, column) in columns.iter().enumerate() {
        let is_last = place + 1 == columns.len();
        left = match column.as_str() {
            _ if is_last && is_unique => 1,
            "tenant_id" => left,
            name if COARSE.contains(&name) => (left / VALUES).max(1),
            _ => left.min(FEW),
        };
        words.push(left.to_string());
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_preferred_to_a_walk_over_the_tenant() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chancery.db");
        crate::migrations::migrate_sqlite(&path).unwrap();
        let connection = rusqlite::Connection::open(&path).unwrap();
        let plan = |query: &str| -> String {
            let text = format!("EXPLAIN QUERY PLAN {query}");
            connection.query_row(&text, [], |row| row.get(3)).unwrap()
        };
        let identities = plan(
            "SELECT address FROM identities WHERE tenant_id = 1 AND contact_id = 'x' ORDER BY created_at, address_key",
        );
        assert!(identities.contains("identities_by_contact"), "{identities}");
        let messages =
            plan("SELECT id FROM messages WHERE tenant_id = 1 AND conversation_id = 'x' AND id < 'y'");
        assert!(messages.contains("messages_by_conversation"), "{messages}");
        let log = |wanted: &str| {
            plan(&format!(
                "SELECT seq FROM webhook_deliveries WHERE tenant_id = 1 AND webhook_id = 'x' {wanted} AND id < 'y' ORDER BY id DESC"
            ))
        };
        for (wanted, index) in [
            ("", "webhook_deliveries_by_webhook"),
            ("AND state = 'waiting'", "webhook_deliveries_by_state"),
            ("AND event_type = 'a' AND state = 'failed'", "webhook_deliveries_by_type"),
        ] {
            assert!(log(wanted).contains(index), "{wanted}: {}", log(wanted));
        }
    }

    #[test]
    fn a_tenant_alone_is_no_narrow_search() {
        let words = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(figures(&words(&["tenant_id", "id"]), true), "1000000 1000000 1");
        assert_eq!(figures(&words(&["tenant_id", "contact_id"]), false), "1000000 1000000 10");
        assert_eq!(
            figures(&words(&["tenant_id", "state", "last_activity_at", "id"]), false),
            "1000000 1000000 200000 10 10"
        );
    }
}

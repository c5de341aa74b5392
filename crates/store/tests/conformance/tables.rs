//! The two trees of migrations make the same tables: columns, kinds, nullability, keys and indexes.

use store::db::{Sql, only};
use store::{Error, Tx, args};

use crate::dump;
use crate::ground::Ground;

#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    /// Name, kind, and whether it may be empty.
    pub columns: Vec<(String, String, bool)>,
    pub primary_key: Vec<String>,
    /// Name, columns, uniqueness and condition, in one text each.
    pub indexes: Vec<String>,
}

const COLUMNS: Sql = Sql::Split {
    sqlite: r#"SELECT name, type, "notnull" FROM pragma_table_info($1) ORDER BY cid"#,
    postgres: "
SELECT CAST(column_name AS TEXT), CAST(data_type AS TEXT),
       CASE WHEN is_nullable = 'NO' THEN CAST(1 AS BIGINT) ELSE 0 END
FROM information_schema.columns
WHERE table_schema = 'public' AND CAST(table_name AS TEXT) = $1
ORDER BY ordinal_position",
};

const PRIMARY_KEY: Sql = Sql::Split {
    sqlite: "SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk",
    postgres: "
SELECT CAST(u.column_name AS TEXT)
FROM information_schema.table_constraints c
JOIN information_schema.key_column_usage u ON u.constraint_name = c.constraint_name AND u.table_name = c.table_name
WHERE c.table_schema = 'public' AND c.constraint_type = 'PRIMARY KEY' AND CAST(c.table_name AS TEXT) = $1
ORDER BY u.ordinal_position",
};

const INDEXES: Sql = Sql::Split {
    sqlite: "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = $1 AND sql IS NOT NULL ORDER BY name",
    postgres: "
SELECT i.indexdef
FROM pg_indexes i
WHERE i.schemaname = 'public' AND CAST(i.tablename AS TEXT) = $1
  AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname AND c.contype = 'p')
ORDER BY i.indexname COLLATE \"C\"",
};

/// The tables that are really there.
pub fn of_this_database(tx: &mut Tx<'_>) -> Result<Vec<Table>, Error> {
    let mut tables = Vec::new();
    for name in dump::tables(tx)? {
        if name == dump::OF_EACH_ITS_OWN {
            continue;
        }
        let columns = tx.query(COLUMNS, &args![name], |row| {
            let (name, kind, filled) = (row.take()?, row.take::<String>()?, row.take::<bool>()?);
            Ok((name, one_kind(&kind), !filled))
        })?;
        let primary_key = tx.query(PRIMARY_KEY, &args![name], only)?;
        let indexes: Vec<String> = tx.query(INDEXES, &args![name], only)?;
        let indexes = indexes.iter().map(|sql| one_spelling(sql)).collect();
        tables.push(Table { name, columns, primary_key, indexes });
    }
    Ok(tables)
}

fn one_kind(kind: &str) -> String {
    match kind.to_lowercase().as_str() {
        "blob" | "bytea" => "bytes".into(),
        other => other.into(),
    }
}

/// `pg_indexes` writes an index in its own way; this brings both to one: lower case, without casts, brackets and spaces.
fn one_spelling(sql: &str) -> String {
    let sql = sql
        .to_lowercase()
        .replace("::text[]", "")
        .replace("::text", "")
        .replace("public.", "")
        .replace(" using btree", "");
    // `IN (a, b)` is `= ANY (ARRAY[a, b])` there.
    let sql = sql.replace("= any (array[", "in (").replace(['(', ')', '[', ']'], " ");
    sql.split_whitespace().collect::<Vec<_>>().join(" ").replace(" ,", ",")
}

#[tokio::test]
async fn both_trees_of_migrations_make_the_same_tables() {
    let sqlite = Ground::sqlite().await;
    let Some(postgres) = Ground::postgres().await else { return };
    let (ours, theirs) = (sqlite.read(of_this_database).await, postgres.read(of_this_database).await);
    assert!(ours.len() > 25, "only {} tables were found", ours.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs, "{} on SQLite (left) and PostgreSQL (right)", ours.name);
    }
    assert_eq!(ours.len(), theirs.len());
    sqlite.end().await;
    postgres.end().await;
}

//! A statement: one text for both databases, or two side by side where the dialects differ.

/// SQL with parameters `$1 … $n`, numbered in the order of first appearance (SQLite numbers named parameters so).
#[derive(Debug, Clone, Copy)]
pub enum Sql {
    /// The same text on both.
    Same(&'static str),
    /// One text each.
    Split { sqlite: &'static str, postgres: &'static str },
}

impl Sql {
    pub(crate) const fn sqlite(self) -> &'static str {
        match self {
            Sql::Same(text) => text,
            Sql::Split { sqlite, .. } => sqlite,
        }
    }

    pub(crate) const fn postgres(self) -> &'static str {
        match self {
            Sql::Same(text) => text,
            Sql::Split { postgres, .. } => postgres,
        }
    }
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Sql {
        Sql::Same(text)
    }
}

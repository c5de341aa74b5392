//! A statement: one text for both databases, or two side by side where the dialects differ.

use std::collections::HashMap;
use std::sync::LazyLock;

use parking_lot::RwLock;

/// SQL with parameters `$1 … $n`, in any order: they are positions in the arguments on both databases.
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

static NUMBERED: LazyLock<RwLock<HashMap<(usize, usize), &'static str>>> = LazyLock::new(RwLock::default);

/// The text as SQLite wants it: `$3` is a name there and would be numbered by its first appearance, `?3` is a position.
///
/// Each text is a constant, so what is remembered here is as bounded as the program.
pub(crate) fn numbered(text: &'static str) -> &'static str {
    let place = (text.as_ptr().addr(), text.len());
    if let Some(known) = NUMBERED.read().get(&place) {
        return known;
    }
    NUMBERED.write().entry(place).or_insert_with(|| Box::leak(text.replace('$', "?").into_boxed_str()))
}

//! Lists page by cursor: an opaque text that names the last row seen.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How many rows to give and where to go on.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// 1 to 200.
    pub limit: u32,
    pub after: Option<Cursor>,
}

/// The sort key of the last row of the page before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The leading sort key, such as a time in microseconds or a sequence number.
    pub key: i64,
    /// The id that breaks ties; empty where the key is unique.
    pub id: String,
}

/// Rows and, when there are more, where they go on.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page from up to `limit + 1` rows: the extra row only tells that there are more.
    #[must_use]
    pub fn cut(mut rows: Vec<T>, limit: u32, cursor_of: impl Fn(&T) -> Cursor) -> Page<T> {
        let limit = limit as usize;
        let next = if rows.len() > limit {
            rows.truncate(limit);
            rows.last().map(cursor_of)
        } else {
            None
        };
        Page { rows, next }
    }

    /// The same page of other things.
    #[must_use]
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page { rows: self.rows.into_iter().map(each).collect(), next: self.next }
    }
}

impl Cursor {
    /// The opaque text given to clients.
    #[must_use]
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}:{}", self.key, self.id))
    }

    /// Reads a client's text; nothing when it is not one of ours.
    #[must_use]
    pub fn decode(text: &str) -> Option<Cursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (key, id) = text.split_once(':')?;
        Some(Cursor { key: key.parse().ok()?, id: id.to_owned() })
    }
}

//! Lists: `limit` and `cursor` in the query, `data` and `next_cursor` in the answer.

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::Operation;
use axum::extract::FromRequestParts;
use domain::invalid::Invalid;
use domain::page::{Cursor, Page, PageRequest};
use http::request::Parts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::query::{self, Query};
use super::{Json, Problem};

const DEFAULT: u32 = 50;
const MOST: u32 = 200;

/// Which page is asked for.
#[derive(Debug, Clone)]
pub struct Paging(pub PageRequest);

#[derive(Debug, Deserialize, JsonSchema)]
struct Words {
    /// How many to give, 1 to 200; 50 when absent.
    #[schemars(range(min = 1, max = MOST))]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Paging, Problem> {
        let words: Words = query::parse(parts)?;
        let limit = words.limit.unwrap_or(DEFAULT);
        if !(1..=MOST).contains(&limit) {
            return Err(Invalid::at("/limit", format!("expected a number from 1 to {MOST}")).into());
        }
        let after = match words.cursor.filter(|text| !text.is_empty()) {
            Some(text) => Some(Cursor::decode(&text).ok_or_else(|| {
                Invalid::at("/cursor", "expected the next_cursor of the page before, unchanged")
            })?),
            None => None,
        };
        Ok(Paging(PageRequest { limit, after }))
    }
}

impl OperationInput for Paging {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        Query::<Words>::operation_input(context, operation);
    }
}

/// One page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}List")]
pub struct List<T> {
    pub data: Vec<T>,
    /// Where the next page begins; null on the last page.
    pub next_cursor: Option<String>,
}

impl<T> List<T> {
    /// An answer with a page of rows, each shown by `show`.
    pub fn of<R>(page: Page<R>, show: impl FnMut(R) -> T) -> Json<List<T>> {
        let next_cursor = page.next.as_ref().map(Cursor::encode);
        Json(List { data: page.rows.into_iter().map(show).collect(), next_cursor })
    }

    /// An answer with all there is.
    pub fn whole(data: Vec<T>) -> Json<List<T>> {
        Json(List { data, next_cursor: None })
    }
}

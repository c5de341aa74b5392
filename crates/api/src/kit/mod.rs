//! What every resource is built from: problems, JSON, who is asking, pages, idempotency, the description of the API.

pub mod auth;
pub mod front;
pub mod idempotency;
pub mod json;
pub mod metrics;
pub mod once;
pub mod openapi;
pub mod page;
pub mod path;
pub mod problem;
pub mod query;
pub mod reply;

pub use auth::Caller;
pub use json::Json;
pub use once::Once;
pub use page::{List, Paging};
pub use path::Path;
pub use problem::{Code, Problem};
pub use query::Query;
pub use reply::{Accepted, Created, NoContent};

//! Suppression: addresses that are not written to. They come of bounces, complaints and people; every message is held
//! against them when it is accepted, and again whenever it is about to leave.

mod add;
mod barred;
mod export;
mod import;
mod learn;
mod list;
mod remove;
mod retry;
mod tell_provider;
mod view;

pub use add::NewSuppression;
pub use export::SuppressionExport;
pub use import::{LARGEST_IMPORT, SuppressionImport, SuppressionsImported};
pub use list::SuppressionFilter;
pub use view::{ContactSuppression, SuppressionCheck, SuppressionView};

pub(crate) use barred::{Barred, SUPPRESSED};
pub(crate) use learn::learn;
pub(crate) use retry::refuse_while_suppressed;
pub(crate) use tell_provider::tell_provider;
pub(crate) use view::of_contact;

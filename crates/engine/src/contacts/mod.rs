//! Contacts: who they are, what is known of them, and how they come in, go out and become one.

mod change;
mod duplicates;
mod export;
mod file;
mod import;
mod list;
mod merge;
mod person;
mod timeline;
mod undo;
mod view;

pub use change::{ContactChange, IdentityRequest, NewContact};
pub use duplicates::Duplicate;
pub use export::{ContactExport, ExportFormat};
pub use import::{
    Existing, ImportFormat, ImportPreview, ImportRequest, ImportView, PreviewRequest, RowFault,
};
pub use list::{ContactFilter, ContactSort};
pub use merge::MergedContact;
pub use person::PersonExport;
pub use timeline::ContactTimelineItem;
pub use view::{ContactOwner, ContactView, IdentityView};

pub(crate) use file::{Csv, Table, TableRow, read_csv};
pub(crate) use import::{CONTACT_IMPORT, continue_import};
pub(crate) use view::one as show_contact;

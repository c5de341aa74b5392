//! Contacts as a file, page by page, so that no number of them has to fit into memory. Each page is read when it is due.

use domain::access::{Permission, Principal};
use domain::channel::Channel;
use domain::page::{Cursor, PageRequest};

use super::file::{ATTRIBUTE_COLUMN, Csv, card};
use super::list::ContactFilter;
use super::view::ContactView;
use crate::{Engine, Error};

/// Contacts that are read at once.
const PAGE: u32 = 500;
/// The most attributes that have a column.
const MOST_COLUMNS: usize = 1_000;
/// The columns before those of attributes; an import understands all of them.
const COLUMNS: [&str; 9] =
    ["id", "name", "email", "phone", "owner", "time_zone", "locale", "created_at", "last_seen_at"];

domain::words! {
    /// What kind of file it becomes.
    pub enum ExportFormat {
        Csv = "csv",
        /// 4.0.
        Vcard = "vcard",
    }
}

/// An export under way.
pub struct ContactExport {
    engine: Engine,
    principal: Principal,
    filter: ContactFilter,
    format: ExportFormat,
    /// The attributes that have a column, by name.
    attributes: Vec<String>,
    place: Place,
}

enum Place {
    Begin,
    Page(Option<Cursor>),
    End,
}

impl Engine {
    /// Begins an export of the contacts that a filter leaves.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn export_contacts(
        &self,
        principal: &Principal,
        filter: ContactFilter,
        format: ExportFormat,
    ) -> Result<ContactExport, Error> {
        principal.require(Permission::ContactsRead)?;
        let tenant = principal.tenant;
        let attributes = self
            .core
            .store
            .read(move |tx| store::contacts::attribute_names(tx, tenant, MOST_COLUMNS))
            .await?;
        // A filter that cannot be is told now, not in the middle of a file.
        self.contacts(principal, filter.clone(), PageRequest { limit: 1, after: None }).await?;
        Ok(ContactExport {
            engine: self.clone(),
            principal: principal.clone(),
            filter,
            format,
            attributes,
            place: Place::Begin,
        })
    }
}

impl ContactExport {
    /// The next part of the file; nothing behind the last.
    ///
    /// # Errors
    /// Any fault of the store.
    pub async fn next_part(&mut self) -> Result<Option<String>, Error> {
        let after = match std::mem::replace(&mut self.place, Place::End) {
            Place::Begin => {
                self.place = Place::Page(None);
                return Ok(Some(self.head()));
            }
            Place::Page(after) => after,
            Place::End => return Ok(None),
        };
        let page = PageRequest { limit: PAGE, after };
        let page = self.engine.contacts(&self.principal, self.filter.clone(), page).await?;
        if let Some(next) = page.next {
            self.place = Place::Page(Some(next));
        }
        Ok(Some(self.written(&page.rows)))
    }

    fn head(&self) -> String {
        match self.format {
            ExportFormat::Vcard => String::new(),
            ExportFormat::Csv => {
                let columns: Vec<String> =
                    self.attributes.iter().map(|key| format!("{ATTRIBUTE_COLUMN}{key}")).collect();
                let mut csv = Csv::default();
                csv.row(COLUMNS.into_iter().chain(columns.iter().map(String::as_str)));
                // The mark tells spreadsheets that this is UTF-8.
                format!("\u{feff}{}", csv.take())
            }
        }
    }

    fn written(&self, contacts: &[ContactView]) -> String {
        match self.format {
            ExportFormat::Vcard => contacts.iter().map(card).collect(),
            ExportFormat::Csv => {
                let mut csv = Csv::default();
                for contact in contacts {
                    let cells = cells(contact, &self.attributes);
                    csv.row(cells.iter().map(String::as_str));
                }
                csv.take()
            }
        }
    }
}

fn cells(contact: &ContactView, attributes: &[String]) -> Vec<String> {
    let addresses = |wanted: &[Channel]| {
        let these = contact.identities.iter().filter(|identity| wanted.contains(&identity.channel));
        // The same address may stand for two channels.
        let mut texts: Vec<&str> = these.map(|identity| identity.address.as_str()).collect();
        texts.dedup();
        texts.join("; ")
    };
    let mut cells = vec![
        contact.id.to_string(),
        contact.name.clone(),
        addresses(&[Channel::Email, Channel::Console]),
        addresses(&[Channel::Sms, Channel::Whatsapp]),
        contact.owner.as_ref().map(|owner| owner.name.clone()).unwrap_or_default(),
        contact.time_zone.clone().unwrap_or_default(),
        contact.locale.clone().unwrap_or_default(),
        contact.created_at.to_string(),
        contact.last_seen_at.map(|seen| seen.to_string()).unwrap_or_default(),
    ];
    let values =
        attributes.iter().map(|key| contact.attributes.get(key).map(domain::contact::AttributeValue::shown));
    cells.extend(values.map(Option::unwrap_or_default));
    cells
}

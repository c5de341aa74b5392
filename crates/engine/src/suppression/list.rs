//! The suppression list, newest first.

use domain::access::{Permission, Principal};
use domain::channel::Channel;
use domain::page::{Cursor, Page, PageRequest};
use domain::suppression::SuppressionReason;
use schemars::JsonSchema;
use serde::Deserialize;
use store::suppressions::{self, Filter, Place};

use super::view::{SuppressionView, view};
use crate::inbox::House;
use crate::{Engine, Error};

/// Behind every id of an entry.
const LAST: &str = "sup_z";

/// Which entries are asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct SuppressionFilter {
    /// The beginning of an address, or a whole domain with its `@`, such as `@example.com`.
    #[serde(default)]
    pub q: Option<String>,
    #[serde(default)]
    pub reason: Option<SuppressionReason>,
    #[serde(default)]
    pub channel: Option<Channel>,
}

impl SuppressionFilter {
    fn read(self) -> Filter {
        let words = self.q.map(|q| q.trim().to_lowercase()).filter(|q| !q.is_empty());
        let place = match words {
            None => Place::Anywhere,
            Some(q) => match q.strip_prefix('@') {
                Some(domain) => Place::Domain(domain.to_owned()),
                None => Place::Beginning(q),
            },
        };
        Filter { reason: self.reason, channel: self.channel, place }
    }
}

impl Engine {
    /// Entries, newest first.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn suppressions(
        &self,
        principal: &Principal,
        filter: SuppressionFilter,
        page: PageRequest,
    ) -> Result<Page<SuppressionView>, Error> {
        principal.require(Permission::ContactsRead)?;
        let (tenant, principal, filter) = (principal.tenant, principal.clone(), filter.read());
        let before = page.after.map_or_else(|| LAST.to_owned(), |cursor| cursor.id);
        self.core
            .store
            .read(move |tx| {
                let rows = suppressions::list(tx, tenant, &filter, &before, page.limit + 1)?;
                let house = House::read(tx, &principal)?;
                let page = Page::cut(rows, page.limit, |row| Cursor { key: 0, id: row.id.to_string() });
                Ok(page.map(|row| view(row, &house)))
            })
            .await
    }
}

//! Search: an index of words that follows the event feed, and queries over it and over the lists of conversations.

mod conditions;
mod document;
mod follow;
mod plain;
mod results;
mod walk;

use domain::access::{Permission, Principal};
use domain::page::{Cursor, Page, PageRequest};
use domain::search::{Understood, parse};

use crate::inbox::House;
use crate::{Engine, Error};

use conditions::Conditions;
pub(crate) use follow::Indexer;
pub use results::{SearchResult, SearchSender};

/// What a search found, and what was made of its words.
#[derive(Debug, Clone)]
pub struct SearchAnswer {
    pub page: Page<SearchResult>,
    pub understood: Understood,
}

impl Engine {
    /// Looks for conversations: by words, those with the newest document first; without words, those with the newest
    /// activity first. Every text is a query. No query runs long: a walk that finds too little ends with a cursor, so a page
    /// may have fewer rows than asked for, or none, and still lead on.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn search(
        &self,
        principal: &Principal,
        text: &str,
        page: PageRequest,
    ) -> Result<SearchAnswer, Error> {
        principal.require(Permission::ConversationsRead)?;
        let mut query = parse(text, self.core.clock.now());
        let asking = principal.clone();
        self.core
            .store
            .read(move |tx| {
                let house = House::read(tx, &asking)?;
                conditions::stand_in_for_me(&mut query, &asking);
                let conditions = Conditions::of(&mut query, &house);
                let (hits, next) = walk::page(tx, asking.tenant, &query, &conditions, &page)?;
                let rows = results::show(tx, asking.tenant, hits, &query, &house)?;
                Ok(SearchAnswer { page: Page { rows, next }, understood: query.understood })
            })
            .await
    }
}

/// A cursor of the list by words: the number of the last document is all there is to it.
fn by_doc(doc: i64) -> Cursor {
    Cursor { key: doc, id: String::new() }
}

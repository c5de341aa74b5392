//! Saved views: everybody's and one's own, in the order in which people put them.

use domain::ids::{Ids, TenantId, ViewId};
use store::views::{self, View};
use store::{Error, Tx};

use crate::ground::{Ground, OURS, THEIRS, at, ids};

on_both! {
    people_see_the_shared_ones_and_their_own,
}

fn view(ids: &Ids, owner: Option<&str>, name: &str, position: i64) -> View {
    let id: ViewId = ids.next();
    let (owner, query) = (owner.map(str::to_owned), "is:open tag:vip".to_owned());
    View { id, owner, name: name.into(), query, position, created_at: at(0) }
}

/// A view of a business.
pub fn found(tx: &mut Tx<'_>, tenant: TenantId, ids: &Ids) -> Result<(), Error> {
    views::insert(tx, tenant, &view(ids, None, &format!("of {}", tenant.0), 0))
}

async fn people_see_the_shared_ones_and_their_own(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let shared = view(&ids, None, "Shared", 2);
            let mine = view(&ids, Some("usr_me"), "Mine", 1);
            let yours = view(&ids, Some("usr_you"), "Yours", 0);
            for view in [&shared, &mine, &yours] {
                views::insert(tx, OURS, view)?;
            }
            views::insert(tx, THEIRS, &view(&ids, None, "Theirs", 0))?;
            assert_eq!(views::list(tx, OURS, "usr_me")?, [mine.clone(), shared.clone()]);
            let first = View { position: 0, query: "is:mine".into(), owner: None, ..shared };
            views::replace(tx, OURS, &first)?;
            assert_eq!(views::list(tx, OURS, "usr_me")?, [first.clone(), mine.clone()]);
            assert_eq!(views::get(tx, OURS, first.id)?, Some(first.clone()));
            assert_eq!(views::get(tx, THEIRS, first.id)?, None);
            assert!(!views::delete(tx, THEIRS, first.id)?);
            assert!(views::delete(tx, OURS, first.id)? && !views::delete(tx, OURS, first.id)?);
            Ok(())
        })
        .await;
}

//! Suppressions: addresses that are not written to, one entry for each reason.

use domain::access::{Actor, ActorKind};
use domain::channel::Channel;
use domain::ids::{Ids, SuppressionId, TenantId};
use domain::suppression::SuppressionReason;
use store::suppressions::{self, Filter, Place, Suppression};
use store::{Error, Tx, contacts};

use crate::ground::{Ground, OURS, THEIRS, at, ids};
use crate::sample;

on_both! {
    an_entry_reads_back_whole,
    an_address_has_one_entry_for_each_reason,
    lists_go_by_reason_beginning_and_domain,
    the_door_asks_once_for_contact_and_entry,
}

fn entry(ids: &Ids, address: &str, reason: SuppressionReason) -> Suppression {
    Suppression {
        id: ids.next(),
        channel: Channel::Email,
        address: address.into(),
        reason,
        detail: "550 5.1.1 no such user".into(),
        code: None,
        source: "mail".into(),
        message: None,
        account: None,
        added_by: None,
        created_at: at(0),
        contact: None,
    }
}

/// An entry of a business.
pub fn found(tx: &mut Tx<'_>, tenant: TenantId, ids: &Ids) -> Result<SuppressionId, Error> {
    let entry = entry(ids, "gone@example.com", SuppressionReason::HardBounce);
    suppressions::put(tx, tenant, &entry)?;
    Ok(entry.id)
}

/// Whatever we see of an entry of theirs.
pub fn look(
    tx: &mut Tx<'_>,
    theirs: SuppressionId,
    see: &mut impl FnMut(&dyn std::fmt::Debug),
) -> Result<(), Error> {
    see(&suppressions::get(tx, OURS, theirs)?);
    see(&suppressions::list(tx, OURS, &Filter::default(), "~", 100)?);
    see(&suppressions::of_addresses(tx, OURS, Channel::Email, &["gone@example.com".into()])?);
    Ok(())
}

pub fn meddle(tx: &mut Tx<'_>, theirs: SuppressionId) -> Result<(), Error> {
    assert!(!suppressions::delete(tx, OURS, theirs)?);
    let again = Suppression { id: theirs, ..entry(&ids(), "taken@example.com", SuppressionReason::Manual) };
    suppressions::insert(tx, OURS, &again)?;
    Ok(())
}

async fn an_entry_reads_back_whole(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let jane = sample::contact(&ids, "Jane");
            contacts::insert(tx, OURS, &sample::known(&jane, "jane@example.com"))?;
            let full = Suppression {
                address: "Jane@example.com".into(),
                code: Some("550 5.1.1".into()),
                source: "mailgun".into(),
                message: Some(ids.next()),
                account: Some(ids.next()),
                added_by: Some(Actor { kind: ActorKind::User, id: Some("usr_1".into()) }),
                contact: Some(jane.id),
                ..entry(&ids, "", SuppressionReason::Complaint)
            };
            let bare = entry(&ids, "joe@example.com", SuppressionReason::Manual);
            let by_us = Suppression {
                channel: Channel::Sms,
                added_by: Some(Actor::system()),
                ..entry(&ids, "+15550100123", SuppressionReason::Manual)
            };
            for one in [&full, &bare, &by_us] {
                assert!(suppressions::insert(tx, OURS, one)?);
                assert_eq!(suppressions::get(tx, OURS, one.id)?.as_ref(), Some(one));
                assert_eq!(suppressions::get(tx, THEIRS, one.id)?, None);
            }
            assert!(!suppressions::delete(tx, THEIRS, full.id)?);
            assert!(suppressions::delete(tx, OURS, full.id)? && !suppressions::delete(tx, OURS, full.id)?);
            assert_eq!(suppressions::get(tx, OURS, full.id)?, None);
            Ok(())
        })
        .await;
}

async fn an_address_has_one_entry_for_each_reason(ground: &Ground) {
    ground
        .write(|tx| {
            use SuppressionReason as R;
            let ids = ids();
            let first = entry(&ids, "jane@example.com", R::HardBounce);
            assert!(suppressions::insert(tx, OURS, &first)?);
            let again = entry(&ids, "JANE@example.com", R::HardBounce);
            assert!(!suppressions::insert(tx, OURS, &again)?, "case makes no other address");
            suppressions::put(tx, OURS, &again)?;
            let other = entry(&ids, "jane@example.com", R::Unsubscribed);
            suppressions::put(tx, OURS, &other)?;
            let text =
                Suppression { channel: Channel::Console, ..entry(&ids, "jane@example.com", R::Manual) };
            assert!(suppressions::insert(tx, OURS, &text)?);
            let [jane, joe] = ["jane@example.com".to_owned(), "joe@example.com".to_owned()];
            let keys = [jane.clone(), joe, jane];
            let of = |tx: &mut Tx<'_>, tenant, keys: &[String]| {
                suppressions::of_addresses(tx, tenant, Channel::Email, keys)
            };
            assert_eq!(of(tx, OURS, &keys)?, [first.clone(), other.clone()]);
            assert!(of(tx, OURS, &keys[1..2])?.is_empty() && of(tx, OURS, &[])?.is_empty());
            assert!(of(tx, THEIRS, &keys)?.is_empty());
            suppressions::delete(tx, OURS, first.id)?;
            assert_eq!(of(tx, OURS, &keys)?, [other]);
            Ok(())
        })
        .await;
}

async fn lists_go_by_reason_beginning_and_domain(ground: &Ground) {
    ground
        .write(|tx| {
            use SuppressionReason as R;
            let ids = ids();
            let all = [
                entry(&ids, "ann@example.com", R::HardBounce),
                entry(&ids, "anna@example.org", R::Manual),
                entry(&ids, "bob@example.com", R::Manual),
                Suppression { channel: Channel::Console, ..entry(&ids, "ann@example.com", R::Manual) },
            ];
            for one in &all {
                suppressions::insert(tx, OURS, one)?;
            }
            suppressions::insert(tx, THEIRS, &entry(&ids, "ann@example.com", R::Manual))?;
            let list = |tx: &mut Tx<'_>, filter: &Filter, before: &str, limit| {
                let rows = suppressions::list(tx, OURS, filter, before, limit)?;
                let place =
                    |row: &Suppression| all.iter().position(|one| one.id == row.id).expect("one of ours");
                Ok::<_, Error>(rows.iter().map(place).collect::<Vec<usize>>())
            };
            let at_place = |place| Filter { place, ..Filter::default() };
            assert_eq!(list(tx, &Filter::default(), "~", 10)?, [3, 2, 1, 0]);
            assert_eq!(list(tx, &Filter::default(), &all[2].id.to_string(), 1)?, [1]);
            let manual = Filter { reason: Some(R::Manual), ..Filter::default() };
            assert_eq!(list(tx, &manual, "~", 10)?, [3, 2, 1]);
            let by_mail = Filter { channel: Some(Channel::Email), ..manual.clone() };
            assert_eq!(list(tx, &by_mail, "~", 10)?, [2, 1]);
            assert_eq!(list(tx, &at_place(Place::Beginning("ann".into())), "~", 10)?, [3, 1, 0]);
            assert_eq!(list(tx, &at_place(Place::Beginning("ann@".into())), "~", 10)?, [3, 0]);
            assert_eq!(list(tx, &at_place(Place::Domain("example.com".into())), "~", 10)?, [3, 2, 0]);
            let both = Filter { place: Place::Domain("example.com".into()), ..by_mail };
            assert_eq!(list(tx, &both, "~", 10)?, [2]);
            Ok(())
        })
        .await;
}

async fn the_door_asks_once_for_contact_and_entry(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let jane = sample::contact(&ids, "Jane");
            contacts::insert(tx, OURS, &sample::known(&jane, "jane@example.com"))?;
            let door = |tx: &mut Tx<'_>, tenant, key: &str| {
                suppressions::at_address(tx, tenant, Channel::Email, key)
            };
            assert_eq!(door(tx, OURS, "jane@example.com")?, (Some(jane.id), false));
            assert_eq!(door(tx, OURS, "joe@example.com")?, (None, false));
            for reason in [SuppressionReason::Manual, SuppressionReason::Complaint] {
                suppressions::insert(tx, OURS, &entry(&ids, "jane@example.com", reason))?;
                suppressions::insert(tx, OURS, &entry(&ids, "joe@example.com", reason))?;
            }
            assert_eq!(door(tx, OURS, "jane@example.com")?, (Some(jane.id), true));
            assert_eq!(door(tx, OURS, "joe@example.com")?, (None, true));
            assert_eq!(door(tx, THEIRS, "joe@example.com")?, (None, false));
            assert_eq!(suppressions::at_address(tx, OURS, Channel::Sms, "joe@example.com")?, (None, false));
            Ok(())
        })
        .await;
}

//! Reconciling: how far providers were asked, about which messages they are asked, and which nobody has in hand.

use domain::clock::Timestamp;
use domain::ids::{AccountId, Ids, MessageId, TenantId};
use domain::message::MessageState;
use store::inquiries::{self, Inquiry};
use store::messages::Message;
use store::{Error, Tx, account_cursors, deliveries, epochs, messages};

use crate::ground::{Ground, OURS, THEIRS, at, ids};
use crate::sample;

on_both! {
    an_account_is_asked_by_one_at_a_time,
    an_inquiry_is_kept_until_it_is_settled,
    what_nobody_asks_about_is_found,
    what_nobody_sends_is_found,
    open_messages_are_found_by_account_and_time,
}

/// A cursor and an inquiry of a business.
pub fn found(tx: &mut Tx<'_>, tenant: TenantId, account: AccountId, message: MessageId) -> Result<(), Error> {
    account_cursors::begin(tx, (tenant, account), at(1), at(2))?;
    let inquiry = Inquiry { message, since: at(1), asked: 1, due_at: None };
    inquiries::put(tx, tenant, &inquiry)
}

/// Everything that we can see of theirs.
pub fn assert_unseen(tx: &mut Tx<'_>, account: AccountId, message: MessageId) -> Result<(), Error> {
    assert_eq!(account_cursors::get(tx, OURS, account)?, None);
    assert_eq!(inquiries::get(tx, OURS, message)?, None);
    assert_eq!(inquiries::unasked(tx, (OURS, account), at(1_000), 10)?, []);
    assert!(!inquiries::abandoned(tx, OURS, 10)?.contains(&message));
    let (first, last) = (MessageId::from_u128(0), MessageId::from_u128(u128::MAX));
    assert_eq!(inquiries::awaiting(tx, (OURS, account), (first, last), 10)?, []);
    Ok(())
}

/// Every change there is, made by us with the ids of theirs.
pub fn meddle(tx: &mut Tx<'_>, account: AccountId, message: MessageId) -> Result<(), Error> {
    assert_eq!(account_cursors::take(tx, (OURS, account), at(99), at(100))?, None);
    account_cursors::advance(tx, (OURS, account), at(50), at(60))?;
    account_cursors::hurry(tx, OURS, account, at(0))?;
    account_cursors::delete(tx, OURS, account)?;
    inquiries::forget_settled(tx, OURS)?;
    inquiries::delete(tx, OURS, message)
}

async fn an_account_is_asked_by_one_at_a_time(ground: &Ground) {
    ground
        .write(|tx| {
            let place = (OURS, ids().next());
            account_cursors::begin(tx, place, at(10), at(20))?;
            account_cursors::begin(tx, place, at(0), at(0))?;
            assert_eq!(account_cursors::get(tx, place.0, place.1)?, Some((at(10), at(20))), "begun once");
            assert_eq!(account_cursors::take(tx, place, at(19), at(40))?, None, "not due");
            assert_eq!(account_cursors::take(tx, place, at(20), at(40))?, Some(at(10)));
            assert_eq!(account_cursors::take(tx, place, at(20), at(40))?, None, "another one took it");
            account_cursors::advance(tx, place, at(20), at(40))?;
            account_cursors::advance(tx, place, at(5), at(6))?;
            assert_eq!(
                account_cursors::get(tx, place.0, place.1)?,
                Some((at(20), at(40))),
                "never backwards"
            );
            account_cursors::hurry(tx, place.0, place.1, at(25))?;
            account_cursors::hurry(tx, place.0, place.1, at(30))?;
            assert_eq!(
                account_cursors::take(tx, place, at(25), at(50))?,
                Some(at(20)),
                "due before its time"
            );
            account_cursors::delete(tx, place.0, place.1)?;
            assert_eq!(account_cursors::get(tx, place.0, place.1)?, None);
            Ok(())
        })
        .await;
}

fn sent_through(
    tx: &mut Tx<'_>,
    ids: &Ids,
    account: AccountId,
    state: MessageState,
) -> Result<Message, Error> {
    let message = Message {
        account: Some(account),
        state,
        provider_message_id: Some(format!("theirs-{state}")),
        ..sample::message(ids, ids.next(), ids.next(), ids.next())
    };
    messages::insert(tx, OURS, &message, &sample::body())?;
    Ok(message)
}

async fn an_inquiry_is_kept_until_it_is_settled(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let account = ids.next();
            let unknown = sent_through(tx, &ids, account, MessageState::Unknown)?.id;
            let settled = sent_through(tx, &ids, account, MessageState::Sent)?.id;
            let first = Inquiry { message: unknown, since: at(1), asked: 0, due_at: Some(at(2)) };
            inquiries::put(tx, OURS, &first)?;
            let second = Inquiry { asked: 1, due_at: None, ..first };
            inquiries::put(tx, OURS, &second)?;
            inquiries::put(tx, OURS, &Inquiry { message: settled, ..second })?;
            assert_eq!(inquiries::get(tx, OURS, unknown)?, Some(second));
            assert_eq!(inquiries::get(tx, THEIRS, unknown)?, None);
            inquiries::forget_settled(tx, OURS)?;
            assert_eq!(inquiries::get(tx, OURS, settled)?, None);
            assert_eq!(inquiries::get(tx, OURS, unknown)?, Some(second), "a person has to decide");
            inquiries::delete(tx, OURS, unknown)?;
            assert_eq!(inquiries::get(tx, OURS, unknown)?, None);
            Ok(())
        })
        .await;
}

async fn what_nobody_asks_about_is_found(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let account = ids.next();
            let mut message = |state| Ok::<_, Error>(sent_through(tx, &ids, account, state)?.id);
            let (never, waiting) = (message(MessageState::Unknown)?, message(MessageState::Unknown)?);
            let (overdue, given_up) = (message(MessageState::Unknown)?, message(MessageState::Unknown)?);
            message(MessageState::Sent)?;
            for (message, due_at) in [(waiting, Some(at(100))), (overdue, Some(at(10))), (given_up, None)] {
                inquiries::put(tx, OURS, &Inquiry { message, since: at(0), asked: 1, due_at })?;
            }
            assert_eq!(inquiries::unasked(tx, (OURS, account), at(50), 10)?, [never, overdue]);
            assert_eq!(inquiries::unasked(tx, (OURS, account), at(50), 1)?, [never]);
            assert_eq!(inquiries::unasked(tx, (OURS, ids.next()), at(50), 10)?, []);
            Ok(())
        })
        .await;
}

async fn what_nobody_sends_is_found(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let account = ids.next();
            let mut message = |state| Ok::<_, Error>(sent_through(tx, &ids, account, state)?.id);
            let (held, left) = (message(MessageState::Sending)?, message(MessageState::Sending)?);
            let of_stranger = message(MessageState::Sending)?;
            let (alive, stranger) = (ids.next(), ids.next());
            epochs::begin(tx, alive, at(0), at(1_000))?;
            for (message, epoch) in [(held, alive), (of_stranger, stranger)] {
                let row = sample::delivery(OURS, message, account, 0);
                deliveries::insert(tx, &deliveries::Delivery { lease: Some(epoch), ..row })?;
            }
            assert_eq!(inquiries::abandoned(tx, OURS, 10)?, [left]);
            assert_eq!(inquiries::orphaned(tx)?, [stranger]);
            Ok(())
        })
        .await;
}

async fn open_messages_are_found_by_account_and_time(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let account = ids.next();
            let mut message = |state| Ok::<_, Error>(sent_through(tx, &ids, account, state)?.id);
            let (sent, deferred) = (message(MessageState::Sent)?, message(MessageState::Deferred)?);
            message(MessageState::Delivered)?;
            let all = (MessageId::least_at(Timestamp::from_micros(0)), MessageId::from_u128(u128::MAX));
            let found = inquiries::awaiting(tx, (OURS, account), all, 100)?;
            assert_eq!(found, [(sent, "theirs-sent".to_owned()), (deferred, "theirs-deferred".to_owned())]);
            assert_eq!(inquiries::awaiting(tx, (OURS, account), all, 2)?.len(), 1, "among the newest only");
            assert_eq!(inquiries::awaiting(tx, (OURS, ids.next()), all, 100)?, []);
            assert_eq!(inquiries::awaiting(tx, (OURS, account), (all.0, sent), 100)?, []);
            Ok(())
        })
        .await;
}

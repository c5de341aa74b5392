//! What people of one business share and keep to themselves: notifications, drafts, uploads, canned responses.

use domain::clock::Timestamp;
use domain::draft::DraftKind;
use domain::ids::{Ids, TenantId, UserId};
use domain::notification::NotificationKind;
use serde_json::json;
use store::canned_responses::CannedResponse;
use store::drafts::Draft;
use store::notifications::{Notification, Which};
use store::uploads::Upload;
use store::{Error, Tx, canned_responses, conversations, drafts, entries, notifications, uploads};

use crate::ground::{Ground, OURS, THEIRS, at, ids};
use crate::sample;

on_both! {
    a_notification_is_listed_counted_and_read,
    notifications_about_one_thing_are_found_again,
    a_draft_is_its_owners_alone,
    a_draft_follows_its_conversation_into_another,
    an_upload_that_nobody_wants_falls_due,
    a_canned_response_is_found_by_its_shortcut,
    an_entry_goes,
}

pub fn notification(ids: &Ids, user: UserId, seconds: i64) -> Notification {
    Notification {
        id: ids.next(),
        user,
        kind: NotificationKind::Mention,
        conversation: Some(ids.next()),
        subject: Some("ent_1".into()),
        actor: Some("usr_1".into()),
        detail: "Sam Lee mentioned you.".into(),
        at: at(seconds),
        read_at: None,
    }
}

pub fn draft(ids: &Ids, user: UserId, seconds: i64) -> Draft {
    Draft {
        id: ids.next(),
        user,
        conversation: Some(ids.next()),
        kind: DraftKind::Reply,
        content: json!({ "text": "Dear Jane,\n\nü", "attachments": [] }),
        created_at: at(seconds),
        updated_at: at(seconds),
    }
}

pub fn upload(ids: &Ids, seconds: i64) -> Upload {
    Upload {
        id: ids.next(),
        owner: Some("usr_1".into()),
        filename: "Rechnung Müller.pdf".into(),
        content_type: "application/pdf".into(),
        size: 3_000_000_000,
        sha256: "ab".repeat(32),
        entry: None,
        created_at: at(0),
        keep_until: at(seconds),
    }
}

pub fn canned(ids: &Ids, shortcut: &str) -> CannedResponse {
    CannedResponse {
        id: ids.next(),
        shortcut: shortcut.into(),
        name: "Thanks".into(),
        text: "Thank you, {{contact.first_name|you}}!".into(),
        used_count: 0,
        created_at: at(0),
        updated_at: at(0),
    }
}

fn end() -> (Timestamp, String) {
    (Timestamp::from_micros(i64::MAX), "~".into())
}

async fn a_notification_is_listed_counted_and_read(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (sam, kim) = (ids.next(), ids.next());
            let (first, second, third) =
                (notification(&ids, sam, 1), notification(&ids, sam, 2), notification(&ids, sam, 2));
            let of_kim = notification(&ids, kim, 3);
            for row in [&first, &second, &third, &of_kim] {
                notifications::insert(tx, OURS, row)?;
            }
            let all = [third.clone(), second.clone(), first.clone()];
            assert_eq!(notifications::list(tx, OURS, sam, false, &end(), 9)?, all);
            assert_eq!(notifications::list(tx, OURS, sam, true, &end(), 2)?, all[..2]);
            let place = (third.at, third.id.to_string());
            assert_eq!(notifications::list(tx, OURS, sam, true, &place, 9)?, all[1..]);
            assert!(notifications::list(tx, THEIRS, sam, false, &end(), 9)?.is_empty());
            assert_eq!(notifications::unread(tx, OURS, sam)?, 3);
            assert_eq!(notifications::unread(tx, THEIRS, sam)?, 0);
            // Kim cannot read what is Sam's, and nothing is read twice.
            let these = Which::These(vec![first.id, of_kim.id]);
            assert_eq!(notifications::mark_read(tx, OURS, kim, &Which::These(vec![first.id]), at(5))?, 0);
            assert_eq!(notifications::mark_read(tx, OURS, sam, &these, at(5))?, 1);
            assert_eq!(notifications::mark_read(tx, OURS, sam, &these, at(6))?, 0);
            assert_eq!(notifications::list(tx, OURS, sam, true, &end(), 9)?, all[..2]);
            let read = Notification { read_at: Some(at(5)), ..first };
            assert_eq!(notifications::list(tx, OURS, sam, false, &end(), 9)?[2], read);
            let about = Which::About(second.conversation.unwrap());
            assert_eq!(notifications::mark_read(tx, OURS, sam, &about, at(6))?, 1);
            assert_eq!(notifications::unread(tx, OURS, sam)?, 1);
            assert_eq!(notifications::mark_read(tx, OURS, sam, &Which::All, at(7))?, 1);
            assert_eq!(notifications::unread(tx, OURS, sam)?, 0);
            assert_eq!(notifications::unread(tx, OURS, kim)?, 1);
            Ok(())
        })
        .await;
}

async fn notifications_about_one_thing_are_found_again(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let sam = ids.next();
            let first = notification(&ids, sam, 1);
            notifications::insert(tx, OURS, &first)?;
            let again = Notification { detail: "Kim Doe mentioned you.".into(), at: at(9), ..first.clone() };
            assert_eq!(notifications::unread_alike(tx, OURS, &again)?, Some(first.id));
            assert_eq!(notifications::unread_alike(tx, THEIRS, &again)?, None);
            let other = Notification { kind: NotificationKind::Replied, ..again.clone() };
            assert_eq!(notifications::unread_alike(tx, OURS, &other)?, None);
            notifications::renew(tx, OURS, &again)?;
            assert_eq!(notifications::list(tx, OURS, sam, true, &end(), 9)?, std::slice::from_ref(&again));
            assert_eq!(notifications::unread(tx, OURS, sam)?, 1);
            notifications::mark_read(tx, OURS, sam, &Which::All, at(10))?;
            assert_eq!(notifications::unread_alike(tx, OURS, &again)?, None);
            let mailbox = Notification {
                kind: NotificationKind::Mailbox,
                conversation: None,
                subject: Some("mbx_1".into()),
                actor: None,
                ..notification(&ids, sam, 11)
            };
            notifications::insert(tx, OURS, &mailbox)?;
            assert_eq!(notifications::unread_alike(tx, OURS, &mailbox)?, Some(mailbox.id));
            let another = Notification { subject: Some("mbx_2".into()), ..mailbox };
            assert_eq!(notifications::unread_alike(tx, OURS, &another)?, None);
            Ok(())
        })
        .await;
}

async fn a_draft_is_its_owners_alone(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (sam, kim) = (ids.next(), ids.next());
            let first = draft(&ids, sam, 1);
            let second = Draft { conversation: None, kind: DraftKind::New, ..draft(&ids, sam, 2) };
            drafts::insert(tx, OURS, &first)?;
            drafts::insert(tx, OURS, &second)?;
            assert_eq!(drafts::get(tx, OURS, sam, first.id)?, Some(first.clone()));
            assert_eq!(drafts::get(tx, OURS, kim, first.id)?, None);
            assert_eq!(drafts::get(tx, THEIRS, sam, first.id)?, None);
            assert_eq!(drafts::list(tx, OURS, sam, None, &end(), 9)?, [second.clone(), first.clone()]);
            assert_eq!(
                drafts::list(tx, OURS, sam, None, &(second.updated_at, second.id.to_string()), 9)?,
                std::slice::from_ref(&first)
            );
            assert_eq!(
                drafts::list(tx, OURS, sam, first.conversation, &end(), 9)?,
                std::slice::from_ref(&first)
            );
            assert!(drafts::list(tx, OURS, kim, first.conversation, &end(), 9)?.is_empty());
            assert!(drafts::is_full(tx, OURS, sam, 2)? && !drafts::is_full(tx, OURS, sam, 3)?);
            assert!(!drafts::is_full(tx, THEIRS, sam, 1)?);
            let upload = ids.next();
            assert!(!drafts::any_names(tx, OURS, upload)?);
            let is = Draft {
                content: json!({ "attachments": [{ "upload_id": upload }] }),
                updated_at: at(3),
                ..first.clone()
            };
            drafts::replace(tx, OURS, &Draft { user: kim, ..is.clone() })?;
            assert_eq!(
                drafts::get(tx, OURS, sam, first.id)?,
                Some(first.clone()),
                "only its owner changes it"
            );
            drafts::replace(tx, OURS, &is)?;
            assert_eq!(drafts::list(tx, OURS, sam, None, &end(), 9)?, [is.clone(), second]);
            assert!(drafts::any_names(tx, OURS, upload)?);
            assert!(!drafts::any_names(tx, THEIRS, upload)?);
            assert!(!drafts::delete(tx, OURS, kim, is.id)?);
            assert!(drafts::delete(tx, OURS, sam, is.id)?);
            assert!(!drafts::delete(tx, OURS, sam, is.id)?);
            Ok(())
        })
        .await;
}

async fn a_draft_follows_its_conversation_into_another(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let sam = ids.next();
            let was = sample::conversation(&ids, ids.next());
            conversations::insert(tx, OURS, &was)?;
            let draft = Draft { conversation: Some(was.id), ..draft(&ids, sam, 1) };
            drafts::insert(tx, OURS, &draft)?;
            let into = ids.next();
            assert!(drafts::list(tx, OURS, sam, Some(into), &end(), 9)?.is_empty());
            let is = conversations::Conversation { merged_into: Some(into), ..was.clone() };
            conversations::replace(tx, OURS, &was, &is)?;
            assert_eq!(drafts::list(tx, OURS, sam, Some(into), &end(), 9)?, std::slice::from_ref(&draft));
            assert_eq!(drafts::list(tx, OURS, sam, Some(was.id), &end(), 9)?, [draft]);
            Ok(())
        })
        .await;
}

async fn an_upload_that_nobody_wants_falls_due(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (soon, later) = (upload(&ids, 1), upload(&ids, 5));
            uploads::insert(tx, OURS, &soon)?;
            uploads::insert(tx, THEIRS, &later)?;
            assert_eq!(uploads::get(tx, OURS, soon.id)?, Some(soon.clone()));
            assert_eq!(uploads::get(tx, OURS, later.id)?, None);
            assert!(uploads::due(tx, at(0), 9)?.is_empty());
            assert_eq!(uploads::due(tx, at(1), 9)?, [(OURS, soon.id)]);
            assert_eq!(uploads::due(tx, at(5), 9)?, [(OURS, soon.id), (THEIRS, later.id)]);
            assert_eq!(uploads::due(tx, at(5), 1)?.len(), 1);
            // A note's upload is kept whatever its time.
            let note = Some(ids.next());
            uploads::keep(tx, OURS, soon.id, note, at(2))?;
            let kept = Upload { entry: note, keep_until: at(2), ..soon.clone() };
            assert_eq!(uploads::get(tx, OURS, soon.id)?, Some(kept));
            assert_eq!(uploads::due(tx, at(5), 9)?, [(THEIRS, later.id)]);
            assert!(!uploads::delete(tx, OURS, soon.id)?);
            uploads::keep(tx, OURS, soon.id, None, at(9))?;
            assert_eq!(uploads::due(tx, at(9), 9)?, [(THEIRS, later.id), (OURS, soon.id)]);
            assert!(!uploads::delete(tx, OURS, later.id)?);
            assert!(uploads::delete(tx, OURS, soon.id)?);
            assert_eq!(uploads::get(tx, OURS, soon.id)?, None);
            Ok(())
        })
        .await;
}

async fn a_canned_response_is_found_by_its_shortcut(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (thanks, late) = (canned(&ids, "thanks"), canned(&ids, "late"));
            for row in [&thanks, &late] {
                canned_responses::insert(tx, OURS, row)?;
                canned_responses::insert(tx, THEIRS, &CannedResponse { id: ids.next(), ..row.clone() })?;
            }
            assert_eq!(canned_responses::list(tx, OURS)?, [late.clone(), thanks.clone()]);
            assert_eq!(canned_responses::by_shortcut(tx, OURS, "late")?, Some(late.id));
            assert_eq!(canned_responses::by_shortcut(tx, OURS, "Late")?, None);
            canned_responses::count_use(tx, OURS, late.id)?;
            canned_responses::count_use(tx, THEIRS, late.id)?;
            let is = CannedResponse {
                shortcut: "too-late".into(),
                name: "Too late".into(),
                text: "Sorry.".into(),
                used_count: 1,
                updated_at: at(4),
                ..late.clone()
            };
            canned_responses::update(tx, OURS, &is)?;
            assert_eq!(canned_responses::get(tx, OURS, late.id)?, Some(is));
            assert_eq!(canned_responses::get(tx, THEIRS, late.id)?, None);
            assert!(!canned_responses::delete(tx, THEIRS, late.id)?);
            assert!(canned_responses::delete(tx, OURS, late.id)?);
            assert_eq!(canned_responses::list(tx, OURS)?, [thanks]);
            Ok(())
        })
        .await;
    let twice =
        ground.store.write(OURS, |tx| canned_responses::insert(tx, OURS, &canned(&ids(), "thanks"))).await;
    assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
}

async fn an_entry_goes(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let entry = entries::Entry {
                id: ids.next(),
                conversation: ids.next(),
                kind: entries::EntryKind::Note,
                at: at(0),
                author: domain::access::Actor::system(),
                body: "Only between us".into(),
                facts: json!({}),
                edited_at: None,
            };
            entries::insert(tx, OURS, &entry)?;
            entries::delete(tx, THEIRS, entry.id)?;
            assert_eq!(entries::get(tx, OURS, entry.id)?, Some(entry.clone()));
            entries::delete(tx, OURS, entry.id)?;
            assert_eq!(entries::get(tx, OURS, entry.id)?, None);
            Ok(())
        })
        .await;
}

/// One of each, of one business.
#[derive(Debug, Clone)]
pub struct Together {
    user: UserId,
    notification: Notification,
    draft: Draft,
    upload: Upload,
    canned: CannedResponse,
}

pub fn found(tx: &mut Tx<'_>, tenant: TenantId, ids: &Ids, user: UserId) -> Result<Together, Error> {
    let together = Together {
        user,
        notification: notification(ids, user, 1),
        draft: draft(ids, user, 1),
        upload: upload(ids, 1),
        canned: canned(ids, "thanks"),
    };
    notifications::insert(tx, tenant, &together.notification)?;
    drafts::insert(tx, tenant, &together.draft)?;
    uploads::insert(tx, tenant, &together.upload)?;
    canned_responses::insert(tx, tenant, &together.canned)?;
    Ok(together)
}

/// Nothing of theirs is shown to us, whoever asks for it.
pub fn assert_unseen(tx: &mut Tx<'_>, theirs: &Together) -> Result<(), Error> {
    let Together { user, notification, draft, upload, canned } = theirs;
    assert!(notifications::list(tx, OURS, *user, false, &end(), 9)?.is_empty());
    assert_eq!(notifications::unread(tx, OURS, *user)?, 0);
    assert_eq!(notifications::unread_alike(tx, OURS, notification)?, None);
    assert_eq!(drafts::get(tx, OURS, *user, draft.id)?, None);
    assert!(drafts::list(tx, OURS, *user, None, &end(), 9)?.is_empty());
    assert!(drafts::list(tx, OURS, *user, draft.conversation, &end(), 9)?.is_empty());
    assert!(!drafts::is_full(tx, OURS, *user, 1)?);
    assert_eq!(uploads::get(tx, OURS, upload.id)?, None);
    assert_eq!(canned_responses::get(tx, OURS, canned.id)?, None);
    assert_ne!(canned_responses::by_shortcut(tx, OURS, "thanks")?, Some(canned.id));
    assert!(canned_responses::list(tx, OURS)?.iter().all(|row| row.id != canned.id));
    Ok(())
}

/// Every change there is, made by us with the ids of theirs.
pub fn meddle(tx: &mut Tx<'_>, theirs: &Together) -> Result<(), Error> {
    let Together { user, notification, draft, upload, canned } = theirs;
    notifications::renew(tx, OURS, &Notification { detail: "x".into(), ..notification.clone() })?;
    assert_eq!(notifications::mark_read(tx, OURS, *user, &Which::All, at(2))?, 0);
    drafts::replace(tx, OURS, &Draft { content: json!({}), ..draft.clone() })?;
    assert!(!drafts::delete(tx, OURS, *user, draft.id)?);
    uploads::keep(tx, OURS, upload.id, None, at(99))?;
    assert!(!uploads::delete(tx, OURS, upload.id)?);
    canned_responses::update(tx, OURS, &CannedResponse { text: "x".into(), ..canned.clone() })?;
    canned_responses::count_use(tx, OURS, canned.id)?;
    assert!(!canned_responses::delete(tx, OURS, canned.id)?);
    Ok(())
}

//! Mailboxes: who reads them, how far, and that what was taken in is known again.

use domain::ids::{EpochId, Ids, MailboxId, TenantId};
use store::accounts::Health;
use store::mailbox_folders::{self, Folder, Kept, Skipped};
use store::mailboxes::{self, Mailbox};
use store::{Error, Tx, epochs};

use crate::ground::{Ground, OURS, THEIRS, at, ids};

on_both! {
    a_mailbox_is_kept_changed_and_taken_out_of_use,
    one_process_reads_a_mailbox,
    what_was_read_is_known_again,
}

/// A mailbox of a business, with a folder that was read.
#[derive(Debug, Clone)]
pub struct Read {
    id: MailboxId,
    folder: Folder,
}

/// Adds one for the story of two businesses.
pub fn found(tx: &mut Tx<'_>, tenant: TenantId, ids: &Ids) -> Result<Read, Error> {
    let row = Mailbox { tenant, ..mailbox(ids) };
    mailboxes::insert(tx, &row)?;
    let folder = Folder {
        mailbox: row.id,
        folder: "INBOX".into(),
        uid_validity: 1,
        first_uid: 1,
        next_uid: 2,
        skipped: vec![],
        checked_at: None,
    };
    mailbox_folders::put(tx, tenant, &folder)?;
    mailbox_folders::keep(tx, tenant, &folder, &Kept { uid: 1, sha256: "same".into() })?;
    Ok(Read { id: row.id, folder })
}

/// We see nothing of theirs, and change nothing with its ids.
pub fn meddle(tx: &mut Tx<'_>, theirs: &Read) -> Result<(), Error> {
    let Read { id, folder } = theirs;
    assert!(mailboxes::get(tx, OURS, *id)?.is_none());
    assert!(mailboxes::list(tx, OURS)?.iter().all(|ours| ours.id != *id));
    assert!(mailbox_folders::get(tx, OURS, *id, "INBOX")?.is_none());
    assert!(mailbox_folders::of_tenant(tx, OURS)?.iter().all(|ours| ours.mailbox != *id));
    assert!(mailbox_folders::kept(tx, OURS, folder, 0, 9)?.is_empty());
    assert!(!mailbox_folders::has_content(tx, OURS, *id, "same")?);
    let taken_over = Mailbox { id: *id, name: "taken over".into(), ..mailbox(&ids()) };
    assert!(!mailboxes::update(tx, &taken_over)?);
    assert!(!mailboxes::delete(tx, OURS, *id, at(1))?);
    assert!(!mailboxes::set_secrets(tx, OURS, *id, b"sealed", b"ours")?);
    assert!(!mailboxes::claim(tx, OURS, *id, ids().next())?);
    mailboxes::set_health(tx, OURS, *id, Health::Stopped, Some("x"), at(1))?;
    mailboxes::set_seen(tx, OURS, *id, at(1))?;
    mailboxes::set_mail(tx, OURS, *id, at(1))?;
    mailbox_folders::put(tx, OURS, &Folder { next_uid: 9, ..folder.clone() })?;
    mailbox_folders::keep(tx, OURS, folder, &Kept { uid: 2, sha256: "ours".into() })?;
    mailbox_folders::forget(tx, OURS, *id)
}

fn mailbox(ids: &Ids) -> Mailbox {
    Mailbox {
        tenant: OURS,
        id: ids.next::<domain::ids::Mailbox>(),
        name: "Support".into(),
        account: None,
        enabled: true,
        settings: serde_json::json!({ "host": "imap.example.com" }),
        secrets: b"sealed".to_vec(),
        secrets_set: vec!["password".into()],
        health: Health::Unchecked,
        last_error: None,
        last_error_at: None,
        last_seen_at: None,
        last_mail_at: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

async fn a_mailbox_is_kept_changed_and_taken_out_of_use(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let mut ours = mailbox(&ids);
            mailboxes::insert(tx, &ours)?;
            mailboxes::insert(tx, &Mailbox { tenant: THEIRS, ..mailbox(&ids) })?;
            assert_eq!(mailboxes::list(tx, OURS)?, [ours.clone()]);
            assert_eq!(mailboxes::every(tx)?.len(), 2);
            ours = Mailbox {
                name: "Sales".into(),
                enabled: false,
                secrets: b"other".to_vec(),
                secrets_set: vec![],
                health: Health::Ok,
                updated_at: at(1),
                ..ours
            };
            assert!(mailboxes::update(tx, &ours)?);
            assert_eq!(mailboxes::get(tx, OURS, ours.id)?, Some(ours.clone()));
            assert_eq!(mailboxes::get(tx, THEIRS, ours.id)?, None);

            mailboxes::set_health(tx, OURS, ours.id, Health::Stopped, Some("wrong password"), at(2))?;
            mailboxes::set_seen(tx, OURS, ours.id, at(3))?;
            mailboxes::set_mail(tx, OURS, ours.id, at(4))?;
            assert!(!mailboxes::set_secrets(tx, OURS, ours.id, b"sealed", b"fresh")?);
            assert!(mailboxes::set_secrets(tx, OURS, ours.id, b"other", b"fresh")?);
            let noted = mailboxes::get(tx, OURS, ours.id)?.unwrap();
            assert_eq!(
                (noted.health, noted.last_error.as_deref()),
                (Health::Stopped, Some("wrong password"))
            );
            assert_eq!(
                (noted.last_error_at, noted.last_seen_at, noted.last_mail_at),
                (Some(at(2)), Some(at(3)), Some(at(4)))
            );
            assert_eq!((noted.secrets.as_slice(), noted.updated_at), (&b"fresh"[..], at(1)));

            assert!(!mailboxes::delete(tx, THEIRS, ours.id, at(5))?);
            assert!(
                mailboxes::delete(tx, OURS, ours.id, at(5))? && !mailboxes::delete(tx, OURS, ours.id, at(5))?
            );
            assert_eq!(mailboxes::get(tx, OURS, ours.id)?, None);
            assert!(mailboxes::list(tx, OURS)?.is_empty() && !mailboxes::update(tx, &ours)?);
            Ok(())
        })
        .await;
}

async fn one_process_reads_a_mailbox(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let ours = mailbox(&ids);
            mailboxes::insert(tx, &ours)?;
            let (first, second): (EpochId, EpochId) = (ids.next(), ids.next());
            for epoch in [first, second] {
                epochs::begin(tx, epoch, at(0), at(20))?;
            }
            assert!(
                mailboxes::claim(tx, OURS, ours.id, first)? && mailboxes::claim(tx, OURS, ours.id, first)?
            );
            assert!(!mailboxes::claim(tx, OURS, ours.id, second)?);
            epochs::end(tx, first)?;
            assert!(mailboxes::claim(tx, OURS, ours.id, second)?, "the first is gone");
            epochs::begin(tx, first, at(1), at(20))?;
            assert!(!mailboxes::claim(tx, OURS, ours.id, first)?);
            mailboxes::release(tx, second)?;
            assert!(mailboxes::claim(tx, OURS, ours.id, first)?);
            assert!(!mailboxes::claim(tx, THEIRS, ours.id, first)?);
            Ok(())
        })
        .await;
}

async fn what_was_read_is_known_again(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let id: MailboxId = ids.next();
            let mut inbox = Folder {
                mailbox: id,
                folder: "INBOX".into(),
                uid_validity: u32::MAX,
                first_uid: 1,
                next_uid: 5,
                skipped: vec![],
                checked_at: None,
            };
            mailbox_folders::put(tx, OURS, &inbox)?;
            inbox.next_uid = i64::from(u32::MAX) + 1;
            inbox.skipped = vec![Skipped { uid: 4, reason: "too large".into() }];
            inbox.checked_at = Some(at(1));
            mailbox_folders::put(tx, OURS, &inbox)?;
            assert_eq!(mailbox_folders::get(tx, OURS, id, "INBOX")?, Some(inbox.clone()));
            assert_eq!(mailbox_folders::get(tx, OURS, id, "Done")?, None);
            assert_eq!(mailbox_folders::of_tenant(tx, OURS)?, [inbox.clone()]);
            assert!(mailbox_folders::of_tenant(tx, THEIRS)?.is_empty());

            for (uid, content) in [(1, "a"), (2, "b"), (2, "b"), (u32::MAX, "c")] {
                mailbox_folders::keep(tx, OURS, &inbox, &Kept { uid, sha256: content.into() })?;
            }
            let mut kept: Vec<u32> =
                mailbox_folders::kept(tx, OURS, &inbox, 2, u32::MAX)?.into_iter().collect();
            kept.sort_unstable();
            assert_eq!(kept, [2, u32::MAX]);
            assert_eq!(mailbox_folders::kept(tx, OURS, &inbox, 3, 9)?.len(), 0);
            let renumbered = Folder { uid_validity: 2, ..inbox.clone() };
            assert!(mailbox_folders::kept(tx, OURS, &renumbered, 1, 9)?.is_empty());
            assert!(mailbox_folders::has_content(tx, OURS, id, "b")?);
            assert!(!mailbox_folders::has_content(tx, OURS, id, "x")?);
            assert!(!mailbox_folders::has_content(tx, THEIRS, id, "b")?);
            mailbox_folders::forget(tx, THEIRS, id)?;
            assert!(mailbox_folders::has_content(tx, OURS, id, "b")?);
            mailbox_folders::forget(tx, OURS, id)?;
            assert!(mailbox_folders::of_tenant(tx, OURS)?.is_empty());
            assert!(!mailbox_folders::has_content(tx, OURS, id, "b")?);
            Ok(())
        })
        .await;
}

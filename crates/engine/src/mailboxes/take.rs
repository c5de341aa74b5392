//! Takes mails out of a folder into the journal, in portions; how far it came is written only after the journal's commit, so
//! that a crash in between repeats a portion, and the journal knows each of its mails again.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;
use net::imap::{Fetched, Imap, ImapFault};
use serde_json::json;
use store::mailbox_folders::{self, Folder, Kept, Skipped};
use store::mailboxes::{self, Mailbox};

use super::look::Care;
use super::portions::{Portions, cut};
use super::settings::{AfterFiling, MailboxSettings};
use crate::core::Core;
use crate::receive;

/// UIDs whose sizes are asked for at once.
const LISTED: usize = 200;
/// A mail over which so many connections broke is skipped.
const BREAKS: u32 = 3;
/// Skipped mails that are listed; the journal of a mailbox with more has other troubles.
const MOST_SKIPPED: usize = 1_000;

/// What is needed to take mails in.
pub(super) struct Taking<'a> {
    core: &'a Arc<Core>,
    mailbox: &'a Mailbox,
    settings: &'a MailboxSettings,
    pub imap: &'a mut Imap,
    care: &'a mut Care,
    /// What did not work after a mail was in the journal.
    trouble: Option<String>,
}

/// What became of the mails of a portion.
#[derive(Debug, Default)]
pub(super) struct Portion {
    pub kept: Vec<Kept>,
    pub skipped: Vec<Skipped>,
    /// How many were not in the journal before.
    pub fresh: usize,
}

impl<'a> Taking<'a> {
    pub(super) fn new(
        core: &'a Arc<Core>,
        mailbox: &'a Mailbox,
        settings: &'a MailboxSettings,
        imap: &'a mut Imap,
        care: &'a mut Care,
    ) -> Taking<'a> {
        Taking { core, mailbox, settings, imap, care, trouble: None }
    }

    /// Takes in all these and moves on behind them. Gives what did not work, in words.
    pub(super) async fn all(
        &mut self,
        mut folder: Folder,
        uids: &[u32],
    ) -> Result<Option<String>, ImapFault> {
        for some in uids.chunks(LISTED) {
            let mut portions = self.portions(&folder, some).await?;
            while let Some((uids, large)) = portions.pop_front() {
                let mut portion = self.take(&folder, &uids).await?;
                portion.skipped.extend(large);
                self.tidy_up(&portion).await?;
                let last = portion
                    .kept
                    .iter()
                    .map(|kept| kept.uid)
                    .chain(portion.skipped.iter().map(|it| it.uid))
                    .max();
                folder.next_uid =
                    last.map_or(folder.next_uid, |last| i64::from(last) + 1).max(folder.next_uid);
                self.write(&mut folder, portion).await?;
            }
            // Also past those that are gone, or were taken in before.
            if let Some(last) = some.last() {
                folder.next_uid = folder.next_uid.max(i64::from(*last) + 1);
                self.write(&mut folder, Portion::default()).await?;
            }
        }
        Ok(self.trouble.take())
    }

    /// Takes in mails that were there before; how far the folder was read is known already and written when all are in.
    pub(super) async fn old(&mut self, folder: Folder, uids: &[u32]) -> Result<Option<String>, ImapFault> {
        let mut whole = folder.clone();
        let mut skipped = Portion::default();
        for some in uids.chunks(LISTED) {
            for (uids, large) in self.portions(&folder, some).await? {
                let mut portion = self.take(&folder, &uids).await?;
                portion.skipped.extend(large);
                self.tidy_up(&portion).await?;
                skipped.skipped.append(&mut portion.skipped);
                self.note_kept(&folder, portion).await?;
            }
        }
        self.write(&mut whole, skipped).await?;
        Ok(self.trouble.take())
    }

    /// Portions of those that are not in the journal yet, and the ones that are too large to be fetched.
    async fn portions(&mut self, folder: &Folder, uids: &[u32]) -> Result<Portions, ImapFault> {
        let (Some(&first), Some(&last)) = (uids.first(), uids.last()) else { return Ok(Portions::new()) };
        let (tenant, of) = (self.mailbox.tenant, folder.clone());
        let known = self
            .core
            .store
            .read(move |tx| mailbox_folders::kept(tx, tenant, &of, first, last))
            .await
            .map_err(|error| not_now(&error))?;
        let wanted: Vec<u32> = uids.iter().copied().filter(|uid| !known.contains(uid)).collect();
        if wanted.is_empty() {
            return Ok(Portions::new());
        }
        let listed = self.imap.sizes(&wanted).await?;
        Ok(cut(&listed, self.care.one_by_one))
    }

    /// One mail that was missing; nothing when it is gone from the mailbox.
    pub(super) async fn one(&mut self, folder: &Folder, uid: u32) -> Result<Option<Portion>, ImapFault> {
        let listed = self.imap.sizes(&[uid]).await?;
        let Some((uids, skipped)) = cut(&listed, true).pop_front() else { return Ok(None) };
        let mut portion = self.take(folder, &uids).await?;
        portion.skipped.extend(skipped);
        Ok(Some(portion))
    }

    /// Fetches mails and puts them into the journal.
    async fn take(&mut self, folder: &Folder, uids: &[u32]) -> Result<Portion, ImapFault> {
        let mut portion = Portion::default();
        if let [only] = uids {
            if let Some(skipped) = self.broke_too_often(folder, *only) {
                portion.skipped.push(skipped);
                return Ok(portion);
            }
        } else if uids.is_empty() {
            return Ok(portion);
        }
        match self.fetch(folder, uids).await {
            Ok(fetched) => {
                self.keep_all(folder, fetched, &mut portion).await?;
                let got: Vec<u32> = portion
                    .kept
                    .iter()
                    .map(|kept| kept.uid)
                    .chain(portion.skipped.iter().map(|it| it.uid))
                    .collect();
                let missing: Vec<u32> = uids.iter().copied().filter(|uid| !got.contains(uid)).collect();
                self.ask_about(&missing, &mut portion).await?;
            }
            // The server refuses the portion as a whole: which of its mails is it?
            Err(fault) if fault.leaves_connection() => {
                for &uid in uids {
                    match self.fetch(folder, &[uid]).await {
                        Ok(fetched) => self.keep_all(folder, fetched, &mut portion).await?,
                        Err(fault) if fault.leaves_connection() => {
                            let reason = format!("the server does not give it: {fault}");
                            portion.skipped.push(Skipped { uid, reason });
                        }
                        Err(fault) => return Err(fault),
                    }
                }
            }
            Err(fault) => return Err(fault),
        }
        Ok(portion)
    }

    /// Remembers over what the connection breaks, if it does.
    async fn fetch(&mut self, folder: &Folder, uids: &[u32]) -> Result<Vec<Fetched>, ImapFault> {
        let result = self.imap.fetch(uids).await;
        match &result {
            Ok(_) => self.care.suspect = None,
            Err(fault) if fault.leaves_connection() => {}
            Err(_) => {
                self.care.one_by_one = true;
                if let [only] = uids {
                    let times = match &self.care.suspect {
                        Some((name, uid, times)) if *name == folder.folder && uid == only => times + 1,
                        _ => 1,
                    };
                    self.care.suspect = Some((folder.folder.clone(), *only, times));
                }
            }
        }
        result
    }

    fn broke_too_often(&mut self, folder: &Folder, uid: u32) -> Option<Skipped> {
        let (name, suspect, times) = self.care.suspect.as_ref()?;
        if *name != folder.folder || *suspect != uid || *times < BREAKS {
            return None;
        }
        self.care.suspect = None;
        let reason = format!("the connection broke {BREAKS} times while it was fetched");
        Some(Skipped { uid, reason })
    }

    /// All at once: those that wait together share a commit.
    async fn keep_all(
        &self,
        folder: &Folder,
        fetched: Vec<Fetched>,
        portion: &mut Portion,
    ) -> Result<(), ImapFault> {
        let keeping = fetched.into_iter().map(|fetched| self.keep(folder, fetched));
        for kept in join_all(keeping).await {
            match kept? {
                Ok((kept, fresh)) => {
                    portion.kept.push(kept);
                    portion.fresh += usize::from(fresh);
                }
                Err(skipped) => portion.skipped.push(skipped),
            }
        }
        Ok(())
    }

    async fn keep(
        &self,
        folder: &Folder,
        fetched: Fetched,
    ) -> Result<Result<(Kept, bool), Skipped>, ImapFault> {
        let uid = fetched.uid;
        let mail = match fetched.mail {
            Some(mail) if !mail.is_empty() => mail,
            Some(_) => return Ok(Err(Skipped { uid, reason: "it is empty".to_owned() })),
            None => return Ok(Err(Skipped { uid, reason: "the server has no bytes for it".to_owned() })),
        };
        let sha256 = net::signature::sha256_hex(&mail);
        let fresh = if self.came_before(&sha256).await? {
            false
        } else {
            self.put_into_journal(folder, uid, fetched.internal_date, mail).await?
        };
        Ok(Ok((Kept { uid, sha256 }, fresh)))
    }

    /// Under another UID: the journal may have been cleared of it since.
    async fn came_before(&self, sha256: &str) -> Result<bool, ImapFault> {
        let (tenant, id, content) = (self.mailbox.tenant, self.mailbox.id, sha256.to_owned());
        self.core
            .store
            .read(move |tx| mailbox_folders::has_content(tx, tenant, id, &content))
            .await
            .map_err(|error| not_now(&error))
    }

    async fn put_into_journal(
        &self,
        folder: &Folder,
        uid: u32,
        internal_date: Option<String>,
        mail: Bytes,
    ) -> Result<bool, ImapFault> {
        let place = json!({
            "mailbox_id": self.mailbox.id,
            "folder": folder.folder,
            "uid_validity": folder.uid_validity,
            "uid": uid,
            "internal_date": internal_date,
        });
        let taken =
            receive::take_in_from_mailbox(self.core, self.mailbox.tenant, self.mailbox.account, mail, place)
                .await;
        match taken {
            Ok(taken) => Ok(!taken.duplicate),
            Err(error) => Err(ImapFault::Unreachable(format!("mail cannot be stored now: {error}"))),
        }
    }

    /// Mails that were listed and not given: gone meanwhile, or kept back by the server.
    async fn ask_about(&mut self, missing: &[u32], portion: &mut Portion) -> Result<(), ImapFault> {
        if missing.is_empty() {
            return Ok(());
        }
        for listed in self.imap.sizes(missing).await? {
            let reason = "the server lists it and does not give it".to_owned();
            portion.skipped.push(Skipped { uid: listed.uid, reason });
        }
        Ok(())
    }

    /// Does in the mailbox what is to be done with mails that are in the journal.
    pub(super) async fn tidy_up(&mut self, portion: &Portion) -> Result<(), ImapFault> {
        let mut uids: Vec<u32> = portion.kept.iter().map(|kept| kept.uid).collect();
        uids.sort_unstable();
        if uids.is_empty() {
            return Ok(());
        }
        let done = match (self.settings.after_filing, &self.settings.move_to) {
            (AfterFiling::Move, Some(folder)) => self.imap.move_to(&uids, folder).await,
            (AfterFiling::MarkSeen, _) => self.imap.mark_seen(&uids).await,
            (AfterFiling::Leave | AfterFiling::Move, _) => return Ok(()),
        };
        match done {
            // The mails are safe; that they could not be tidied away is said and stops nothing.
            Err(fault) if fault.leaves_connection() => {
                let what =
                    if self.settings.after_filing == AfterFiling::Move { "moved" } else { "marked as read" };
                self.trouble = Some(format!("filed mail could not be {what}: {fault}"));
                Ok(())
            }
            other => other,
        }
    }

    /// Writes how far the folder was read.
    async fn write(&self, folder: &mut Folder, mut portion: Portion) -> Result<(), ImapFault> {
        let skipped = std::mem::take(&mut portion.skipped);
        let (tenant, mine) = (self.mailbox.tenant, folder.clone());
        *folder = self
            .core
            .store
            .write(tenant, move |tx| {
                let mut row = mine.clone();
                // What was skipped may have been taken in by a check meanwhile.
                if let Some(current) = mailbox_folders::get(tx, tenant, mine.mailbox, &mine.folder)?
                    && current.uid_validity == mine.uid_validity
                {
                    row.skipped = current.skipped;
                    row.checked_at = current.checked_at;
                }
                add_skipped(&mut row, skipped.clone());
                mailbox_folders::put(tx, tenant, &row)?;
                Ok::<_, store::Error>(row)
            })
            .await
            .map_err(|error| not_now(&error))?;
        self.note_kept(folder, portion).await
    }

    /// Writes which mails are in the journal.
    pub(super) async fn note_kept(&self, folder: &Folder, portion: Portion) -> Result<(), ImapFault> {
        if portion.kept.is_empty() {
            return Ok(());
        }
        let (tenant, id, account) = (self.mailbox.tenant, self.mailbox.id, self.mailbox.account);
        let (folder, now) = (folder.clone(), self.core.clock.now());
        self.core
            .store
            .write(tenant, move |tx| {
                for kept in &portion.kept {
                    mailbox_folders::keep(tx, tenant, &folder, kept)?;
                }
                if portion.fresh > 0 {
                    mailboxes::set_mail(tx, tenant, id, now)?;
                    if let Some(account) = account {
                        store::accounts::set_last_inbound(tx, tenant, account, now)?;
                    }
                }
                Ok::<_, store::Error>(())
            })
            .await
            .map_err(|error| not_now(&error))
    }
}

pub(super) fn not_now(error: &store::Error) -> ImapFault {
    ImapFault::Unreachable(format!("the database cannot take it now: {error}"))
}

pub(super) fn add_skipped(folder: &mut Folder, skipped: Vec<Skipped>) {
    for new in skipped {
        folder.skipped.retain(|known| known.uid != new.uid);
        folder.skipped.push(new);
    }
    folder.skipped.sort_by_key(|skipped| skipped.uid);
    let surplus = folder.skipped.len().saturating_sub(MOST_SKIPPED);
    folder.skipped.drain(..surplus);
}

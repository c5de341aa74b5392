//! Compares the folders of a mailbox with the journal, and takes in what is missing there: also what was skipped before.

use domain::access::{Permission, Principal};
use domain::ids::MailboxId;
use domain::invalid::Invalid;
use net::imap::{Imap, ImapFault};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::mailbox_folders::{self, Folder, Skipped};
use store::mailboxes::{self, Mailbox};

use super::look::Care;
use super::settings::MailboxSettings;
use super::take::Taking;
use super::{credentials, view};
use crate::{Engine, Error};

/// What is compared.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MissingMailRequest {
    /// Only this folder; else all that are read.
    #[serde(default)]
    pub folder: Option<String>,
    /// Also mail that was in the mailbox before it was added here.
    #[serde(default)]
    pub from_the_beginning: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MissingMailCheck {
    /// Mails that were compared.
    pub checked: usize,
    /// Mails that were not in the journal.
    pub missing: Vec<MissingMail>,
    /// How many of those are in it now; the others are listed as skipped, with the reason.
    pub taken_in: usize,
}

/// A mail that was not in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MissingMail {
    pub folder: String,
    pub uid: u32,
}

impl Engine {
    /// Compares and takes in what is missing.
    ///
    /// # Errors
    /// [`Error::NotFound`]; `mailbox_unreachable` with the reason when the mailbox cannot be read now.
    pub async fn check_missing_mail(
        &self,
        principal: &Principal,
        id: MailboxId,
        request: MissingMailRequest,
    ) -> Result<MissingMailCheck, Error> {
        principal.require(Permission::ChannelsWrite)?;
        let core = &self.core;
        let tenant = principal.tenant;
        let found = core.store.read(move |tx| mailboxes::get(tx, tenant, id)).await?;
        let mailbox = found.ok_or(Error::NotFound("mailbox"))?;
        let settings = view::settings_of(&mailbox);
        let folders = match request.folder {
            Some(folder) if settings.folders.contains(&folder) => vec![folder],
            Some(_) => return Err(Invalid::at("/folder", "expected a folder that is read").into()),
            None => settings.folders.clone(),
        };
        let seat = core.mailboxes.seat(tenant, id);
        let mut imap = credentials::connect(core, &seat, &mailbox, &settings, &mut Vec::new())
            .await
            .map_err(|fault| unreachable_now(&fault))?;
        let mut result = MissingMailCheck { checked: 0, missing: Vec::new(), taken_in: 0 };
        for folder in &folders {
            self.compare(&mailbox, &settings, &mut imap, folder, request.from_the_beginning, &mut result)
                .await
                .map_err(|fault| unreachable_now(&fault))?;
        }
        imap.logout().await;
        core.feed.wake();
        Ok(result)
    }

    async fn compare(
        &self,
        mailbox: &Mailbox,
        settings: &MailboxSettings,
        imap: &mut Imap,
        name: &str,
        from_the_beginning: bool,
        result: &mut MissingMailCheck,
    ) -> Result<(), ImapFault> {
        let core = &self.core;
        let (tenant, id, wanted) = (mailbox.tenant, mailbox.id, name.to_owned());
        let not_now = |error: store::Error| super::take::not_now(&error);
        let selected = imap.select(name).await?;
        let known = core.store.read(move |tx| mailbox_folders::get(tx, tenant, id, &wanted)).await;
        // Never read, or numbered anew: its reader takes it up as a whole.
        let Some(folder) =
            known.map_err(not_now)?.filter(|known| known.uid_validity == selected.uid_validity)
        else {
            return Ok(());
        };
        let first = if from_the_beginning { 1 } else { u32::try_from(folder.first_uid).unwrap_or(u32::MAX) };
        let mut uids = imap.uids_from(first).await?;
        // Also skipped mail from before the mailbox was added was meant to be taken in.
        uids.extend(folder.skipped.iter().map(|skipped| skipped.uid));
        uids.retain(|uid| i64::from(*uid) < folder.next_uid);
        uids.sort_unstable();
        uids.dedup();
        result.checked += uids.len();
        let (Some(&first), Some(&last)) = (uids.first(), uids.last()) else {
            return self.compared(mailbox, name, Vec::new(), Vec::new()).await;
        };
        let of = folder.clone();
        let kept = core.store.read(move |tx| mailbox_folders::kept(tx, tenant, &of, first, last)).await;
        let kept = kept.map_err(not_now)?;
        uids.retain(|uid| !kept.contains(uid));
        let mut care = Care { one_by_one: true, suspect: None };
        let mut taking = Taking::new(core, mailbox, settings, imap, &mut care);
        let (mut settled, mut skipped) = (Vec::new(), Vec::new());
        for uid in uids {
            let Some(mut portion) = taking.one(&folder, uid).await? else {
                // Gone from the mailbox.
                settled.push(uid);
                continue;
            };
            result.missing.push(MissingMail { folder: name.to_owned(), uid });
            skipped.append(&mut portion.skipped);
            if portion.kept.is_empty() {
                continue;
            }
            taking.tidy_up(&portion).await?;
            taking.note_kept(&folder, portion).await?;
            result.taken_in += 1;
            settled.push(uid);
        }
        self.compared(mailbox, name, settled, skipped).await
    }

    /// Writes down that a folder was compared, and what is not skipped any more. Its reader may have gone on meanwhile.
    async fn compared(
        &self,
        mailbox: &Mailbox,
        name: &str,
        settled: Vec<u32>,
        skipped: Vec<Skipped>,
    ) -> Result<(), ImapFault> {
        let (tenant, id, name, now) = (mailbox.tenant, mailbox.id, name.to_owned(), self.core.clock.now());
        self.core
            .store
            .write(tenant, move |tx| {
                let Some(mut folder) = mailbox_folders::get(tx, tenant, id, &name)? else { return Ok(()) };
                folder.skipped.retain(|skipped| !settled.contains(&skipped.uid));
                super::take::add_skipped(&mut folder, skipped.clone());
                mailbox_folders::put(tx, tenant, &Folder { checked_at: Some(now), ..folder })
            })
            .await
            .map_err(|error| super::take::not_now(&error))
    }
}

fn unreachable_now(fault: &ImapFault) -> Error {
    Error::conflict("mailbox_unreachable", fault.to_string())
}

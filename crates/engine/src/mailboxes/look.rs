//! One look into the folders of a mailbox: what is new in each, taken in.

use std::sync::Arc;

use net::imap::{Imap, ImapFault, Selected};
use store::mailbox_folders::{self, Folder};
use store::mailboxes::Mailbox;

use super::settings::{ExistingMail, MailboxSettings};
use super::take::{self, Taking};
use crate::core::Core;

/// What is remembered from one connection to the next about mails that broke it.
#[derive(Debug, Default)]
pub(super) struct Care {
    /// Fetch one by one: something in a larger portion broke the connection.
    pub one_by_one: bool,
    /// The mail that is being fetched, and how often the connection broke over it.
    pub suspect: Option<(String, u32, u32)>,
}

/// Looks into every folder; the first one is open afterwards. Gives what is wrong with single folders, in words.
pub(super) async fn into_all(
    core: &Arc<Core>,
    mailbox: &Mailbox,
    settings: &MailboxSettings,
    imap: &mut Imap,
    care: &mut Care,
) -> Result<Vec<String>, ImapFault> {
    let mut troubles = Vec::new();
    for folder in settings.folders.iter().rev() {
        match into(core, mailbox, settings, imap, care, folder).await {
            Ok(trouble) => troubles.extend(trouble),
            // One folder that cannot be opened does not keep the others from being read.
            Err(fault) if fault.leaves_connection() => troubles.push(format!("folder {folder}: {fault}")),
            Err(fault) => return Err(fault),
        }
    }
    care.one_by_one = false;
    Ok(troubles)
}

async fn into(
    core: &Arc<Core>,
    mailbox: &Mailbox,
    settings: &MailboxSettings,
    imap: &mut Imap,
    care: &mut Care,
    name: &str,
) -> Result<Option<String>, ImapFault> {
    let selected = imap.select(name).await?;
    let (tenant, id, wanted) = (mailbox.tenant, mailbox.id, name.to_owned());
    let known = core
        .store
        .read(move |tx| mailbox_folders::get(tx, tenant, id, &wanted))
        .await
        .map_err(|error| take::not_now(&error))?;
    let mut taking = Taking::new(core, mailbox, settings, imap, care);
    match known {
        Some(folder) if folder.uid_validity == selected.uid_validity => {
            if selected.uid_next.is_some_and(|next| i64::from(next) <= folder.next_uid) {
                return Ok(None);
            }
            let Ok(first) = u32::try_from(folder.next_uid) else { return Ok(None) };
            let uids = taking.imap.uids_from(first).await?;
            taking.all(folder, &uids).await
        }
        Some(folder) => {
            tracing::warn!(mailbox = %id, folder = name, "The server has numbered the mails of a folder anew; reading it again.");
            renumbered(mailbox, settings, &mut taking, folder, selected).await
        }
        None => first_look(mailbox, settings, &mut taking, name, selected).await,
    }
}

/// A folder that was never read: what is in it already is taken in as the settings say, and all that comes from now on.
async fn first_look(
    mailbox: &Mailbox,
    settings: &MailboxSettings,
    taking: &mut Taking<'_>,
    name: &str,
    selected: Selected,
) -> Result<Option<String>, ImapFault> {
    let mut folder = Folder {
        mailbox: mailbox.id,
        folder: name.to_owned(),
        uid_validity: selected.uid_validity,
        first_uid: 1,
        next_uid: 1,
        skipped: Vec::new(),
        checked_at: None,
    };
    if settings.existing_mail == ExistingMail::All {
        let uids = taking.imap.uids_from(1).await?;
        return taking.all(folder, &uids).await;
    }
    // Asked for first: what arrives while the rest is taken in is new.
    folder.next_uid = beyond(taking.imap, selected).await?;
    folder.first_uid = folder.next_uid;
    let mut uids = match settings.existing_mail {
        ExistingMail::Unseen => taking.imap.search("UNSEEN").await?,
        ExistingMail::All | ExistingMail::None => Vec::new(),
    };
    uids.retain(|uid| i64::from(*uid) < folder.next_uid);
    taking.old(folder, &uids).await
}

/// The UIDs mean other mails now. Everything that may have come since the mailbox was added is looked at again; what came
/// before is known by its content.
async fn renumbered(
    mailbox: &Mailbox,
    settings: &MailboxSettings,
    taking: &mut Taking<'_>,
    was: Folder,
    selected: Selected,
) -> Result<Option<String>, ImapFault> {
    let next_uid = beyond(taking.imap, selected).await?;
    let mut uids = if settings.existing_mail == ExistingMail::All {
        taking.imap.uids_from(1).await?
    } else {
        let mut found = taking.imap.search(&since(mailbox)).await?;
        found.extend(taking.imap.search("UNSEEN").await?);
        found.sort_unstable();
        found.dedup();
        found
    };
    uids.retain(|uid| i64::from(*uid) < next_uid);
    let first_uid = if settings.existing_mail == ExistingMail::All { 1 } else { next_uid };
    let folder = Folder {
        uid_validity: selected.uid_validity,
        first_uid: uids.first().map_or(first_uid, |first| i64::from(*first)).min(first_uid),
        next_uid,
        skipped: Vec::new(),
        ..was
    };
    taking.old(folder, &uids).await
}

/// The first UID that no mail has yet.
async fn beyond(imap: &mut Imap, selected: Selected) -> Result<i64, ImapFault> {
    match selected.uid_next {
        Some(next) => Ok(i64::from(next)),
        None => Ok(imap.uids_from(1).await?.last().map_or(1, |last| i64::from(*last) + 1)),
    }
}

/// What may have come since the mailbox was added; the servers' days begin at different hours.
fn since(mailbox: &Mailbox) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let day = mailbox.created_at.minus(std::time::Duration::from_hours(48)).to_string();
    let mut parts = day.split(['-', 'T']);
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let month = month.and_then(|month| month.parse::<usize>().ok()).unwrap_or(1);
    let month = MONTHS.get(month.saturating_sub(1)).copied().unwrap_or("Jan");
    format!("SINCE {}-{month}-{}", day.unwrap_or("1"), year.unwrap_or("1970"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_written_as_imap_does() {
        let at: domain::clock::Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let mailbox = Mailbox {
            tenant: domain::ids::TenantId(1),
            id: "mbx_00000000000000000000000000".parse().unwrap(),
            name: String::new(),
            account: None,
            enabled: true,
            settings: serde_json::Value::Null,
            secrets: Vec::new(),
            secrets_set: Vec::new(),
            health: store::accounts::Health::Ok,
            last_error: None,
            last_error_at: None,
            last_seen_at: None,
            last_mail_at: None,
            created_at: at,
            updated_at: at,
        };
        assert_eq!(since(&mailbox), "SINCE 18-Nov-2026");
    }
}

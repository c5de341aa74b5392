//! A mailbox as people and programs see it: never with a secret.

use domain::access::{Permission, Principal};
use domain::clock::Timestamp;
use domain::ids::{AccountId, MailboxId, TenantId};
use schemars::JsonSchema;
use serde::Serialize;
use store::accounts::Health;
use store::mailbox_folders::{self, Folder, Skipped};
use store::mailboxes::{self, Mailbox};
use store::{Tx, accounts};

use super::settings::MailboxSettings;
use crate::{Engine, Error};

/// One mailbox.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ImapMailbox")]
pub struct MailboxView {
    pub id: MailboxId,
    pub name: String,
    /// The account whose conversations these are.
    pub account_id: Option<AccountId>,
    pub enabled: bool,
    pub settings: MailboxSettings,
    /// The names of the secrets that are set.
    pub secrets_set: Vec<String>,
    pub health: MailboxHealthView,
    /// Those that were looked into.
    pub folders: Vec<FolderView>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// How a mailbox does.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "MailboxHealth")]
pub struct MailboxHealthView {
    /// `failing` is tried again by itself; `stopped` waits for a person.
    pub state: Health,
    /// What is wrong, in words.
    pub last_error: Option<String>,
    pub last_error_at: Option<Timestamp>,
    /// When it was last looked into.
    pub last_seen_at: Option<Timestamp>,
    pub last_mail_at: Option<Timestamp>,
}

/// How far a folder was read.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "MailboxFolder")]
pub struct FolderView {
    pub folder: String,
    pub uid_validity: u32,
    /// Mails before it are in the journal, or skipped.
    pub next_uid: i64,
    pub skipped: Vec<Skipped>,
    /// When it was last compared with the journal.
    pub checked_at: Option<Timestamp>,
}

impl Engine {
    /// All mailboxes of the tenant.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn mailboxes(&self, principal: &Principal) -> Result<Vec<MailboxView>, Error> {
        principal.require(Permission::ChannelsRead)?;
        let tenant = principal.tenant;
        let (rows, folders) = self
            .core
            .store
            .read(move |tx| {
                Ok::<_, Error>((mailboxes::list(tx, tenant)?, mailbox_folders::of_tenant(tx, tenant)?))
            })
            .await?;
        Ok(rows.into_iter().map(|row| view(row, &folders)).collect())
    }

    /// One mailbox.
    ///
    /// # Errors
    /// [`Error::NotFound`]; as [`Engine::mailboxes`].
    pub async fn mailbox(&self, principal: &Principal, id: MailboxId) -> Result<MailboxView, Error> {
        let all = self.mailboxes(principal).await?;
        all.into_iter().find(|mailbox| mailbox.id == id).ok_or(Error::NotFound("mailbox"))
    }
}

fn view(row: Mailbox, folders: &[Folder]) -> MailboxView {
    let settings = settings_of(&row);
    let read = folders.iter().filter(|folder| folder.mailbox == row.id);
    MailboxView {
        id: row.id,
        name: row.name,
        account_id: row.account,
        enabled: row.enabled,
        folders: read
            .filter(|folder| settings.folders.contains(&folder.folder))
            .map(|folder| FolderView {
                folder: folder.folder.clone(),
                uid_validity: folder.uid_validity,
                next_uid: folder.next_uid,
                skipped: folder.skipped.clone(),
                checked_at: folder.checked_at,
            })
            .collect(),
        settings,
        secrets_set: row.secrets_set,
        health: MailboxHealthView {
            state: row.health,
            last_error: row.last_error,
            last_error_at: row.last_error_at,
            last_seen_at: row.last_seen_at,
            last_mail_at: row.last_mail_at,
        },
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// # Panics
/// Never: only settings that were read are stored.
pub(super) fn settings_of(row: &Mailbox) -> MailboxSettings {
    serde_json::from_value(row.settings.clone()).expect("stored settings were written by us")
}

/// Whether answers to an address arrive in a mailbox that is read here, also with something after a plus.
pub(crate) fn takes_replies_for(tx: &mut Tx<'_>, tenant: TenantId, address_key: &str) -> Result<bool, Error> {
    for mailbox in mailboxes::list(tx, tenant)? {
        let Some(account) = mailbox.account.filter(|_| mailbox.enabled) else { continue };
        if !settings_of(&mailbox).plus_addressing {
            continue;
        }
        let Some(account) = accounts::get(tx, tenant, account)? else { continue };
        let sender = account.sender_address.as_deref().unwrap_or_default();
        if sender.parse::<domain::address::EmailAddress>().is_ok_and(|sender| sender.key() == address_key) {
            return Ok(true);
        }
    }
    Ok(false)
}

//! Adding, changing and removing mailboxes.

use std::sync::Arc;
use std::time::Duration;

use domain::access::{Permission, Principal};
use domain::event::FeedType;
use domain::ids::{AccountId, MailboxId, TenantId};
use domain::invalid::Invalid;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::accounts::{self, Health};
use store::feed::{self, Facts};
use store::mailbox_folders;
use store::mailboxes::{self, Mailbox};

use super::credentials;
use super::settings::{self, Written};
use super::view::MailboxView;
use crate::core::Core;
use crate::{Engine, Error, audit};

/// What a new mailbox is made of.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMailbox {
    /// What people call it.
    pub name: String,
    /// The account whose conversations these are. Answers to its address then count as coming in here.
    #[serde(default)]
    pub account_id: Option<AccountId>,
    #[serde(default)]
    pub enabled: Option<bool>,
    /// How the mailbox is reached and what is done with its mail, secrets among it.
    #[schemars(with = "Written")]
    pub settings: Map<String, Value>,
}

/// What changes of a mailbox; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailboxChange {
    #[serde(default)]
    pub name: Option<String>,
    /// `null` takes the account away.
    #[serde(default, deserialize_with = "crate::patch::present")]
    #[schemars(with = "Option<AccountId>")]
    pub account_id: Option<Option<AccountId>>,
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Settings to change. A secret that is absent or empty stays as it is; `null` removes.
    #[serde(default)]
    #[schemars(with = "Option<Written>")]
    pub settings: Option<Map<String, Value>>,
}

impl Engine {
    /// Adds a mailbox, which is read from then on.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the setting that is wrong.
    pub async fn add_mailbox(&self, principal: &Principal, new: NewMailbox) -> Result<MailboxView, Error> {
        principal.require(Permission::ChannelsWrite)?;
        let core = &self.core;
        let (settings, secrets) = settings::read(new.settings)?;
        let (tenant, id, now): (TenantId, MailboxId, _) =
            (principal.tenant, core.ids.next(), core.clock.now());
        let mailbox = Mailbox {
            tenant,
            id,
            name: checked_name(&new.name)?,
            account: new.account_id,
            enabled: new.enabled.unwrap_or(true),
            settings: json!(settings),
            secrets_set: secrets.keys().cloned().collect(),
            secrets: credentials::seal(core, tenant, id, secrets),
            health: Health::Unchecked,
            last_error: None,
            last_error_at: None,
            last_seen_at: None,
            last_mail_at: None,
            created_at: now,
            updated_at: now,
        };
        let actor = principal.actor.clone();
        core.store
            .write(tenant, move |tx| {
                check_account(tx, tenant, mailbox.account)?;
                mailboxes::insert(tx, &mailbox)?;
                let detail = json!({ "name": mailbox.name });
                audit::record(tx, tenant, &actor, "mailbox.created", &id.to_string(), &detail, now)?;
                tell(tx, &mailbox)
            })
            .await?;
        self.changed(tenant, new.account_id).await;
        self.mailbox(&Principal::system(tenant), id).await
    }

    /// Changes a mailbox; a stopped one is tried again.
    ///
    /// # Errors
    /// As [`Engine::add_mailbox`]; [`Error::NotFound`]; `conflict` when somebody else was faster.
    pub async fn change_mailbox(
        &self,
        principal: &Principal,
        id: MailboxId,
        change: MailboxChange,
    ) -> Result<MailboxView, Error> {
        principal.require(Permission::ChannelsWrite)?;
        let core = &self.core;
        let (tenant, now) = (principal.tenant, core.clock.now());
        let found = core.store.read(move |tx| mailboxes::get(tx, tenant, id)).await?;
        let was = found.ok_or(Error::NotFound("mailbox"))?;
        let (is, changed) = self.laid_over(&was, change)?;
        let (accounts, actor) = ([was.account, is.account], principal.actor.clone());
        core.store
            .write(tenant, move |tx| {
                let current = mailboxes::get(tx, tenant, id)?.ok_or(Error::NotFound("mailbox"))?;
                // A fresh token may have been put into the secrets meanwhile.
                if current.updated_at != was.updated_at || current.secrets != was.secrets {
                    let detail = "somebody else changed this mailbox at the same time; look at it again";
                    return Err(Error::conflict("conflict", detail));
                }
                check_account(tx, tenant, is.account)?;
                mailboxes::update(tx, &is)?;
                let detail = json!({ "changed": changed });
                audit::record(tx, tenant, &actor, "mailbox.changed", &id.to_string(), &detail, now)?;
                tell(tx, &is)
            })
            .await?;
        for account in accounts {
            self.changed(tenant, account).await;
        }
        self.mailbox(&Principal::system(tenant), id).await
    }

    fn laid_over(&self, was: &Mailbox, change: MailboxChange) -> Result<(Mailbox, Vec<String>), Error> {
        let core = &self.core;
        let mut is = was.clone();
        let mut changed = Vec::new();
        if let Some(changes) = change.settings {
            changed.extend(changes.keys().map(|name| format!("settings.{name}")));
            let mut all = match was.settings.clone() {
                Value::Object(all) => all,
                _ => Map::new(),
            };
            all.extend(credentials::open(core, was)?);
            let (settings, secrets) = settings::read(settings::merge(all, changes))?;
            is.settings = json!(settings);
            is.secrets_set = secrets.keys().cloned().collect();
            is.secrets = credentials::seal(core, was.tenant, was.id, secrets);
        }
        if let Some(name) = change.name {
            is.name = checked_name(&name)?;
            changed.push("name".to_owned());
        }
        if let Some(account) = change.account_id {
            is.account = account;
            changed.push("account_id".to_owned());
        }
        if let Some(enabled) = change.enabled {
            is.enabled = enabled;
            changed.push("enabled".to_owned());
        }
        if is.health == Health::Stopped {
            is.health = Health::Unchecked;
        }
        // Always later than before, also when the clock stands still: a change is known by it.
        is.updated_at = core.clock.now().max(was.updated_at.plus(Duration::from_micros(1)));
        Ok((is, changed))
    }

    /// Takes a mailbox out of use. What came from it stays; the mailbox itself is not touched.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn remove_mailbox(&self, principal: &Principal, id: MailboxId) -> Result<(), Error> {
        principal.require(Permission::ChannelsWrite)?;
        let core = &self.core;
        let (tenant, now, actor) = (principal.tenant, core.clock.now(), principal.actor.clone());
        let account = core
            .store
            .write(tenant, move |tx| {
                let row = mailboxes::get(tx, tenant, id)?.ok_or(Error::NotFound("mailbox"))?;
                mailboxes::delete(tx, tenant, id, now)?;
                mailbox_folders::forget(tx, tenant, id)?;
                let detail = json!({ "name": row.name });
                audit::record(tx, tenant, &actor, "mailbox.deleted", &id.to_string(), &detail, now)?;
                tell(tx, &row)?;
                Ok::<_, Error>(row.account)
            })
            .await?;
        self.changed(tenant, account).await;
        Ok(())
    }

    /// Lets readers see the change, and the account learn whether answers to it come in here.
    async fn changed(&self, tenant: TenantId, account: Option<AccountId>) {
        let core: &Arc<Core> = &self.core;
        core.mailboxes.look_again();
        if let Some(account) = account {
            crate::accounts::reload(core, tenant, account).await;
        }
        core.feed.wake();
    }
}

pub(super) fn tell(tx: &mut store::Tx<'_>, mailbox: &Mailbox) -> Result<(), Error> {
    let facts = Facts {
        mailbox_id: Some(mailbox.id.to_string()),
        state: Some(mailbox.health.to_string()),
        ..Facts::default()
    };
    feed::append(tx, mailbox.tenant, FeedType::MailboxUpdated, mailbox.updated_at, &facts)?;
    Ok(())
}

fn check_account(tx: &mut store::Tx<'_>, tenant: TenantId, account: Option<AccountId>) -> Result<(), Error> {
    match account {
        Some(account) if accounts::get(tx, tenant, account)?.is_none() => {
            Err(Invalid::at("/account_id", "there is no account with this id").into())
        }
        _ => Ok(()),
    }
}

fn checked_name(name: &str) -> Result<String, Invalid> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
        return Err(Invalid::at("/name", "expected a name of 1 to 80 characters"));
    }
    Ok(name.to_owned())
}

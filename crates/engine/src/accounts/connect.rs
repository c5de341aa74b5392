//! From a stored account to a sender that runs.

use std::sync::Arc;

use domain::ids::{AccountId, TenantId};
use domain::invalid::Invalid;
use providers::Provider;
use serde_json::Value;
use store::accounts::{self, Account};

use crate::Error;
use crate::core::Core;
use crate::send::{Link, Sender};

/// Connects every account of every tenant and lets them send.
pub(crate) async fn connect_all(core: &Arc<Core>) -> Result<(), Error> {
    let all = core.store.read(accounts::every).await?;
    for account in all {
        connect(core, account).await?;
    }
    Ok(())
}

/// Takes the present settings of an account into use, or takes it out of use when it is gone.
pub(crate) async fn reload(core: &Arc<Core>, tenant: TenantId, id: AccountId) {
    let found = core.store.read(move |tx| accounts::get(tx, tenant, id)).await;
    let done = match found {
        Ok(Some(account)) => connect(core, account).await,
        Ok(None) => {
            if let Some(sender) = core.senders.remove(tenant, id) {
                sender.wake();
            }
            Ok(())
        }
        Err(error) => Err(error.into()),
    };
    if let Err(error) = done {
        tracing::error!(account = %id, %error, "Changed settings of an account could not be taken into use.");
    }
}

async fn connect(core: &Arc<Core>, account: Account) -> Result<(), Error> {
    let provider = provider_of(core, &account).map_err(|invalid| invalid.to_string());
    if let Err(detail) = &provider {
        tracing::error!(account = %account.id, detail, "An account cannot be connected with its settings.");
    }
    let takes_replies = match &account.sender_address {
        Some(address) => super::covers(core, account.tenant, address).await?,
        None => false,
    };
    let now = core.clock.now();
    let link = Link::new(account, provider, takes_replies);
    if let Some(sender) = core.senders.get(link.account.tenant, link.account.id) {
        sender.relink(link, now);
        return Ok(());
    }
    let sender = Sender::new(link, now);
    core.senders.insert(Arc::clone(&sender));
    if core.options.dispatch {
        let sending = Arc::clone(core);
        core.tasks.spawn(async move { sender.run(sending).await });
    }
    Ok(())
}

/// The provider of an account, with its secrets opened.
pub(crate) fn provider_of(core: &Core, account: &Account) -> Result<Arc<dyn Provider>, Invalid> {
    let settings = surroundings_settings(core, account)?;
    providers::connect(&account.provider, settings, &core.surroundings)
}

/// All settings of an account, secrets among them.
pub(crate) fn surroundings_settings(core: &Core, account: &Account) -> Result<Value, Invalid> {
    let sealed = |_| Invalid::at("", "the stored credentials cannot be opened with this master key");
    let opened =
        core.vault.open(&seal_context(account.tenant, account.id), &account.secrets).map_err(sealed)?;
    let secrets: Value =
        serde_json::from_slice(&opened).unwrap_or_else(|_| Value::Object(serde_json::Map::new()));
    let mut settings = account.settings.clone();
    if let (Some(settings), Value::Object(secrets)) = (settings.as_object_mut(), secrets) {
        settings.extend(secrets);
    }
    Ok(settings)
}

/// What the seal of an account's credentials is bound to, so that they cannot be moved to another account.
pub(super) fn seal_context(tenant: TenantId, account: AccountId) -> String {
    format!("channel-account:{}:{account}", tenant.0)
}

//! From a stored account to a sender that runs.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::Timestamp;
use domain::ids::{AccountId, TenantId};
use domain::invalid::Invalid;
use providers::Provider;
use serde_json::Value;
use store::accounts::{self, Account};
use store::deliveries::{self, Lane};

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

/// How often changes by other processes are looked for: the command line, other members of a cluster.
const LOOK_ROUND: Duration = Duration::from_secs(2);

/// Takes into use what other processes changed, until the engine stops.
pub(crate) async fn follow_changes(core: &Arc<Core>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_ROUND) => {}
            () = core.stopping.cancelled() => return,
        }
        if let Err(error) = look_round(core).await {
            tracing::warn!(%error, "Changes of other processes could not be looked for.");
        }
    }
}

async fn look_round(core: &Arc<Core>) -> Result<(), Error> {
    let today = core.clock.now();
    let (all, due, sent) = core
        .store
        .read(move |tx| {
            let all = accounts::every(tx)?;
            let (mut due, mut sent) = (Vec::new(), Vec::new());
            for account in &all {
                if account.daily_limit.is_some() {
                    let name = crate::send::sent_counter(account.id, today);
                    let count = store::counters::with_prefix(tx, account.tenant, &name)?;
                    let count = count.first().map_or(0, |(_, count)| u64::try_from(*count).unwrap_or(0));
                    sent.push((account.tenant, account.id, count));
                }
                for lane in [Lane::Prompt, Lane::Bulk] {
                    if let Some(at) = deliveries::next_due(tx, account.tenant, account.id, lane)? {
                        due.push((account.tenant, account.id, lane, at));
                    }
                }
            }
            Ok::<_, store::Error>((all, due, sent))
        })
        .await?;
    let gone: Vec<Arc<Sender>> = core
        .senders
        .all()
        .into_iter()
        .filter(|sender| {
            !all.iter().any(|account| account.tenant == sender.tenant && account.id == sender.id)
        })
        .collect();
    for sender in gone {
        core.senders.remove(sender.tenant, sender.id);
        sender.wake();
    }
    for account in all {
        match core.senders.get(account.tenant, account.id) {
            Some(sender) if sender.link().account.updated_at == account.updated_at => {
                if sender.health() != account.health {
                    sender.set_health(account.health);
                }
            }
            _ => connect(core, account).await?,
        }
    }
    let now = core.clock.now();
    for (tenant, id, sent) in sent {
        if let Some(sender) = core.senders.get(tenant, id) {
            sender.note_sent_today(sent, now);
        }
    }
    for (tenant, id, lane, at) in due {
        if let Some(sender) = core.senders.get(tenant, id) {
            sender.note_due(lane, at, now);
        }
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
    // Nobody asks how much it was where there is no limit.
    let sent_today = if account.daily_limit.is_some() { sent_today(core, &account, now).await? } else { 0 };
    let link = Link::new(account, provider, takes_replies);
    if let Some(sender) = core.senders.get(link.account.tenant, link.account.id) {
        sender.note_sent_today(sent_today, now);
        sender.relink(link, now);
        return Ok(());
    }
    let sender = Sender::new(link, core.options.dispatch, sent_today, now);
    core.senders.insert(Arc::clone(&sender));
    if core.options.dispatch {
        let sending = Arc::clone(core);
        core.tasks.spawn(async move { sender.run(sending).await });
    }
    Ok(())
}

/// What all processes together have sent through an account on this day (UTC); written down once a second.
async fn sent_today(core: &Core, account: &Account, now: Timestamp) -> Result<u64, Error> {
    let tenant = account.tenant;
    let name = crate::send::sent_counter(account.id, now);
    let found = core.store.read(move |tx| store::counters::with_prefix(tx, tenant, &name)).await?;
    Ok(found.iter().map(|(_, count)| u64::try_from(*count).unwrap_or(0)).sum())
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

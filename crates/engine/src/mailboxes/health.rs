//! How a mailbox does, written down and told when it changes: in the feed, and to owners and admins when it needs a person.

use std::sync::Arc;

use domain::access::{Actor, Role};
use domain::ids::{MailboxId, TenantId};
use domain::notification::NotificationKind;
use domain::page::PageRequest;
use store::accounts::Health;
use store::mailboxes::{self, Mailbox};
use store::{Tx, users};

use super::change;
use crate::Error;
use crate::core::Core;
use crate::inbox::{News, notify};

/// Whether people are told by a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alarm {
    No,
    Raised,
}

/// Writes down how a mailbox does. Faults of the store are logged: the reader goes on.
pub(super) async fn note(
    core: &Arc<Core>,
    tenant: TenantId,
    id: MailboxId,
    health: Health,
    error: Option<String>,
    alarm: Alarm,
) {
    let writing = Arc::clone(core);
    let written = core
        .store
        .write(tenant, move |tx| write(tx, &writing, (tenant, id), health, error.as_deref(), alarm));
    match written.await {
        Ok(true) => core.feed.wake(),
        Ok(false) => {}
        Err(error) => {
            tracing::warn!(mailbox = %id, %error, "The health of a mailbox could not be written down.");
        }
    }
}

/// Gives whether there is anything to tell.
fn write(
    tx: &mut Tx<'_>,
    core: &Core,
    (tenant, id): (TenantId, MailboxId),
    health: Health,
    error: Option<&str>,
    alarm: Alarm,
) -> Result<bool, Error> {
    let Some(row) = mailboxes::get(tx, tenant, id)? else { return Ok(false) };
    let now = core.clock.now();
    let was = row.health;
    if was != health || row.last_error.as_deref() != error {
        mailboxes::set_health(tx, tenant, id, health, error, now)?;
    }
    if alarm == Alarm::Raised {
        tell_people(tx, core, &row, health, error.unwrap_or_default())?;
    }
    if was != health || alarm == Alarm::Raised {
        change::tell(tx, &Mailbox { health, updated_at: now, ..row })?;
        return Ok(true);
    }
    Ok(false)
}

fn tell_people(
    tx: &mut Tx<'_>,
    core: &Core,
    mailbox: &Mailbox,
    health: Health,
    error: &str,
) -> Result<(), Error> {
    let what = if health == Health::Stopped { "stopped" } else { "cannot be read" };
    let sentence = format!("The mailbox \"{}\" {what}: {}.", mailbox.name, error.trim_end_matches('.'));
    let news = News {
        kind: NotificationKind::Mailbox,
        conversation: None,
        subject: Some(mailbox.id.to_string()),
        actor: &Actor::system(),
        sentence: &sentence,
    };
    let everybody = users::list(tx, mailbox.tenant, &PageRequest { limit: 1_000, after: None })?;
    for member in everybody.rows {
        if matches!(member.role, Role::Owner | Role::Admin) && member.disabled_at.is_none() {
            notify(tx, &core.ids, mailbox.tenant, member.id, &news, core.clock.now())?;
        }
    }
    Ok(())
}

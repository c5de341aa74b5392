//! Which mailboxes this process reads: one task each, begun and ended as their settings change, by whichever process.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::clock::Timestamp;
use domain::ids::{MailboxId, TenantId};
use parking_lot::Mutex;
use store::accounts::Health;
use store::mailboxes::{self, Mailbox};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::credentials::Token;
use super::reader;
use crate::Error;
use crate::core::Core;

/// The mailboxes of this process.
#[derive(Debug, Default)]
pub(crate) struct Readers {
    seats: Mutex<HashMap<(TenantId, MailboxId), Arc<Seat>>>,
    changed: Notify,
}

/// The place from which one mailbox is read.
#[derive(Debug, Default)]
pub(super) struct Seat {
    /// Held by the one who reads.
    pub turn: tokio::sync::Mutex<()>,
    pub token: tokio::sync::Mutex<Option<Token>>,
    running: Mutex<Option<Running>>,
}

/// A reader that was begun.
#[derive(Debug, Clone)]
struct Running {
    /// Of the settings that it reads with.
    updated_at: Timestamp,
    cancel: CancellationToken,
    ended: Arc<AtomicBool>,
}

impl Readers {
    pub(super) fn seat(&self, tenant: TenantId, id: MailboxId) -> Arc<Seat> {
        Arc::clone(self.seats.lock().entry((tenant, id)).or_default())
    }

    /// Something about mailboxes changed.
    pub(super) fn look_again(&self) {
        self.changed.notify_one();
    }
}

/// How often changes by other processes are looked for: the command line, other members of a cluster.
pub(super) const LOOK_ROUND: Duration = Duration::from_secs(2);

/// Begins and ends readers as mailboxes change, until the engine stops.
pub(crate) async fn follow_changes(core: &Arc<Core>) {
    loop {
        if let Err(error) = look_round(core).await {
            tracing::warn!(%error, "Changes of mailboxes could not be looked for.");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_ROUND) => {}
            () = core.mailboxes.changed.notified() => {}
            () = core.stopping.cancelled() => return,
        }
    }
}

async fn look_round(core: &Arc<Core>) -> Result<(), Error> {
    let all = core.store.read(mailboxes::every).await?;
    core.mailboxes.seats.lock().retain(|key, seat| {
        let stays = all.iter().any(|mailbox| (mailbox.tenant, mailbox.id) == *key);
        if !stays {
            seat.stop();
        }
        stays
    });
    for mailbox in all {
        let seat = core.mailboxes.seat(mailbox.tenant, mailbox.id);
        if seat.take_up(core, &mailbox)
            && let Some(account) = mailbox.account
        {
            // Whether answers to the account come in here may have changed with the mailbox.
            crate::accounts::reload(core, mailbox.tenant, account).await;
        }
    }
    Ok(())
}

impl Seat {
    fn stop(&self) {
        if let Some(running) = self.running.lock().take() {
            running.cancel.cancel();
        }
    }

    /// Begins, ends or replaces the reader; gives whether the mailbox was changed since it was last looked at.
    fn take_up(self: &Arc<Seat>, core: &Arc<Core>, mailbox: &Mailbox) -> bool {
        let wanted = mailbox.enabled && mailbox.health != Health::Stopped;
        let mut running = self.running.lock();
        let unchanged = running.as_ref().is_some_and(|running| running.updated_at == mailbox.updated_at);
        let ended = running.as_ref().is_none_or(|running| running.ended.load(Ordering::SeqCst));
        if unchanged && (!wanted || !ended) {
            return false;
        }
        if let Some(running) = running.take() {
            running.cancel.cancel();
        }
        let begun = Running {
            updated_at: mailbox.updated_at,
            cancel: CancellationToken::new(),
            ended: Arc::new(AtomicBool::new(!wanted)),
        };
        *running = Some(begun.clone());
        drop(running);
        if wanted {
            let (seat, working, mailbox) = (Arc::clone(self), Arc::clone(core), mailbox.clone());
            core.tasks.spawn(async move {
                tokio::select! {
                    () = reader::run(&working, &seat, mailbox) => {}
                    () = begun.cancel.cancelled() => {}
                    () = working.stopping.cancelled() => {}
                }
                begun.ended.store(true, Ordering::SeqCst);
            });
        }
        !unchanged
    }
}

//! Reads one mailbox: connects, looks into its folders, waits for more, and when something is wrong says what and tries
//! again, more and more seldom. Stops for good only where a person is needed.

use std::sync::Arc;
use std::time::Duration;

use domain::backoff::Backoff;
use domain::clock::Timestamp;
use net::imap::{Imap, ImapFault};
use store::accounts::Health;
use store::mailboxes::{self, Mailbox};

use super::health::{self, Alarm};
use super::look::{self, Care};
use super::readers::{LOOK_ROUND, Seat};
use super::settings::MailboxSettings;
use super::{credentials, view};
use crate::core::Core;

const BACKOFF: Backoff =
    Backoff { first: Duration::from_secs(5), ceiling: Duration::from_mins(10), attempts: u32::MAX };
/// After so many failures in a row, which is more than half an hour, people are told.
const ALARMING: u32 = 9;
/// Servers end a waiting that is older than 30 minutes (RFC 2177).
const LONGEST_IDLE: Duration = Duration::from_mins(28);

/// Reads until a person is needed.
pub(super) async fn run(core: &Arc<Core>, seat: &Seat, mailbox: Mailbox) {
    // Whoever read with the settings of before comes to its end first.
    let _turn = seat.turn.lock().await;
    become_the_reader(core, &mailbox).await;
    let settings = view::settings_of(&mailbox);
    let (tenant, id) = (mailbox.tenant, mailbox.id);
    let mut care = Care::default();
    let mut failures = 0;
    loop {
        let fault = read(core, seat, &mailbox, &settings, &mut care, &mut failures).await;
        if !fault.is_temporary() {
            tracing::error!(mailbox = %id, reason = %fault, "A mailbox stopped; it waits for a person.");
            health::note(core, tenant, id, Health::Stopped, Some(fault.to_string()), Alarm::Raised).await;
            return;
        }
        failures += 1;
        let wait = BACKOFF.wait_after(failures, &core.chance).unwrap_or(BACKOFF.ceiling);
        let until = core.clock.now().plus(wait);
        let words = in_words(&fault, failures, wait);
        tracing::warn!(mailbox = %id, failures, reason = %fault, "A mailbox cannot be read now.");
        let alarm = if failures == ALARMING { Alarm::Raised } else { Alarm::No };
        health::note(core, tenant, id, Health::Failing, Some(words), alarm).await;
        core.sleep_until(Some(until)).await;
    }
}

fn in_words(fault: &ImapFault, failures: u32, wait: Duration) -> String {
    let wait = if wait < Duration::from_secs(90) {
        format!("{} s", wait.as_secs().max(1))
    } else {
        format!("{} min", wait.as_secs().div_ceil(60))
    };
    let tries = if failures == 1 { "once".to_owned() } else { format!("{failures} times") };
    format!("{fault} (tried {tries}; the next try is in {wait})")
}

/// Waits until no other process reads the mailbox.
async fn become_the_reader(core: &Arc<Core>, mailbox: &Mailbox) {
    let (tenant, id, epoch) = (mailbox.tenant, mailbox.id, core.epoch);
    loop {
        match core.store.write(tenant, move |tx| mailboxes::claim(tx, tenant, id, epoch)).await {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(mailbox = %id, %error, "A mailbox could not be claimed; trying again.");
            }
        }
        tokio::time::sleep(LOOK_ROUND).await;
    }
}

/// Reads until something is wrong.
async fn read(
    core: &Arc<Core>,
    seat: &Seat,
    mailbox: &Mailbox,
    settings: &MailboxSettings,
    care: &mut Care,
    failures: &mut u32,
) -> ImapFault {
    let mut imap = match credentials::connect(core, seat, mailbox, settings, &mut Vec::new()).await {
        Ok(imap) => imap,
        Err(fault) => return fault,
    };
    loop {
        let troubles = match look::into_all(core, mailbox, settings, &mut imap, care).await {
            Ok(troubles) => troubles,
            Err(fault) => return fault,
        };
        *failures = 0;
        let looked_at = core.clock.now();
        well(core, mailbox, looked_at, troubles).await;
        if let Err(fault) = wait(core, settings, &mut imap, looked_at).await {
            return fault;
        }
    }
}

/// The mailbox can be read; what does not work in single folders is said nevertheless.
async fn well(core: &Arc<Core>, mailbox: &Mailbox, looked_at: Timestamp, troubles: Vec<String>) {
    let (tenant, id) = (mailbox.tenant, mailbox.id);
    if let Err(error) =
        core.store.write(tenant, move |tx| mailboxes::set_seen(tx, tenant, id, looked_at)).await
    {
        tracing::warn!(mailbox = %id, %error, "It could not be written down that a mailbox was looked into.");
    }
    let (health, error) =
        if troubles.is_empty() { (Health::Ok, None) } else { (Health::Failing, Some(troubles.join("; "))) };
    health::note(core, tenant, id, health, error, Alarm::No).await;
}

/// Waits for news of the first folder, or until it is time to look into all of them again.
async fn wait(
    core: &Arc<Core>,
    settings: &MailboxSettings,
    imap: &mut Imap,
    looked_at: Timestamp,
) -> Result<(), ImapFault> {
    let pause = Duration::from_secs(u64::from(settings.poll_seconds)).min(LONGEST_IDLE);
    let until = looked_at.plus(pause);
    let mut idles = imap.can_idle();
    if idles && let Err(fault) = imap.begin_idle().await {
        if !fault.leaves_connection() {
            return Err(fault);
        }
        // It says that it can and then does not: asking from time to time is good enough.
        idles = false;
    }
    if idles {
        tokio::select! {
            news = imap.news() => news?,
            () = core.sleep_until(Some(until)) => {}
        }
        return imap.end_idle().await;
    }
    core.sleep_until(Some(until)).await;
    Ok(())
}

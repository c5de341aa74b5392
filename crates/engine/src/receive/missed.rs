//! Events and mail that webhooks did not tell: providers that can be asked are asked every quarter of an hour for what
//! happened since, and what is news goes through the journal like a webhook.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::clock::Timestamp;
use domain::ids::{AccountId, MessageId, TenantId};
use domain::outgoing::DeliveryReport;
use providers::{Fact, Missed, MissedRequest, NotDone, StoredMail};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Tx, account_cursors, inquiries, journal};

use super::take_in::{self, NewEntry};
use super::webhook::{event_key, mail_key};
use crate::Error;
use crate::core::Core;
use crate::send::{Sender, is_news};

/// How the source of such an entry begins; the provider's name follows.
pub(super) const RECONCILER: &str = "reconciler:";

/// How often an account's provider is asked.
const ROUND: Duration = Duration::from_mins(15);
/// How often one is asked that has said that it cannot be.
const LONG_ROUND: Duration = Duration::from_hours(6);
/// The least part of the time before that is asked for again: events become findable in no fixed order.
const OVERLAP: Duration = Duration::from_mins(10);
/// The longest time that is asked for, after a long stop.
const LONGEST: Duration = Duration::from_hours(72);
/// How far back an account is asked about that was not followed before.
const BEFORE: Duration = Duration::from_hours(24);
/// Messages of which nothing final is known are asked about for so long.
const OPEN_FOR: Duration = Duration::from_hours(24);
/// A message that was taken a moment ago is left to its webhook.
const FRESH: Duration = Duration::from_mins(15);
/// The newest messages among which open ones are looked for.
const NEWEST: usize = 20_000;
/// The most messages that a provider is given to ask about.
const MOST_OPEN: usize = 100;
/// Facts in one entry of the journal.
const PER_ENTRY: usize = 500;

/// The body of an entry.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Heard {
    reports: Vec<DeliveryReport>,
    stored: Vec<StoredMail>,
}

/// The facts in an entry of the journal.
pub(super) fn facts(body: &[u8]) -> Result<Vec<Fact>, Error> {
    let heard: Heard =
        serde_json::from_slice(body).map_err(|error| Error::conflict("unreadable", error.to_string()))?;
    let mails = heard.stored.into_iter().map(Fact::Stored);
    Ok(heard.reports.into_iter().map(Fact::Report).chain(mails).collect())
}

/// Asks for every account whose turn it is, each in a task of its own; of several processes one asks.
pub(crate) async fn ask_for_missed(core: &Arc<Core>) -> Result<(), Error> {
    let can_be_asked = |sender: &Arc<Sender>| {
        let link = sender.link();
        let manifest = providers::find(&link.account.provider);
        link.account.enabled && manifest.is_some_and(|manifest| manifest.capabilities.missed_events)
    };
    for sender in core.senders.all().into_iter().filter(can_be_asked) {
        let (place, now) = ((sender.tenant, sender.id), core.clock.now());
        let created_at = sender.link().account.created_at;
        let (known_since, first) = (created_at.max(now.minus(BEFORE)), created_at.plus(ROUND).max(now));
        let since = core
            .store
            .write(sender.tenant, move |tx| {
                account_cursors::begin(tx, place, known_since, first)?;
                account_cursors::take(tx, place, now, now.plus(ROUND))
            })
            .await?;
        if let Some(since) = since {
            let asking = Arc::clone(core);
            core.tasks.spawn(async move { ask(&asking, &sender, since, now).await });
        }
    }
    Ok(())
}

async fn ask(core: &Arc<Core>, sender: &Sender, since: Timestamp, now: Timestamp) {
    let account = sender.id;
    match hear(core, sender, since, now).await {
        Ok(0) => {}
        Ok(news) => {
            tracing::info!(%account, news, "The provider was asked and told what its webhooks had not.");
        }
        Err(error) => {
            tracing::warn!(%account, %error, "The provider could not be asked for what its webhooks did not tell.");
        }
    }
}

/// Gives how many facts were news.
async fn hear(core: &Arc<Core>, sender: &Sender, since: Timestamp, now: Timestamp) -> Result<usize, Error> {
    let (place, link) = ((sender.tenant, sender.id), sender.link());
    let Ok(provider) = &link.provider else { return Ok(0) };
    let slowness = u64::from(provider.manifest().capabilities.look_up_after_seconds.unwrap_or(0));
    let overlap = OVERLAP.max(Duration::from_secs(slowness));
    let since = since.max(now.minus(LONGEST));
    let open = open(core, place, now).await?;
    let asked = MissedRequest { since: since.minus(overlap), until: now, open };
    let missed = match provider.missed(&asked).await {
        Ok(missed) => missed,
        Err(NotDone::Later(reason)) => return Err(Error::conflict("not_asked", reason)),
        Err(NotDone::Never(reason)) => {
            let next = now.plus(LONG_ROUND);
            core.store.write(place.0, move |tx| account_cursors::advance(tx, place, since, next)).await?;
            return Err(Error::conflict("not_asked", reason));
        }
    };
    // With more behind it, it goes on at once, from where the answer ends.
    let heard_until = missed.more.map_or(now, |until| until.max(since.plus(Duration::from_secs(1))));
    let next = if missed.more.is_some() { now } else { now.plus(ROUND) };
    let source = link.account.provider.clone();
    let news = core.store.read(move |tx| news(tx, place, &source, missed)).await?;
    let count = news.reports.len() + news.stored.len();
    journal(core, place, &link.account.provider, news).await?;
    // Only now: after a crash in between it is asked again, and what is in the journal is known there.
    core.store.write(place.0, move |tx| account_cursors::advance(tx, place, heard_until, next)).await?;
    if next == now {
        core.jobs.look_again();
    }
    Ok(count)
}

/// Messages of which nothing final is known, beginning with others each time.
async fn open(
    core: &Arc<Core>,
    place: (TenantId, AccountId),
    now: Timestamp,
) -> Result<Vec<(MessageId, String)>, Error> {
    let between = (MessageId::least_at(now.minus(OPEN_FOR)), MessageId::least_at(now.minus(FRESH)));
    let mut open = core.store.read(move |tx| inquiries::awaiting(tx, place, between, NEWEST)).await?;
    if !open.is_empty() {
        let turn = core.chance.below(open.len() as u64);
        open.rotate_left(usize::try_from(turn).unwrap_or(0));
    }
    open.truncate(MOST_OPEN);
    Ok(open)
}

/// What of it nobody has told: the rest came by webhook, is of an earlier round, or is about messages that are not ours.
fn news(
    tx: &mut Tx<'_>,
    (tenant, account): (TenantId, AccountId),
    source: &str,
    missed: Missed,
) -> Result<Heard, Error> {
    let mut heard = Heard::default();
    for report in missed.reports {
        if is_news(tx, tenant, source, &report)? {
            heard.reports.push(report);
        }
    }
    for stored in missed.stored {
        // Its mail is there, or its announcement, and the mail is being fetched.
        let keys = [mail_key(Some(account), &stored.dedupe_key), event_key(account, &stored.dedupe_key)];
        let mut is_known = false;
        for key in &keys {
            is_known |= journal::by_key(tx, tenant, key)?.is_some();
        }
        if !is_known {
            heard.stored.push(stored);
        }
    }
    Ok(heard)
}

async fn journal(
    core: &Arc<Core>,
    (tenant, account): (TenantId, AccountId),
    provider: &str,
    news: Heard,
) -> Result<(), Error> {
    let mut entries = Vec::new();
    for reports in news.reports.chunks(PER_ENTRY) {
        entries.push(Heard { reports: reports.to_vec(), stored: Vec::new() });
    }
    // Each by itself: one that cannot be fetched does not hold up the others.
    for stored in news.stored {
        entries.push(Heard { reports: Vec::new(), stored: vec![stored] });
    }
    for heard in entries {
        let body =
            serde_json::to_vec(&heard).map_err(|error| Error::conflict("unwritable", error.to_string()))?;
        let new = NewEntry {
            tenant,
            source: format!("{RECONCILER}{provider}"),
            account: Some(account),
            dedupe_key: format!("{RECONCILER}{account}:{}", net::signature::sha256_hex(&body)),
            context: json!({}),
            body: Bytes::from(body),
        };
        take_in::take_in(core, new).await?;
    }
    Ok(())
}

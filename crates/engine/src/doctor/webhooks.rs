//! Webhooks: can providers reach this server under its public address, when did they last, and do those that we send arrive.

use std::time::Duration;

use net::http::{Client, GuardPolicy, Request};
use store::journal::{self, Entry};
use store::webhooks_out;

use super::Patient;
use super::report::{Area, Check, Subject, in_words};
use crate::Error;
use crate::core::Core;

/// Below the public address, beside the addresses of the providers, so that it takes the same way.
pub const ECHO_PATH: &str = "/hooks/doctor";
const PATIENCE: Duration = Duration::from_secs(10);
/// Providers tell what became of a message within minutes.
const OVERDUE: Duration = Duration::from_secs(86_400);
const ENTRIES: u32 = 100;

pub(super) async fn look(patient: &Patient<'_>) -> Result<Vec<Check>, Error> {
    let mut checks = vec![reachable(patient).await];
    checks.extend(arrivals(patient).await?);
    checks.extend(outgoing(patient).await?);
    Ok(checks)
}

pub(super) fn echo(core: &Core, nonce: &str) -> String {
    net::signature::hex(&core.vault.mac("doctor", nonce.as_bytes()))
}

/// Asks ourselves through the public address for something that only we can answer.
async fn reachable(patient: &Patient<'_>) -> Check {
    let (area, name) = (Area::Webhooks, "reachable");
    let url = &patient.core.options.public_url;
    let nonce = net::signature::hex(&patient.core.chance.bytes::<16>());
    // The operator configured this address, and nothing of the answer is shown.
    let client = Client::new(GuardPolicy { allow_private: true, allow_loopback: true });
    let answer = client.send(Request::get(format!("{url}{ECHO_PATH}/{nonce}"), PATIENCE)).await;
    let is_needed = patient.accounts.iter().any(|account| account.enabled && gets_webhooks(account));
    let advice = "Providers post webhooks there. Set public_url to the address by which the world reaches this server, \
                  and let your proxy pass /hooks/ on to it.";
    match answer {
        Ok(answer) if answer.body.trim_ascii() == echo(patient.core, &nonce).as_bytes() => {
            let is_open = url.starts_with("https://");
            if is_open || !is_needed {
                return Check::ok(area, name, format!("{url} leads to this server"));
            }
            Check::warning(area, name, format!("{url} leads to this server, but without TLS"))
                .advising("Put a proxy with a certificate in front and set public_url to its https address.")
        }
        Ok(answer) => {
            let detail = format!("{url} is answered by something else (status {})", answer.status.as_u16());
            Check::problem(area, name, detail).advising(advice)
        }
        Err(error) if !is_needed => Check::skipped(area, name, format!("{url}: {error}"))
            .advising("No account needs webhooks. Is the server running, should one be added?"),
        Err(error) => Check::problem(area, name, format!("{url} cannot be reached: {error}"))
            .advising(format!("Is `chancery serve` running? {advice}")),
    }
}

fn gets_webhooks(account: &store::accounts::Account) -> bool {
    providers::find(&account.provider)
        .is_some_and(|manifest| manifest.capabilities.delivery_events || manifest.capabilities.inbound)
}

/// When the provider of each account last called.
async fn arrivals(patient: &Patient<'_>) -> Result<Vec<Check>, Error> {
    let mut checks = Vec::new();
    for account in patient.accounts.iter().filter(|account| account.enabled && gets_webhooks(account)) {
        let (tenant, source) = (patient.tenant, format!("webhook:{}", account.provider));
        let entries: Vec<Entry> = patient
            .core
            .store
            .read(move |tx| journal::list(tx, tenant, (None, &source), "jrn_z", ENTRIES))
            .await?;
        let last =
            entries.iter().find(|entry| entry.account == Some(account.id)).map(|entry| entry.received_at);
        // Messages that left a while ago and of which nobody told us anything.
        let waits = account.last_sent_at.is_some_and(|sent| {
            sent > last.unwrap_or_default() && patient.now().since(sent) > Duration::from_secs(3_600)
        });
        let is_overdue = waits && last.is_none_or(|last| patient.now().since(last) > OVERDUE);
        let detail = match last {
            Some(last) => format!("the last one came {} ago", in_words(patient.now().since(last))),
            None => "none came yet".to_owned(),
        };
        let check = if is_overdue {
            Check::warning(Area::Webhooks, "last webhook", format!("messages left, but {detail}")).advising(
                "Enter the account's webhook address, which the Channels page shows, in the provider's settings; its guide says where.",
            )
        } else {
            Check::ok(Area::Webhooks, "last webhook", detail)
        };
        checks.push(check.about(Subject::account(account)));
    }
    Ok(checks)
}

/// Those that go out to others.
async fn outgoing(patient: &Patient<'_>) -> Result<Vec<Check>, Error> {
    let tenant = patient.tenant;
    let all = patient.core.store.read(move |tx| webhooks_out::all(tx, tenant)).await?;
    let checks = all.into_iter().map(|webhook| {
        let words = webhook.last_error.as_deref().unwrap_or("no reason is known");
        let check = match (webhook.enabled, &webhook.disabled_reason, webhook.first_failed_at) {
            (false, Some(reason), _) => {
                Check::problem(Area::Webhooks, "deliveries", format!("switched off: {reason}"))
                    .advising("Mend the endpoint, switch the webhook on again, and replay what was missed.")
            }
            (false, None, _) => Check::skipped(Area::Webhooks, "deliveries", "switched off by a person"),
            (true, _, Some(since)) => {
                let time = in_words(patient.now().since(since));
                Check::warning(Area::Webhooks, "deliveries", format!("failing for {time}: {words}"))
                    .advising("It is tried again for days; its log in the settings shows the answers.")
            }
            (true, _, None) => Check::ok(Area::Webhooks, "deliveries", "no delivery fails"),
        };
        check.about(Subject { kind: "webhook", id: webhook.id.to_string(), name: webhook.url })
    });
    Ok(checks.collect())
}

//! Channel accounts: do the credentials work, has one stopped, has one fallen quiet.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::join_all;
use providers::CheckStep;
use store::accounts::{Account, Health};

use super::Patient;
use super::report::{Area, Check, Subject, in_words};
use crate::accounts::provider_of;

/// A channel that mail came in through and that is silent for longer is worth a look.
const QUIET: Duration = Duration::from_secs(7 * 86_400);
/// How long an account may take; a server that says nothing must not hold up the rest.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn look(patient: &Patient<'_>) -> Vec<Check> {
    if patient.accounts.is_empty() {
        let none = Check::skipped(Area::Accounts, "credentials", "there is no channel account yet");
        return vec![none.advising("Add one: on the Channels page, or with `chancery channel add`.")];
    }
    let mut trials = Vec::with_capacity(patient.accounts.len());
    for account in &patient.accounts {
        trials.push(steps(patient, account));
    }
    let tried: Vec<(&Account, Vec<CheckStep>)> =
        patient.accounts.iter().zip(join_all(trials).await).collect();
    let somebody_answered = tried.iter().any(|(account, steps)| {
        account.enabled && !is_near(account) && steps.first().is_some_and(|step| step.ok)
    });
    let is_online = somebody_answered || asks_dns(patient).await;
    let mut checks = Vec::new();
    for (account, steps) in tried {
        let subject = || Subject::account(account);
        if !account.enabled {
            checks.push(Check::skipped(Area::Accounts, "credentials", "switched off").about(subject()));
            continue;
        }
        checks.push(credentials(account, &steps, is_online).about(subject()));
        checks.extend(health(account).map(|check| check.about(subject())));
        checks.extend(quiet(patient, account).map(|check| check.about(subject())));
    }
    checks
}

async fn steps(patient: &Patient<'_>, account: &Account) -> Vec<CheckStep> {
    if !account.enabled {
        return Vec::new();
    }
    match provider_of(patient.core, account) {
        Ok(provider) => {
            let checked = tokio::time::timeout(PATIENCE, provider.check()).await;
            provider.close().await;
            checked.unwrap_or_else(|_| vec![CheckStep::failed("connect", "no answer in time")])
        }
        Err(invalid) => vec![CheckStep::failed("settings", invalid.to_string())],
    }
}

fn credentials(account: &Account, steps: &[CheckStep], is_online: bool) -> Check {
    let name = "credentials";
    match steps.iter().find(|step| !step.ok) {
        None => {
            let last = steps.last().map_or("it would work", |step| step.detail.as_str());
            Check::ok(Area::Accounts, name, last)
        }
        Some(step) if step.name == "connect" && !is_online && !is_near(account) => {
            Check::skipped(Area::Accounts, name, format!("offline: {}", step.detail))
                .advising("Nothing outside answers. Run it again when this machine has a network.")
        }
        Some(step) if step.name == "connect" => {
            Check::problem(Area::Accounts, name, format!("connect: {}", step.detail))
                .advising("Look whether the server's name and port are right and whether a firewall is in between.")
        }
        Some(step) => Check::problem(Area::Accounts, name, format!("{}: {}", step.name, step.detail))
            .advising("Mend the account's settings on the Channels page, then check it there; that starts it again."),
    }
}

/// What happened, as opposed to what would happen.
fn health(account: &Account) -> Option<Check> {
    let words = account.last_error.as_deref().unwrap_or("no reason is known");
    match account.health {
        Health::Stopped => {
            Some(Check::problem(Area::Accounts, "health", format!("stopped: {words}")).advising(
                "Its messages wait. Mend what it says and check the account; then they go on by themselves.",
            ))
        }
        Health::Failing => {
            let check = Check::warning(Area::Accounts, "health", format!("the last attempt failed: {words}"));
            Some(check.advising("It is tried again by itself. Should it stay so, check the account."))
        }
        Health::Ok | Health::Unchecked => None,
    }
}

fn quiet(patient: &Patient<'_>, account: &Account) -> Option<Check> {
    let silence = patient.now().since(account.last_inbound_at?);
    let is_quiet = silence > QUIET;
    is_quiet.then(|| {
        let detail = format!("nothing came in for {}", in_words(silence));
        Check::warning(Area::Accounts, "quiet", detail)
            .advising("If that is unusual: does the forwarding, the mailbox or the provider's inbound route still lead here?")
    })
}

/// Whether somebody outside answers at all. Any answer will do, also that there is no such name.
async fn asks_dns(patient: &Patient<'_>) -> bool {
    let domain = super::dns::sender_domains(patient).into_iter().next();
    match domain {
        Some(domain) => {
            !patient.resolver.mail_servers(&domain.name).await.is_err_and(|fault| fault.is_offline())
        }
        None => false,
    }
}

/// Whether the account's server is this machine or inside the own network: then no cable to the outside is missing.
fn is_near(account: &Account) -> bool {
    let setting = |name: &str| account.settings.get(name).and_then(serde_json::Value::as_str);
    let Some(given) = setting("host").or_else(|| setting("base_url")) else { return false };
    let rest = given.split_once("://").map_or(given, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    let address = name.parse::<IpAddr>().or_else(|_| host.parse());
    name == "localhost" || address.is_ok_and(|address| !net::http::is_public(address))
}

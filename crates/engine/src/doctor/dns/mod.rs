//! What the domains of the senders publish, asked for now: SPF, DKIM, DMARC, mail servers.

mod dkim;
mod dmarc;
mod mail_servers;
mod spf;

use std::collections::BTreeMap;

use net::dns::DnsFault;
use store::accounts::Account;

use super::Patient;
use super::report::{Area, Check, Subject};

/// A domain that messages come from.
pub(super) struct SenderDomain<'a> {
    pub name: String,
    /// Those that send in its name.
    pub accounts: Vec<&'a Account>,
}

/// Of the accounts that are switched on, each once.
pub(super) fn sender_domains<'p>(patient: &'p Patient<'_>) -> Vec<SenderDomain<'p>> {
    let mut found: BTreeMap<String, Vec<&Account>> = BTreeMap::new();
    for account in patient.accounts.iter().filter(|account| account.enabled && account.provider != "console")
    {
        let address = account.sender_address.as_deref().unwrap_or_default();
        if let Some((_, domain)) = address.rsplit_once('@')
            && domain.contains('.')
        {
            found.entry(domain.to_ascii_lowercase()).or_default().push(account);
        }
    }
    found.into_iter().map(|(name, accounts)| SenderDomain { name, accounts }).collect()
}

pub(super) async fn look(patient: &Patient<'_>) -> Vec<Check> {
    let domains = sender_domains(patient);
    if domains.is_empty() {
        return vec![Check::skipped(Area::Dns, "sender domains", "no account names a sender yet")];
    }
    let mut checks = Vec::new();
    for domain in &domains {
        // One question decides whether there is anybody to ask; the others would wait in vain.
        let first = mail_servers::look(patient, domain).await;
        if let Err(fault) = &first
            && fault.is_offline()
        {
            checks.push(offline(fault).about(Subject::domain(&domain.name)));
            continue;
        }
        let mut of_domain = vec![said("mail servers", first)];
        of_domain.push(said("SPF", spf::look(patient, domain).await));
        of_domain.extend(dkim::look(patient, domain).await);
        of_domain.push(said("DMARC", dmarc::look(patient, domain).await));
        checks.extend(of_domain.into_iter().map(|check| match check.subject {
            None => check.about(Subject::domain(&domain.name)),
            Some(_) => check,
        }));
    }
    checks
}

fn offline(fault: &DnsFault) -> Check {
    let advice = match fault {
        DnsFault::Off => "Set dns_resolver to system, or to the address of a resolver.",
        _ => "Run it again when this machine has a network, or set dns_resolver to a resolver that answers.",
    };
    Check::skipped(Area::Dns, "SPF, DKIM and DMARC", format!("offline: {fault}")).advising(advice)
}

/// A check, or that the resolver could not answer it.
fn said(name: &str, looked: Result<Check, DnsFault>) -> Check {
    looked.unwrap_or_else(|fault| match fault {
        fault if fault.is_offline() => offline(&fault),
        DnsFault::Refused { .. } => Check::warning(Area::Dns, name, fault.to_string())
            .advising("The servers of the domain answer wrongly or not at all: ask whoever runs its DNS."),
        fault => Check::problem(Area::Dns, name, fault.to_string())
            .advising("Look at the sender address of the account."),
    })
}

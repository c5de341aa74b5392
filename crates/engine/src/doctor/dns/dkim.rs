//! Whether the keys that we sign with are published as they are.

use mail::dkim::{Key, Record};
use store::accounts::Account;

use super::{SenderDomain, said};
use crate::accounts::dkim_keys_of;
use crate::doctor::Patient;
use crate::doctor::report::{Area, Check, Subject};

pub(super) async fn look(patient: &Patient<'_>, domain: &SenderDomain<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    for account in &domain.accounts {
        checks.extend(of_account(patient, domain, account).await);
    }
    checks
}

async fn of_account(patient: &Patient<'_>, domain: &SenderDomain<'_>, account: &Account) -> Vec<Check> {
    let subject = Subject::account(account);
    if account.provider != "smtp" {
        let detail = "the provider signs; whether with your domain its own check says";
        return vec![Check::skipped(Area::Dns, "DKIM", detail).about(subject)];
    }
    let keys = match dkim_keys_of(patient.core, account) {
        Ok(keys) => keys,
        Err(invalid) => return vec![Check::problem(Area::Dns, "DKIM", invalid.to_string()).about(subject)],
    };
    let Some(first) = keys.first() else {
        let advice = format!(
            "If your mail server does not sign either, make a key: `chancery dkim new --account {} --domain {} --selector s1`.",
            account.id, domain.name
        );
        let none = Check::skipped(Area::Dns, "DKIM", "mail of this account is not signed here");
        return vec![none.advising(advice).about(subject)];
    };
    let mut checks = Vec::new();
    if !is_aligned(&first.domain, &domain.name) {
        let detail = format!("mail from {} is signed for {}", domain.name, first.domain);
        let check = Check::warning(Area::Dns, "DKIM alignment", detail)
            .advising("DMARC counts only signatures of the sender's own domain: make keys for that one.");
        checks.push(check.about(subject.clone()));
    }
    for key in &keys {
        checks.push(of_key(patient, key).await.about(subject.clone()));
    }
    checks
}

async fn of_key(patient: &Patient<'_>, key: &Key) -> Check {
    let record = key.record();
    let name = format!("DKIM {}", key.selector);
    let publish = format!("Publish this TXT record: {}", record.zone_line());
    let texts = match patient.resolver.texts(&record.name).await {
        Ok(texts) => texts,
        Err(fault) => return said(&name, Err(fault)),
    };
    match texts.as_slice() {
        [] => Check::problem(Area::Dns, &name, format!("nothing is published at {}", record.name))
            .advising(publish),
        [one] if record.has_key_of(one) => {
            Check::ok(Area::Dns, &name, format!("{} has the key that we sign with", record.name))
        }
        [one] if Record::is_revoked(one) => {
            Check::problem(Area::Dns, &name, format!("the key at {} is revoked", record.name))
                .advising("Make a key with a new selector, publish it, and remove this one.")
        }
        [_] => Check::problem(Area::Dns, &name, format!("{} has another key than we sign with", record.name))
            .advising(publish),
        several => {
            let detail =
                format!("{} has {} TXT records, and receivers may take any", record.name, several.len());
            Check::problem(Area::Dns, &name, detail).advising("Leave only ours there.")
        }
    }
}

/// Relaxed alignment, as near as one comes without the list of public suffixes.
pub(super) fn is_aligned(signed: &str, sender: &str) -> bool {
    let below = |one: &str, other: &str| one.strip_suffix(other).is_some_and(|rest| rest.ends_with('.'));
    signed == sender || below(signed, sender) || below(sender, signed)
}

#[cfg(test)]
mod tests {
    use super::is_aligned;

    #[test]
    fn a_domain_is_aligned_with_those_above_and_below() {
        assert!(is_aligned("example.com", "example.com"));
        assert!(
            is_aligned("example.com", "shop.example.com") && is_aligned("mail.example.com", "example.com")
        );
        assert!(!is_aligned("example.com", "badexample.com") && !is_aligned("example.net", "example.com"));
    }
}

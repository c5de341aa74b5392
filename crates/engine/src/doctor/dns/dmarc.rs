//! DMARC (RFC 7489): what receivers shall do with mail that is neither signed by the domain nor sent by its servers.

use net::dns::DnsFault;

use super::SenderDomain;
use crate::accounts::dkim_keys_of;
use crate::doctor::Patient;
use crate::doctor::report::{Area, Check};

pub(super) async fn look(patient: &Patient<'_>, domain: &SenderDomain<'_>) -> Result<Check, DnsFault> {
    let name = "DMARC";
    let (at, records) = found(patient, &domain.name).await?;
    let text = match records.as_slice() {
        [] => {
            return Ok(Check::warning(Area::Dns, name, "the domain publishes no DMARC record").advising(format!(
                "Large receivers ask for one. Begin with a TXT record at _dmarc.{0}: `v=DMARC1; p=none; rua=mailto:dmarc@{0}`.",
                domain.name
            )));
        }
        [one] => one,
        several => {
            return Ok(Check::problem(Area::Dns, name, format!("_dmarc.{at} has {} records", several.len()))
                .advising("Receivers then believe none. Leave one."));
        }
    };
    let policy = match (at == domain.name, tag(text, "sp")) {
        (false, Some(policy)) => Some(policy),
        _ => tag(text, "p"),
    };
    let is_strict = tag(text, "adkim").as_deref() == Some("s");
    let strays = domain.accounts.iter().find(|account| {
        let keys = dkim_keys_of(patient.core, account).unwrap_or_default();
        !keys.is_empty() && keys.iter().all(|key| key.domain != domain.name)
    });
    if let Some(account) = strays.filter(|_| is_strict) {
        let detail = format!(
            "the record wants signatures of exactly {} (adkim=s), and {} signs for another domain",
            domain.name, account.name
        );
        return Ok(Check::problem(Area::Dns, name, detail)
            .advising("Make keys for the sender's domain, or publish adkim=r."));
    }
    Ok(match policy.as_deref() {
        Some("none") => Check::ok(Area::Dns, name, "p=none: failures are only reported").advising(
            "When the reports show that all your mail passes, go on to p=quarantine: then others cannot send in your name so easily.",
        ),
        Some(strict @ ("quarantine" | "reject")) => {
            Check::ok(Area::Dns, name, format!("p={strict}: mail that fails is put aside or refused"))
        }
        _ => Check::problem(Area::Dns, name, format!("the record at _dmarc.{at} names no policy that exists"))
            .advising("p= is none, quarantine or reject."),
    })
}

/// The record of the domain, or of the nearest domain above that has one.
async fn found(patient: &Patient<'_>, domain: &str) -> Result<(String, Vec<String>), DnsFault> {
    let mut at = domain;
    loop {
        let mut texts = patient.resolver.texts(&format!("_dmarc.{at}")).await?;
        texts.retain(|text| text.trim_start().to_ascii_lowercase().starts_with("v=dmarc1"));
        match at.split_once('.') {
            Some((_, above)) if texts.is_empty() && above.contains('.') => at = above,
            _ => return Ok((at.to_owned(), texts)),
        }
    }
}

fn tag(text: &str, wanted: &str) -> Option<String> {
    let mut tags = text.split(';').filter_map(|part| part.split_once('='));
    tags.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
        .map(|(_, value)| value.trim().to_ascii_lowercase())
}

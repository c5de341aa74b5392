//! SPF (RFC 7208): who may send in the domain's name. Counted as receivers count it: more than ten look-ups, and the
//! record is as good as none.

use net::dns::DnsFault;

use super::SenderDomain;
use crate::doctor::Patient;
use crate::doctor::report::{Area, Check};

const MOST_LOOKUPS: usize = 10;

pub(super) async fn look(patient: &Patient<'_>, domain: &SenderDomain<'_>) -> Result<Check, DnsFault> {
    let name = "SPF";
    let records = published(patient, &domain.name).await?;
    let own = match records.as_slice() {
        [] => {
            return Ok(Check::warning(Area::Dns, name, "the domain publishes no SPF record").advising(
                "Publish one TXT record at the domain that names whoever sends for it, such as `v=spf1 mx include:spf.example.net ~all` with your provider's include.",
            ));
        }
        [one] => one.clone(),
        several => {
            return Ok(Check::problem(
                Area::Dns,
                name,
                format!("the domain publishes {} SPF records", several.len()),
            )
            .advising("Receivers then believe none. Put everything into one record."));
        }
    };
    let walked = walk(patient, &domain.name, &own).await?;
    let record = Record::read(&own);
    if walked.lookups > MOST_LOOKUPS {
        let detail = format!("the record needs {} look-ups, and 10 are allowed", walked.lookups);
        return Ok(Check::problem(Area::Dns, name, detail)
            .advising("Receivers then treat it as broken. Remove includes of services that you no longer use, or send them from subdomains."));
    }
    if let Some(missing) = walked.without_record.first() {
        return Ok(Check::problem(
            Area::Dns,
            name,
            format!("the record includes {missing}, which publishes none"),
        )
        .advising("Receivers then treat the whole record as broken. Correct the include or remove it."));
    }
    if record.all == Some('+') {
        return Ok(Check::problem(Area::Dns, name, "the record allows everybody (+all)")
            .advising("End it with ~all or -all."));
    }
    let absent = domain.accounts.iter().find_map(|account| {
        let wanted = providers::find(&account.provider)?.capabilities.spf_include?;
        (!walked.includes.iter().any(|known| known == wanted)).then_some((account, wanted))
    });
    if let Some((account, wanted)) = absent {
        let detail = format!("the record does not include {wanted}, through which {} sends", account.name);
        return Ok(Check::warning(Area::Dns, name, detail).advising(format!("Add include:{wanted} to it.")));
    }
    if matches!(record.all, None | Some('?')) && record.redirect.is_none() {
        return Ok(Check::warning(
            Area::Dns,
            name,
            "the record does not say what to think of everybody else",
        )
        .advising("End it with ~all, or with -all when you are sure that it names everyone."));
    }
    Ok(Check::ok(Area::Dns, name, format!("{own} ({} of 10 look-ups)", walked.lookups)))
}

async fn published(patient: &Patient<'_>, name: &str) -> Result<Vec<String>, DnsFault> {
    let mut texts = patient.resolver.texts(name).await?;
    texts.retain(|text| {
        let lower = text.to_ascii_lowercase();
        lower == "v=spf1" || lower.starts_with("v=spf1 ")
    });
    Ok(texts)
}

#[derive(Default)]
struct Walked {
    lookups: usize,
    includes: Vec<String>,
    /// Included, without a record of their own.
    without_record: Vec<String>,
}

/// Follows includes and redirects, to a little beyond where receivers stop.
async fn walk(patient: &Patient<'_>, domain: &str, own: &str) -> Result<Walked, DnsFault> {
    let mut walked = Walked::default();
    let mut open = vec![(domain.to_owned(), own.to_owned())];
    let mut asked = 0;
    while let Some((_, text)) = open.pop() {
        let record = Record::read(&text);
        walked.lookups += record.lookups;
        for target in record.includes.into_iter().chain(record.redirect) {
            walked.includes.push(target.clone());
            asked += 1;
            // Names with macros depend on the message; and somebody may include themselves.
            if target.contains('%') || asked > 2 * MOST_LOOKUPS {
                continue;
            }
            match published(patient, &target).await?.into_iter().next() {
                Some(text) => open.push((target, text)),
                None => walked.without_record.push(target),
            }
        }
    }
    Ok(walked)
}

/// One record, as far as it matters here.
#[derive(Debug, Default, PartialEq, Eq)]
struct Record {
    /// Mechanisms for which a receiver asks the DNS.
    lookups: usize,
    includes: Vec<String>,
    redirect: Option<String>,
    /// The sign before `all`.
    all: Option<char>,
}

impl Record {
    fn read(text: &str) -> Record {
        let mut record = Record::default();
        for term in text.split_ascii_whitespace().skip(1) {
            let term = term.to_ascii_lowercase();
            let (sign, mechanism) = match term.chars().next() {
                Some(sign @ ('+' | '-' | '~' | '?')) => (sign, &term[1..]),
                _ => ('+', term.as_str()),
            };
            let end = mechanism.find([':', '/', '=']).unwrap_or(mechanism.len());
            let target = || mechanism[end..].trim_start_matches([':', '=']).trim_end_matches('.').to_owned();
            match &mechanism[..end] {
                "all" => record.all = Some(sign),
                "include" => {
                    record.lookups += 1;
                    record.includes.push(target());
                }
                "redirect" => record.redirect = Some(target()),
                "a" | "mx" | "ptr" | "exists" => record.lookups += 1,
                _ => {}
            }
        }
        // Behind `all` nobody looks at it (RFC 7208 section 6.1).
        if record.all.is_some() {
            record.redirect = None;
        }
        record.lookups += usize::from(record.redirect.is_some());
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_receivers_read_it() {
        let read =
            Record::read("v=spf1 ip4:192.0.2.0/24 a mx/24 a:mail.example.com include:spf.example.net. -all");
        let expected = Record {
            lookups: 4,
            includes: vec!["spf.example.net".to_owned()],
            redirect: None,
            all: Some('-'),
        };
        assert_eq!(read, expected);
        let read = Record::read("v=spf1 redirect=_spf.Example.com");
        assert_eq!((read.redirect.as_deref(), read.lookups), (Some("_spf.example.com"), 1));
        assert_eq!(Record::read("v=spf1 all").all, Some('+'));
        assert_eq!(Record::read("v=spf1 redirect=x.example.com ~all").lookups, 0);
    }
}

//! Whether the domain takes mail: replies and bounces go there.

use net::dns::DnsFault;

use super::SenderDomain;
use crate::doctor::Patient;
use crate::doctor::report::{Area, Check};

pub(super) async fn look(patient: &Patient<'_>, domain: &SenderDomain<'_>) -> Result<Check, DnsFault> {
    let name = "mail servers";
    let servers = patient.resolver.mail_servers(&domain.name).await?;
    if let Some((_, first)) = servers.first() {
        // RFC 7505: a dot alone says that no mail is taken.
        if first.is_empty() {
            return Ok(Check::warning(Area::Dns, name, "the domain says that it takes no mail (null MX)")
                .advising(
                    "Replies and bounces cannot arrive. Publish an MX record, or send from another domain.",
                ));
        }
        let names: Vec<&str> = servers.iter().map(|(_, server)| server.as_str()).collect();
        return Ok(Check::ok(Area::Dns, name, names.join(", ")));
    }
    if !patient.resolver.addresses(&domain.name).await?.is_empty() {
        return Ok(Check::ok(Area::Dns, name, "the domain itself takes mail (it has an address and no MX)"));
    }
    Ok(Check::warning(Area::Dns, name, "the domain has no mail server (no MX record)").advising(
        "Replies and bounces cannot arrive, and some receivers refuse such senders. Publish an MX record.",
    ))
}

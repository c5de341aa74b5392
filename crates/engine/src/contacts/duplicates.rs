//! Who else may be the same person, each with the reason in words. Only looks by index: nobody is compared with everybody.

use std::collections::BTreeMap;

use domain::access::{Permission, Principal};
use domain::channel::Channel;
use domain::contact::address_key;
use domain::ids::{ContactId, TenantId};
use schemars::JsonSchema;
use serde::Serialize;
use store::Tx;
use store::contacts::{self, Identity, Known};

use super::view::{ContactView, people, view};
use crate::{Engine, Error};

/// Who is looked at for one reason.
const CANDIDATES: u32 = 50;
/// Addresses of a contact that are looked at.
const ADDRESSES: usize = 20;
const MOST: usize = 20;
/// Local parts that say what an address is for, not whose it is.
const OFFICES: &[&str] = &[
    "abuse",
    "accounting",
    "accounts",
    "admin",
    "billing",
    "contact",
    "hello",
    "help",
    "hi",
    "hr",
    "info",
    "invoice",
    "invoices",
    "jobs",
    "kontakt",
    "mail",
    "marketing",
    "news",
    "newsletter",
    "no-reply",
    "noreply",
    "office",
    "orders",
    "post",
    "postmaster",
    "sales",
    "service",
    "support",
    "team",
    "webmaster",
];

/// Somebody who may be the same person.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ContactDuplicate")]
pub struct Duplicate {
    pub contact: ContactView,
    /// Why, as a sentence.
    pub reason: String,
}

impl Engine {
    /// Contacts that may be the same person, the surest first.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn contact_duplicates(
        &self,
        principal: &Principal,
        id: ContactId,
    ) -> Result<Vec<Duplicate>, Error> {
        principal.require(Permission::ContactsRead)?;
        let tenant = principal.tenant;
        self.core
            .store
            .read(move |tx| {
                let known = contacts::known(tx, tenant, id)?.ok_or(Error::NotFound("contact"))?;
                if known.contact.merged_into.is_some() {
                    return Ok(Vec::new());
                }
                let people = people(tx, tenant)?;
                let found = suggestions(tx, tenant, &known)?;
                let shown = |(other, reason)| Duplicate { contact: view(other, &people), reason };
                Ok(found.into_iter().map(shown).collect())
            })
            .await
    }
}

fn suggestions(tx: &mut Tx<'_>, tenant: TenantId, known: &Known) -> Result<Vec<(Known, String)>, Error> {
    let candidates = candidates(tx, tenant, known)?;
    let mut found: Vec<(u8, Known, String)> = contacts::many(tx, tenant, &candidates)?
        .into_iter()
        .filter(|other| other.contact.merged_into.is_none() && other.contact.id != known.contact.id)
        .filter_map(|other| reason(known, &other).map(|(rank, reason)| (rank, other, reason)))
        .collect();
    found.sort_by_key(|(rank, other, _)| (*rank, other.contact.id));
    found.truncate(MOST);
    Ok(found.into_iter().map(|(_, other, reason)| (other, reason)).collect())
}

/// Everybody who may share something with this one; `reason` says whether it is so.
fn candidates(tx: &mut Tx<'_>, tenant: TenantId, known: &Known) -> Result<Vec<ContactId>, Error> {
    let mut ids = Vec::new();
    if !known.contact.name.is_empty() {
        ids.extend(contacts::ids_named(tx, tenant, &known.contact.name, CANDIDATES)?);
    }
    for identity in known.identities.iter().take(ADDRESSES) {
        match identity.channel {
            Channel::Email | Channel::Console => {
                let key = address_key(&identity.address);
                let Some((local, domain)) = parts(&key) else { continue };
                for beginning in [format!("{local}+"), format!("{local}@")] {
                    if !is_office(local) || beginning.ends_with('+') {
                        ids.extend(contacts::ids_with_word(tx, tenant, &beginning, CANDIDATES)?);
                    }
                }
                let plain = format!("{local}@{domain}");
                ids.extend(contacts::by_identity(tx, tenant, identity.channel, &plain)?);
            }
            Channel::Sms | Channel::Whatsapp => {
                for channel in [Channel::Sms, Channel::Whatsapp] {
                    ids.extend(contacts::by_identity(tx, tenant, channel, &identity.address)?);
                }
            }
        }
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Why two contacts may be one, the surest reason first.
fn reason(one: &Known, other: &Known) -> Option<(u8, String)> {
    if let Some(number) = shared(one, other, |identity| {
        matches!(identity.channel, Channel::Sms | Channel::Whatsapp).then(|| identity.address.clone())
    }) {
        return Some((0, format!("Both have the phone number {number}.")));
    }
    if let Some(address) = shared(one, other, plain) {
        return Some((1, format!("Their addresses are {address} but for what stands behind a plus.")));
    }
    let same_name =
        !one.contact.name.is_empty() && one.contact.name.to_lowercase() == other.contact.name.to_lowercase();
    if same_name {
        let name = &one.contact.name;
        return Some(match shared(one, other, domain) {
            Some(domain) => (2, format!("Both are called {name} and write from {domain}.")),
            None => (3, format!("Both are called {name}.")),
        });
    }
    let local = |identity: &Identity| {
        let key = address_key(&identity.address);
        let (local, _) = parts(&key)?;
        (!is_office(local) && is_mail(identity)).then(|| local.to_owned())
    };
    shared(one, other, local).map(|local| (4, format!("Both have an address that begins with {local}@.")))
}

/// What both have of something.
fn shared(one: &Known, other: &Known, of: impl Fn(&Identity) -> Option<String>) -> Option<String> {
    let mine: BTreeMap<String, ()> =
        one.identities.iter().filter_map(|identity| of(identity).map(|what| (what, ()))).collect();
    other.identities.iter().filter_map(&of).find(|what| mine.contains_key(what))
}

fn is_mail(identity: &Identity) -> bool {
    matches!(identity.channel, Channel::Email | Channel::Console)
}

/// The address without what stands behind a plus.
fn plain(identity: &Identity) -> Option<String> {
    let key = address_key(&identity.address);
    let (local, domain) = parts(&key)?;
    is_mail(identity).then(|| format!("{local}@{domain}"))
}

fn domain(identity: &Identity) -> Option<String> {
    let key = address_key(&identity.address);
    let (_, domain) = parts(&key)?;
    is_mail(identity).then(|| domain.to_owned())
}

/// Local part without what stands behind a plus, and domain.
fn parts(key: &str) -> Option<(&str, &str)> {
    let (local, domain) = key.rsplit_once('@')?;
    let local = local.split_once('+').map_or(local, |(plain, _)| plain);
    (!local.is_empty()).then_some((local, domain))
}

fn is_office(local: &str) -> bool {
    OFFICES.contains(&local)
}

//! Contacts are made and changed. An address is one contact's only; the rest is whatever people want to keep of somebody.

use std::collections::BTreeMap;

use domain::access::{Actor, Permission, Principal};
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::contact::{self, AttributeValue, Attributes, MOST_ATTRIBUTES, address_key};
use domain::event::FeedType;
use domain::ids::{ContactId, TenantId, UserId};
use domain::invalid::{Faults, Invalid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Tx;
use store::contacts::{self, Contact, Identity, Known};
use store::feed::{self, Facts};

use super::view::{ContactView, one};
use crate::{Engine, Error, audit};

/// The most addresses of one contact.
const MOST_IDENTITIES: usize = 100;

/// An address, as it is given.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityRequest {
    pub channel: Channel,
    /// An email address, or a phone number such as `+15550100123`.
    pub address: String,
}

/// Somebody to be added; a name or an address is needed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContact {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub identities: Vec<IdentityRequest>,
    /// Up to 100; keys of a-z, 0-9 and _; texts, numbers or truths.
    #[serde(default)]
    #[schemars(with = "Attributes")]
    pub attributes: BTreeMap<String, Value>,
    /// A user's id or `me`.
    #[serde(default)]
    pub owner_id: Option<String>,
    #[serde(default)]
    pub time_zone: Option<String>,
    #[serde(default)]
    pub locale: Option<String>,
}

/// What changes of a contact; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactChange {
    #[serde(default)]
    pub name: Option<String>,
    /// These are set, the others stay; `null` removes one.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Option<AttributeValue>>")]
    pub attributes: BTreeMap<String, Value>,
    /// A user's id, `me`, or `null` for nobody.
    #[serde(default, deserialize_with = "crate::patch::present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub owner_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "crate::patch::present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub time_zone: Option<Option<String>>,
    #[serde(default, deserialize_with = "crate::patch::present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub locale: Option<Option<String>>,
    #[serde(default)]
    pub add_identities: Vec<IdentityRequest>,
    #[serde(default)]
    pub remove_identities: Vec<IdentityRequest>,
}

impl Engine {
    /// Adds a contact.
    ///
    /// # Errors
    /// [`Error::Invalid`]; `identity_taken` when an address is somebody else's.
    pub async fn create_contact(&self, principal: &Principal, new: NewContact) -> Result<ContactView, Error> {
        principal.require(Permission::ContactsWrite)?;
        if new.name.trim().is_empty() && new.identities.is_empty() {
            return Err(Invalid::at("", "expected a name or an address").into());
        }
        let change = ContactChange {
            name: Some(new.name),
            attributes: new.attributes.into_iter().filter(|(_, value)| !value.is_null()).collect(),
            owner_id: new.owner_id.map(Some),
            time_zone: new.time_zone.map(Some),
            locale: new.locale.map(Some),
            add_identities: new.identities,
            remove_identities: Vec::new(),
        };
        let read = Read::of(principal, change, "/identities")?;
        let (tenant, now, actor) = (principal.tenant, self.core.clock.now(), principal.actor.clone());
        let id: ContactId = self.core.ids.next();
        let made = self
            .core
            .store
            .write(tenant, move |tx| {
                let blank = Known { contact: Contact::new(id, String::new(), now), identities: Vec::new() };
                let known = read.applied(tx, tenant, &blank, now)?;
                contacts::insert(tx, tenant, &known)?;
                tell(tx, tenant, id, FeedType::ContactCreated, now)?;
                audit::record(tx, tenant, &actor, "contact.created", &id.to_string(), &json!({}), now)?;
                one(tx, tenant, id)
            })
            .await?;
        self.core.feed.wake();
        Ok(made)
    }

    /// Changes a contact.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`]; `identity_taken`; `contact_merged` for one that is another one now.
    pub async fn change_contact(
        &self,
        principal: &Principal,
        id: ContactId,
        change: ContactChange,
    ) -> Result<ContactView, Error> {
        principal.require(Permission::ContactsWrite)?;
        let read = Read::of(principal, change, "/add_identities")?;
        let (tenant, now, actor) = (principal.tenant, self.core.clock.now(), principal.actor.clone());
        let changed = self
            .core
            .store
            .write(tenant, move |tx| {
                let was = living(tx, tenant, id)?;
                let is = read.applied(tx, tenant, &was, now)?;
                if is != was {
                    contacts::replace(tx, tenant, &was, &is)?;
                    tell(tx, tenant, id, FeedType::ContactUpdated, now)?;
                    note_change(tx, tenant, &actor, (&was, &is), now)?;
                }
                one(tx, tenant, id)
            })
            .await?;
        self.core.feed.wake();
        Ok(changed)
    }
}

/// A contact that was not merged into another one.
pub(super) fn living(tx: &mut Tx<'_>, tenant: TenantId, id: ContactId) -> Result<Known, Error> {
    let known = contacts::known(tx, tenant, id)?.ok_or(Error::NotFound("contact"))?;
    match known.contact.merged_into {
        Some(other) => {
            Err(Error::conflict("contact_merged", format!("this contact was merged into {other}")))
        }
        None => Ok(known),
    }
}

pub(super) fn tell(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: ContactId,
    kind: FeedType,
    now: Timestamp,
) -> Result<(), Error> {
    let facts = Facts { contact_id: Some(id.to_string()), ..Facts::default() };
    feed::append(tx, tenant, kind, now, &facts)?;
    Ok(())
}

/// The audit log says what changed, and not to what: it outlives an erasure.
fn note_change(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    actor: &Actor,
    (was, is): (&Known, &Known),
    now: Timestamp,
) -> Result<(), Error> {
    let (before, after) = (&was.contact, &is.contact);
    let changed: Vec<&str> = [
        ("name", before.name != after.name),
        ("attributes", before.attributes != after.attributes),
        ("owner", before.owner != after.owner),
        ("time_zone", before.time_zone != after.time_zone),
        ("locale", before.locale != after.locale),
        ("identities", was.identities != is.identities),
    ]
    .into_iter()
    .filter_map(|(field, is_changed)| is_changed.then_some(field))
    .collect();
    let detail = json!({ "changed": changed, "owner_id": after.owner });
    Ok(audit::record(tx, tenant, actor, "contact.changed", &before.id.to_string(), &detail, now)?)
}

/// A change whose texts are checked.
#[derive(Debug)]
struct Read {
    name: Option<String>,
    attributes: BTreeMap<String, Option<AttributeValue>>,
    owner: Option<Option<UserId>>,
    time_zone: Option<Option<String>>,
    locale: Option<Option<String>>,
    add: Vec<(Channel, String)>,
    remove: Vec<(Channel, String)>,
    /// Where the addresses to be added stand in the request.
    place: &'static str,
}

impl Read {
    fn of(principal: &Principal, change: ContactChange, place: &'static str) -> Result<Read, Invalid> {
        let mut faults = Faults::default();
        let name = change.name.and_then(|name| faults.take("/name", contact::name(&name)));
        let mut attributes = BTreeMap::new();
        for (key, value) in change.attributes {
            let pointer = format!("/attributes/{key}");
            faults.take(pointer.as_str(), contact::attribute_key(&key));
            if let Some(value) = faults.take(pointer.as_str(), attribute(value)) {
                attributes.insert(key, value);
            }
        }
        let owner = change
            .owner_id
            .map(|word| word.and_then(|word| faults.take("/owner_id", owner(principal, &word))));
        let mut word = |pointer: &str, text: Option<Option<String>>, check: fn(&str) -> Result<String, _>| {
            text.map(|text| text.and_then(|text| faults.take(pointer, check(&text))))
        };
        let time_zone = word("/time_zone", change.time_zone, contact::time_zone);
        let locale = word("/locale", change.locale, contact::locale);
        let mut identities = |place: &str, requests: Vec<IdentityRequest>| {
            let mut read = Vec::with_capacity(requests.len());
            for (number, request) in requests.into_iter().enumerate() {
                let address = contact::address(request.channel, &request.address);
                let address = faults.take(format!("{place}/{number}/address"), address);
                read.extend(address.map(|address| (request.channel, address)));
            }
            read
        };
        let add = identities(place, change.add_identities);
        let remove = identities("/remove_identities", change.remove_identities);
        faults.finish()?;
        Ok(Read { name, attributes, owner, time_zone, locale, add, remove, place })
    }

    /// What a contact becomes.
    fn applied(
        &self,
        tx: &mut Tx<'_>,
        tenant: TenantId,
        was: &Known,
        now: Timestamp,
    ) -> Result<Known, Error> {
        let mut is = was.clone();
        let contact = &mut is.contact;
        if let Some(name) = &self.name {
            contact.name.clone_from(name);
        }
        for (key, value) in &self.attributes {
            match value {
                Some(value) => contact.attributes.insert(key.clone(), value.clone()),
                None => contact.attributes.remove(key),
            };
        }
        if contact.attributes.len() > MOST_ATTRIBUTES {
            let detail = format!("expected at most {MOST_ATTRIBUTES} attributes of one contact");
            return Err(Invalid::at("/attributes", detail).into());
        }
        if let Some(owner) = self.owner {
            if let Some(id) = owner
                && store::users::get(tx, tenant, id)?.is_none()
            {
                return Err(Invalid::at("/owner_id", "there is no such person here").into());
            }
            contact.owner = owner.map(|id| id.to_string());
        }
        if let Some(time_zone) = &self.time_zone {
            contact.time_zone.clone_from(time_zone);
        }
        if let Some(locale) = &self.locale {
            contact.locale.clone_from(locale);
        }
        for (channel, address) in &self.remove {
            is.identities.retain(|one| !is_at(one, *channel, address));
        }
        for (number, (channel, address)) in self.add.iter().enumerate() {
            if is.identities.iter().any(|one| is_at(one, *channel, address)) {
                continue;
            }
            free(tx, tenant, was.contact.id, *channel, address)?;
            // A moment apart, so that they keep the order in which they were given.
            let since = now.plus(std::time::Duration::from_micros(number as u64));
            is.identities.push(Identity { channel: *channel, address: address.clone(), since });
        }
        if is.identities.len() > MOST_IDENTITIES {
            let detail = format!("expected at most {MOST_IDENTITIES} addresses of one contact");
            return Err(Invalid::at(self.place, detail).into());
        }
        Ok(is)
    }
}

pub(super) fn is_at(identity: &Identity, channel: Channel, address: &str) -> bool {
    identity.channel == channel && address_key(&identity.address) == address_key(address)
}

/// An address may be added when it is nobody else's.
fn free(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: ContactId,
    channel: Channel,
    address: &str,
) -> Result<(), Error> {
    let holder = contacts::by_identity(tx, tenant, channel, &address_key(address))?;
    let Some(holder) = holder.filter(|holder| *holder != id) else { return Ok(()) };
    let name = contacts::get(tx, tenant, holder)?.map(|contact| contact.name).unwrap_or_default();
    let who = if name.is_empty() { holder.to_string() } else { format!("{name} ({holder})") };
    Err(Error::conflict(
        "identity_taken",
        format!("{address} belongs to {who}; merge the two to have it here"),
    ))
}

fn attribute(value: Value) -> Result<Option<AttributeValue>, contact::Unfit> {
    let value = match value {
        Value::Null => return Ok(None),
        Value::Bool(truth) => AttributeValue::Truth(truth),
        Value::Number(number) => AttributeValue::Number(number),
        Value::String(text) => AttributeValue::Text(text),
        Value::Array(_) | Value::Object(_) => {
            return Err(contact::Unfit("expected a text, a number, true, false or null"));
        }
    };
    contact::attribute_value(&value)?;
    Ok(Some(value))
}

fn owner(principal: &Principal, word: &str) -> Result<UserId, String> {
    if word == "me" {
        let me = principal.actor.id.as_deref().and_then(|id| id.parse().ok());
        return me.ok_or_else(|| "only a person who is signed in is `me`".to_owned());
    }
    word.parse().map_err(|error: domain::ids::NotAnId| error.to_string())
}

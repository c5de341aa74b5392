//! Decides what a row does, by what is known so far. A dry run and a real one ask the same question here, so that the one
//! reports exactly what the other does.

use std::collections::HashMap;

use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::contact::{AttributeValue, MOST_ATTRIBUTES, address_key};
use domain::ids::{ContactId, Ids, TenantId};
use store::Tx;
use store::contacts::{self, Contact, Identity, Known};

use super::Existing;
use super::person::{Person, RowFault};

/// What a row does.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    Created(Known),
    /// What it was, and what it is.
    Updated(Box<(Known, Known)>),
    Unchanged,
    Refused(Vec<RowFault>),
}

/// Contacts as they are, with what the rows before have made of them.
#[derive(Debug, Default)]
pub(super) struct World {
    holders: HashMap<(Channel, String), Option<ContactId>>,
    contacts: HashMap<ContactId, Known>,
}

/// Whatever is the same for all rows.
pub(super) struct Terms {
    pub existing: Existing,
    pub ids: Ids,
    pub now: Timestamp,
}

impl World {
    /// Decides on one row and remembers what came of it.
    pub(super) fn settle(
        &mut self,
        tx: &mut Tx<'_>,
        tenant: TenantId,
        number: u32,
        person: &Person,
        terms: &Terms,
    ) -> Result<Effect, store::Error> {
        let mut holders: Vec<ContactId> = Vec::new();
        for (channel, address) in &person.identities {
            holders.extend(self.holder(tx, tenant, *channel, address)?);
        }
        holders.sort_unstable();
        holders.dedup();
        let effect = match holders.as_slice() {
            [] => Effect::Created(created(person, terms)),
            [_] if terms.existing == Existing::Skip => Effect::Unchanged,
            [id] => self.updated(tx, tenant, number, *id, person, terms)?,
            several => Effect::Refused(vec![RowFault {
                row: number,
                field: String::new(),
                detail: format!("its addresses belong to {} contacts; merge them first", several.len()),
            }]),
        };
        match &effect {
            Effect::Created(known) => self.remember(known),
            Effect::Updated(changed) => self.remember(&changed.1),
            Effect::Unchanged | Effect::Refused(_) => {}
        }
        Ok(effect)
    }

    fn holder(
        &mut self,
        tx: &mut Tx<'_>,
        tenant: TenantId,
        channel: Channel,
        address: &str,
    ) -> Result<Option<ContactId>, store::Error> {
        let key = address_key(address);
        if let Some(known) = self.holders.get(&(channel, key.clone())) {
            return Ok(*known);
        }
        let holder = contacts::by_identity(tx, tenant, channel, &key)?;
        self.holders.insert((channel, key), holder);
        Ok(holder)
    }

    fn updated(
        &mut self,
        tx: &mut Tx<'_>,
        tenant: TenantId,
        number: u32,
        id: ContactId,
        person: &Person,
        terms: &Terms,
    ) -> Result<Effect, store::Error> {
        let was = match self.contacts.get(&id) {
            Some(known) => known.clone(),
            None => contacts::known(tx, tenant, id)?
                .ok_or_else(|| store::Error::Unexpected(format!("an address of {id}, which is not there")))?,
        };
        let mut is = was.clone();
        apply(&mut is, person, terms.now);
        if is.contact.attributes.len() > MOST_ATTRIBUTES {
            let detail = format!("expected at most {MOST_ATTRIBUTES} attributes, with those it has already");
            return Ok(Effect::Refused(vec![RowFault { row: number, field: String::new(), detail }]));
        }
        Ok(if is == was { Effect::Unchanged } else { Effect::Updated(Box::new((was, is))) })
    }

    fn remember(&mut self, known: &Known) {
        for identity in &known.identities {
            let key = (identity.channel, address_key(&identity.address));
            self.holders.insert(key, Some(known.contact.id));
        }
        self.contacts.insert(known.contact.id, known.clone());
    }
}

fn created(person: &Person, terms: &Terms) -> Known {
    let contact = Contact::new(terms.ids.next(), String::new(), terms.now);
    let mut known = Known { contact, identities: Vec::new() };
    apply(&mut known, person, terms.now);
    known
}

/// What a row leaves empty stays as it is.
fn apply(known: &mut Known, person: &Person, now: Timestamp) {
    let contact = &mut known.contact;
    if !person.name.is_empty() {
        contact.name.clone_from(&person.name);
    }
    for (key, value) in &person.attributes {
        // A number that is written as a text in the file is still the same number.
        if contact.attributes.get(key).is_none_or(|held| held.shown() != *value) {
            contact.attributes.insert(key.clone(), AttributeValue::Text(value.clone()));
        }
    }
    for (field, value) in [(&mut contact.time_zone, &person.time_zone), (&mut contact.locale, &person.locale)]
    {
        if value.is_some() {
            field.clone_from(value);
        }
    }
    for (channel, address) in &person.identities {
        let is_there =
            known.identities.iter().any(|one| crate::contacts::change::is_at(one, *channel, address));
        if !is_there {
            let since = now.plus(std::time::Duration::from_micros(known.identities.len() as u64));
            known.identities.push(Identity { channel: *channel, address: address.clone(), since });
        }
    }
}

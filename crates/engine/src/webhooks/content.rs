//! What a webhook says: the ids of the event, and the object that it is about as the API shows it.

use domain::access::Principal;
use domain::event::FeedType;
use domain::ids::TenantId;
use domain::webhook;
use serde::Serialize;
use serde_json::Value;
use store::feed::{Event, Facts};
use store::{Tx, conversations};

use crate::inbox::{House, show_conversation, show_message};
use crate::{Error, contacts};

/// What is larger goes without the object: whoever wants it asks for it by its id.
const LARGEST: usize = 256 * 1024;

/// The object that an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its name in `data`.
    pub name: &'static str,
    /// Where the API has it.
    pub path: &'static str,
    pub id: String,
}

/// The object that an event is about, when the API shows such objects.
#[must_use]
pub fn subject(kind: FeedType, facts: &Facts) -> Option<Subject> {
    let (name, path, id) = match kind.as_str().split('.').next()? {
        "message" => ("message", "/v1/messages/", facts.message_id.clone()),
        "conversation" => ("conversation", "/v1/conversations/", facts.conversation_id.clone()),
        "contact" => ("contact", "/v1/contacts/", facts.contact_id.clone()),
        _ => return None,
    };
    Some(Subject { name, path, id: id? })
}

/// Writes bodies of a tenant's events.
pub(super) struct Writer {
    tenant: TenantId,
    /// The names of people and teams; read when the first conversation needs them.
    house: Option<House>,
}

impl Writer {
    pub(super) fn new(tenant: TenantId) -> Writer {
        Writer { tenant, house: None }
    }

    /// The body of an event, with its object as it is now.
    pub(super) fn body(&mut self, tx: &mut Tx<'_>, event: &Event) -> Result<String, Error> {
        let ids = json(&event.facts)?;
        let written = |data: &Value| webhook::body(event.kind.as_str(), event.at, Some(event.seq), data);
        let Some(subject) = subject(event.kind, &event.facts) else { return Ok(written(&ids)) };
        let Some(object) = self.object(tx, &subject)? else { return Ok(written(&ids)) };
        let mut whole = ids.clone();
        whole[subject.name] = object;
        let body = written(&whole);
        if body.len() <= LARGEST {
            return Ok(body);
        }
        let mut cut = ids;
        cut["too_large"] = Value::Bool(true);
        Ok(written(&cut))
    }

    fn object(&mut self, tx: &mut Tx<'_>, subject: &Subject) -> Result<Option<Value>, Error> {
        let found = match subject.name {
            "message" => known(subject, |id| Ok(show_message(tx, self.tenant, id)?.0)),
            "contact" => known(subject, |id| contacts::show_contact(tx, self.tenant, id)),
            _ => known(subject, |id| {
                let row = conversations::get(tx, self.tenant, id)?.ok_or(Error::NotFound("conversation"))?;
                if self.house.is_none() {
                    self.house = Some(House::read(tx, &Principal::system(self.tenant))?);
                }
                let house = self.house.as_ref().expect("it was read just above");
                show_conversation(tx, self.tenant, row, house)
            }),
        };
        match found {
            // It may be gone already; the event is told all the same.
            Err(Error::NotFound(_)) => Ok(None),
            other => other,
        }
    }
}

fn known<I: std::str::FromStr, T: Serialize>(
    subject: &Subject,
    show: impl FnOnce(I) -> Result<T, Error>,
) -> Result<Option<Value>, Error> {
    match subject.id.parse() {
        Ok(id) => Ok(Some(json(&show(id)?)?)),
        Err(_) => Ok(None),
    }
}

fn json(value: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|error| store::Error::Unexpected(error.to_string()).into())
}

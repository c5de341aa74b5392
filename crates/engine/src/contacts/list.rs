//! Lists of contacts. A filter that leaves few is asked first and the rest is looked at one by one; when every filter leaves
//! many, the list is walked in its order, and a page ends early rather than walk over a whole tenant.

use std::collections::BTreeSet;

use domain::access::{Permission, Principal};
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::contact::{AttributeValue, Search, attribute_key};
use domain::ids::{ContactId, TenantId};
use domain::invalid::Invalid;
use domain::page::{Cursor, Page, PageRequest};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;
use store::contacts::{self, Known};

use super::view::{ContactView, people, view};
use crate::inbox::named;
use crate::{Engine, Error};

/// A filter that leaves no more than these is enough by itself.
const FEW: u32 = 5_000;
/// The most contacts of one filter that are gathered, to be compared with what the others leave.
const MANY: u32 = 50_000;
/// The most contacts that are looked at for one page when every filter leaves more.
const WALKED: usize = 10_000;
/// Contacts that are read at once.
const STRIDE: usize = 500;
/// The kinds of cursor: a page goes on in the order in which it began.
const NEWEST: i64 = 0;
const BY_NAME: i64 = 1;

domain::words! {
    /// The order of a list of contacts.
    pub enum ContactSort {
        Newest = "newest",
        /// Those without a name stand where their address would.
        Name = "name",
    }
}

/// Which contacts are asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct ContactFilter {
    /// Beginnings of words of the name, of an address or of a phone number; all have to fit.
    #[serde(default)]
    pub q: Option<String>,
    /// `key:value`; values are compared without regard to case.
    #[serde(default)]
    pub attribute: Option<String>,
    /// `me`, `none` or a user's id.
    #[serde(default)]
    pub owner: Option<String>,
    /// Only those with an address on this channel.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// Last wrote before.
    #[serde(default)]
    pub seen_before: Option<Timestamp>,
    /// Last wrote at or after.
    #[serde(default)]
    pub seen_after: Option<Timestamp>,
    /// `newest` when absent.
    #[serde(default)]
    pub sort: Option<ContactSort>,
}

impl Engine {
    /// Contacts.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a filter that cannot be; missing permission.
    pub async fn contacts(
        &self,
        principal: &Principal,
        filter: ContactFilter,
        page: PageRequest,
    ) -> Result<Page<ContactView>, Error> {
        principal.require(Permission::ContactsRead)?;
        let tenant = principal.tenant;
        let sort = filter.sort.unwrap_or(ContactSort::Newest);
        let wanted = Wanted::of(principal, filter)?;
        let after = After::of(sort, page.after)?;
        self.core
            .store
            .read(move |tx| {
                let page = found(tx, tenant, &wanted, &after, page.limit as usize)?;
                let people = people(tx, tenant)?;
                Ok(page.map(|known| view(known, &people)))
            })
            .await
    }
}

/// A filter, read.
#[derive(Debug, Default)]
struct Wanted {
    search: Option<Search>,
    /// Key, and value in the form in which values are compared.
    attribute: Option<(String, String)>,
    owner: Option<Owner>,
    channel: Option<Channel>,
    seen: Option<(Timestamp, Timestamp)>,
}

#[derive(Debug)]
enum Owner {
    Nobody,
    User(String),
}

impl Wanted {
    fn of(principal: &Principal, filter: ContactFilter) -> Result<Wanted, Invalid> {
        let seen = match (filter.seen_after, filter.seen_before) {
            (None, None) => None,
            (after, before) => Some((
                after.unwrap_or(Timestamp::from_micros(i64::MIN)),
                before.unwrap_or(Timestamp::from_micros(i64::MAX)),
            )),
        };
        Ok(Wanted {
            search: filter.q.as_deref().and_then(Search::of),
            attribute: filter.attribute.as_deref().map(attribute).transpose()?,
            owner: filter.owner.map(|word| owner(principal, &word)).transpose()?,
            channel: filter.channel,
            seen,
        })
    }

    fn is_everybody(&self) -> bool {
        matches!(self, Wanted { search: None, attribute: None, owner: None, channel: None, seen: None })
    }

    fn finds(&self, known: &Known) -> bool {
        let contact = &known.contact;
        contact.merged_into.is_none()
            && self.search.as_ref().is_none_or(|search| search.finds(&known.words()))
            && self.attribute.as_ref().is_none_or(|(key, value)| {
                contact.attributes.get(key).is_some_and(|held| held.key() == *value)
            })
            && self.owner.as_ref().is_none_or(|owner| match owner {
                Owner::Nobody => contact.owner.is_none(),
                Owner::User(id) => contact.owner.as_ref() == Some(id),
            })
            && self.channel.is_none_or(|channel| known.identities.iter().any(|one| one.channel == channel))
            && self.seen.is_none_or(|(from, until)| {
                contact.last_seen_at.is_some_and(|seen| seen >= from && seen < until)
            })
    }

    /// Everybody whom the narrow filters leave, and perhaps more; nothing when all filters leave very many.
    fn narrowed(&self, tx: &mut Tx<'_>, tenant: TenantId) -> Result<Option<BTreeSet<ContactId>>, Error> {
        let filters = self.indexed();
        for filter in &filters {
            if let Some(ids) = filter.gathered(tx, tenant, FEW)? {
                return Ok(Some(ids));
            }
        }
        let mut narrowed: Option<BTreeSet<ContactId>> = None;
        for filter in &filters {
            if let Some(ids) = filter.gathered(tx, tenant, MANY)? {
                narrowed = Some(match narrowed {
                    Some(others) => others.intersection(&ids).copied().collect(),
                    None => ids,
                });
            }
        }
        Ok(narrowed)
    }

    /// The filters that have an index, those first that usually leave fewest.
    fn indexed(&self) -> Vec<Indexed<'_>> {
        let pieces = self.search.as_ref().map(Search::beginnings).unwrap_or_default();
        let owner = match &self.owner {
            Some(Owner::User(id)) => Some(Indexed::Owner(id)),
            Some(Owner::Nobody) | None => None,
        };
        let attribute = self.attribute.as_ref().map(|(key, value)| Indexed::Attribute(key, value));
        attribute
            .into_iter()
            .chain(pieces.into_iter().map(Indexed::Words))
            .chain(owner)
            .chain(self.seen.map(Indexed::Seen))
            .chain(self.channel.map(Indexed::Channel))
            .collect()
    }
}

/// A filter by which contacts are found in an index.
enum Indexed<'w> {
    Attribute(&'w str, &'w str),
    /// Any of these is the beginning of a word.
    Words(Vec<&'w str>),
    Owner(&'w str),
    Seen((Timestamp, Timestamp)),
    Channel(Channel),
}

impl Indexed<'_> {
    /// All of them; nothing when there are more than `most`.
    fn gathered(
        &self,
        tx: &mut Tx<'_>,
        tenant: TenantId,
        most: u32,
    ) -> Result<Option<BTreeSet<ContactId>>, Error> {
        let limit = most + 1;
        let ids = match self {
            Indexed::Attribute(key, value) => contacts::ids_with_attribute(tx, tenant, (key, value), limit)?,
            Indexed::Words(beginnings) => {
                let mut all = Vec::new();
                for beginning in beginnings {
                    all.extend(contacts::ids_with_word(tx, tenant, beginning, limit)?);
                }
                all
            }
            Indexed::Owner(owner) => contacts::ids_of_owner(tx, tenant, owner, limit)?,
            Indexed::Seen(range) => contacts::ids_seen(tx, tenant, *range, limit)?,
            Indexed::Channel(channel) => contacts::ids_on_channel(tx, tenant, *channel, limit)?,
        };
        Ok((ids.len() <= most as usize).then(|| ids.into_iter().collect()))
    }
}

fn attribute(text: &str) -> Result<(String, String), Invalid> {
    let fault = || Invalid::at("/attribute", "expected key:value, such as company:Acme");
    let (key, value) = text.split_once(':').ok_or_else(fault)?;
    attribute_key(key).map_err(|_| fault())?;
    Ok((key.to_owned(), AttributeValue::Text(value.to_owned()).key()))
}

fn owner(principal: &Principal, word: &str) -> Result<Owner, Invalid> {
    Ok(named(principal, "/owner", word)?.map_or(Owner::Nobody, Owner::User))
}

/// Where a page begins.
#[derive(Debug)]
enum After {
    /// Before an id.
    Newest(String),
    /// Behind a name and id.
    Name(String, String),
}

impl After {
    fn of(sort: ContactSort, cursor: Option<Cursor>) -> Result<After, Invalid> {
        let fault = || Invalid::at("/cursor", "expected the next_cursor of a page in the same order");
        match (sort, cursor) {
            (ContactSort::Newest, None) => Ok(After::Newest("con_z".to_owned())),
            (ContactSort::Name, None) => Ok(After::Name(String::new(), String::new())),
            (ContactSort::Newest, Some(Cursor { key: NEWEST, id })) => Ok(After::Newest(id)),
            (ContactSort::Name, Some(Cursor { key: BY_NAME, id })) => {
                let (id, name) = id.split_once(' ').ok_or_else(fault)?;
                Ok(After::Name(name.to_owned(), id.to_owned()))
            }
            _ => Err(fault()),
        }
    }

    /// Behind this one.
    fn behind(&self, known: &Known) -> After {
        let id = known.contact.id.to_string();
        match self {
            After::Newest(_) => After::Newest(id),
            After::Name(..) => After::Name(known.name_key(), id),
        }
    }

    fn cursor(self) -> Cursor {
        match self {
            After::Newest(id) => Cursor { key: NEWEST, id },
            After::Name(name, id) => Cursor { key: BY_NAME, id: format!("{id} {name}") },
        }
    }
}

fn found(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    wanted: &Wanted,
    after: &After,
    limit: usize,
) -> Result<Page<Known>, Error> {
    let rows = match wanted.narrowed(tx, tenant)? {
        Some(ids) => of_gathered(tx, tenant, wanted, after, ids, limit)?,
        None => return walk(tx, tenant, wanted, after, limit),
    };
    Ok(Page::cut(rows, u32::try_from(limit).unwrap_or(u32::MAX), |known| after.behind(known).cursor()))
}

/// One more than the limit, in order, of those that are gathered.
fn of_gathered(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    wanted: &Wanted,
    after: &After,
    ids: BTreeSet<ContactId>,
    limit: usize,
) -> Result<Vec<Known>, Error> {
    let ordered: Vec<ContactId> = match after {
        After::Newest(before) => ids.into_iter().rev().filter(|id| id.to_string() < *before).collect(),
        After::Name(name, id) => {
            let ids: Vec<ContactId> = ids.into_iter().collect();
            let mut keys = contacts::name_keys(tx, tenant, &ids)?;
            keys.sort_unstable();
            let is_behind = |key: &(String, ContactId)| (&key.0, &key.1.to_string()) > (name, id);
            keys.into_iter().filter(is_behind).map(|(_, id)| id).collect()
        }
    };
    let mut rows = Vec::new();
    for chunk in ordered.chunks(STRIDE.min(limit + 1)) {
        rows.extend(contacts::many(tx, tenant, chunk)?.into_iter().filter(|known| wanted.finds(known)));
        if rows.len() > limit {
            break;
        }
    }
    rows.truncate(limit + 1);
    Ok(rows)
}

/// A page of a walk in order. It ends early, with a cursor, when it has looked at many and found few.
fn walk(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    wanted: &Wanted,
    after: &After,
    limit: usize,
) -> Result<Page<Known>, Error> {
    let stride = if wanted.is_everybody() { limit + 1 } else { STRIDE };
    let (mut rows, mut walked, mut place) = (Vec::new(), 0, None);
    loop {
        let chunk = next_chunk(tx, tenant, place.as_ref().unwrap_or(after), stride)?;
        let is_last = chunk.len() < stride;
        for known in chunk {
            place = Some(after.behind(&known));
            walked += 1;
            if !wanted.finds(&known) {
                continue;
            }
            if rows.len() == limit {
                let next = rows.last().map(|last| after.behind(last).cursor());
                return Ok(Page { rows, next });
            }
            rows.push(known);
        }
        if is_last {
            return Ok(Page { rows, next: None });
        }
        if walked >= WALKED {
            return Ok(Page { rows, next: place.map(After::cursor) });
        }
    }
}

fn next_chunk(tx: &mut Tx<'_>, tenant: TenantId, after: &After, stride: usize) -> Result<Vec<Known>, Error> {
    let limit = u32::try_from(stride).unwrap_or(u32::MAX);
    let rows = match after {
        After::Newest(before) => contacts::newest(tx, tenant, before, limit)?,
        After::Name(name, id) => contacts::by_name(tx, tenant, (name, id), limit)?,
    };
    Ok(contacts::with_identities(tx, tenant, rows)?)
}

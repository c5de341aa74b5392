//! Canned responses: kept for everybody, found by shortcut, filled in for the conversation at hand.

use domain::access::{Permission, Principal};
use domain::canned::{Rendered, Template, Variable, first_name};
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::contact::{AttributeValue, Attributes};
use domain::event::FeedType;
use domain::ids::{CannedResponseId, ContactId, ConversationId, TenantId};
use domain::invalid::Faults;
use domain::page::{Cursor, Page, PageRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::canned_responses::{self, CannedResponse};
use store::feed::{self, Facts};
use store::{Tx, contacts, conversations};

use crate::{Engine, Error, audit};

const LONGEST_SHORTCUT: usize = 40;
const LONGEST_NAME: usize = 100;
/// In characters; a text to be read by people.
const LONGEST_TEXT: usize = 50_000;

/// One canned response.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "CannedResponse")]
pub struct CannedResponseView {
    pub id: CannedResponseId,
    /// What is typed behind a slash.
    pub shortcut: String,
    pub name: String,
    /// With variables such as `{{contact.first_name|there}}`.
    pub text: String,
    /// How often it was filled in for a conversation.
    pub used_count: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A canned response to be added.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCannedResponse {
    /// 1 to 40 lower case letters, digits, `-` and `_`; another one for each response.
    pub shortcut: String,
    pub name: String,
    pub text: String,
}

/// What to change of a canned response; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CannedResponseChange {
    #[serde(default)]
    pub shortcut: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub text: Option<String>,
}

/// A canned response filled in.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RenderedResponse {
    /// Variables of which nothing is known, and that have no default, still stand here in their braces.
    pub text: String,
    /// Their names.
    pub missing: Vec<String>,
}

impl Engine {
    /// Canned responses by shortcut; with words, those that have them, a shortcut that begins so first.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn canned_responses(
        &self,
        principal: &Principal,
        words: Option<String>,
        page: PageRequest,
    ) -> Result<Page<CannedResponseView>, Error> {
        principal.require(Permission::ConversationsRead)?;
        let tenant = principal.tenant;
        let rows = self.core.store.read(move |tx| canned_responses::list(tx, tenant)).await?;
        let rows = match words.as_deref().map(str::trim).filter(|words| !words.is_empty()) {
            Some(words) => matching(rows, words),
            None => rows,
        };
        let begin = page.after.map_or(0, |cursor| usize::try_from(cursor.key).unwrap_or(usize::MAX));
        let mut place = i64::try_from(begin).unwrap_or(i64::MAX);
        let rows: Vec<(i64, CannedResponse)> = rows
            .into_iter()
            .skip(begin)
            .take(page.limit as usize + 1)
            .map(|row| {
                place += 1;
                (place, row)
            })
            .collect();
        let page = Page::cut(rows, page.limit, |(place, _)| Cursor { key: *place, id: String::new() });
        Ok(page.map(|(_, row)| view(row)))
    }

    /// One canned response.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn canned_response(
        &self,
        principal: &Principal,
        id: CannedResponseId,
    ) -> Result<CannedResponseView, Error> {
        principal.require(Permission::ConversationsRead)?;
        let tenant = principal.tenant;
        let row = self.core.store.read(move |tx| canned_responses::get(tx, tenant, id)).await?;
        row.map(view).ok_or(Error::NotFound("canned response"))
    }

    /// Adds a canned response.
    ///
    /// # Errors
    /// [`Error::Invalid`], also for a variable that does not exist; `shortcut_taken`; missing permission.
    pub async fn create_canned_response(
        &self,
        principal: &Principal,
        new: NewCannedResponse,
    ) -> Result<CannedResponseView, Error> {
        principal.require(Permission::InboxConfigure)?;
        let (tenant, now, actor) = (principal.tenant, self.core.clock.now(), principal.actor.clone());
        let row = CannedResponse {
            id: self.core.ids.next(),
            shortcut: new.shortcut,
            name: new.name.trim().to_owned(),
            text: new.text,
            used_count: 0,
            created_at: now,
            updated_at: now,
        };
        check(&row)?;
        let row = self
            .core
            .store
            .write(tenant, move |tx| {
                require_free(tx, tenant, &row)?;
                canned_responses::insert(tx, tenant, &row)?;
                let detail = json!({ "shortcut": row.shortcut });
                audit::record(
                    tx,
                    tenant,
                    &actor,
                    "canned_response.created",
                    &row.id.to_string(),
                    &detail,
                    now,
                )?;
                tell(tx, tenant, now)?;
                Ok::<_, Error>(row.clone())
            })
            .await?;
        self.core.feed.wake();
        Ok(view(row))
    }

    /// Changes a canned response.
    ///
    /// # Errors
    /// As [`Engine::create_canned_response`]; [`Error::NotFound`].
    pub async fn change_canned_response(
        &self,
        principal: &Principal,
        id: CannedResponseId,
        change: CannedResponseChange,
    ) -> Result<CannedResponseView, Error> {
        principal.require(Permission::InboxConfigure)?;
        let (tenant, now, actor) = (principal.tenant, self.core.clock.now(), principal.actor.clone());
        let row = self
            .core
            .store
            .write(tenant, move |tx| {
                let was = canned_responses::get(tx, tenant, id)?.ok_or(Error::NotFound("canned response"))?;
                let is = CannedResponse {
                    shortcut: change.shortcut.clone().unwrap_or_else(|| was.shortcut.clone()),
                    name: change
                        .name
                        .as_deref()
                        .map_or_else(|| was.name.clone(), |name| name.trim().to_owned()),
                    text: change.text.clone().unwrap_or_else(|| was.text.clone()),
                    ..was.clone()
                };
                if is == was {
                    return Ok(was);
                }
                check(&is)?;
                require_free(tx, tenant, &is)?;
                let is = CannedResponse { updated_at: now, ..is };
                canned_responses::update(tx, tenant, &is)?;
                let detail = json!({ "shortcut": is.shortcut });
                audit::record(tx, tenant, &actor, "canned_response.changed", &id.to_string(), &detail, now)?;
                tell(tx, tenant, now)?;
                Ok::<_, Error>(is)
            })
            .await?;
        self.core.feed.wake();
        Ok(view(row))
    }

    /// Forgets a canned response.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn delete_canned_response(
        &self,
        principal: &Principal,
        id: CannedResponseId,
    ) -> Result<(), Error> {
        principal.require(Permission::InboxConfigure)?;
        let (tenant, now, actor) = (principal.tenant, self.core.clock.now(), principal.actor.clone());
        self.core
            .store
            .write(tenant, move |tx| {
                let was = canned_responses::get(tx, tenant, id)?.ok_or(Error::NotFound("canned response"))?;
                canned_responses::delete(tx, tenant, id)?;
                let detail = json!({ "shortcut": was.shortcut });
                audit::record(tx, tenant, &actor, "canned_response.deleted", &id.to_string(), &detail, now)?;
                tell(tx, tenant, now)
            })
            .await?;
        self.core.feed.wake();
        Ok(())
    }

    /// Fills in a canned response and counts the use. Without a conversation nothing is known of a contact.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn render_canned_response(
        &self,
        principal: &Principal,
        id: CannedResponseId,
        conversation: Option<ConversationId>,
    ) -> Result<RenderedResponse, Error> {
        // It is filled in to be sent or noted, and it counts.
        principal.require(Permission::ConversationsWrite)?;
        let (tenant, agent) = (principal.tenant, principal.name.clone());
        let Rendered { text, missing } = self
            .core
            .store
            .write(tenant, move |tx| {
                let row = canned_responses::get(tx, tenant, id)?.ok_or(Error::NotFound("canned response"))?;
                // Saved texts were parsed; after a change of the variables one may be unknown, and then stays as it is.
                let Ok(template) = Template::parse(&row.text) else {
                    return Ok(Rendered { text: row.text, missing: Vec::new() });
                };
                let known = Known::read(tx, tenant, &agent, conversation)?;
                canned_responses::count_use(tx, tenant, id)?;
                Ok::<_, Error>(template.render(|variable| known.value_of(variable)))
            })
            .await?;
        Ok(RenderedResponse { text, missing })
    }
}

/// What the variables stand for.
struct Known {
    agent: String,
    business: Option<String>,
    conversation: Option<(ConversationId, String)>,
    contact: Option<KnownContact>,
}

struct KnownContact {
    name: String,
    email: Option<String>,
    attributes: Attributes,
}

impl Known {
    fn read(
        tx: &mut Tx<'_>,
        tenant: TenantId,
        agent: &str,
        conversation: Option<ConversationId>,
    ) -> Result<Known, Error> {
        let row = match conversation {
            Some(id) => Some(conversations::get(tx, tenant, id)?.ok_or(Error::NotFound("conversation"))?),
            None => None,
        };
        let contact = match &row {
            Some(row) => Some(KnownContact::read(tx, tenant, row.contact)?),
            None => None,
        };
        Ok(Known {
            agent: agent.to_owned(),
            business: store::tenants::name(tx, tenant)?,
            conversation: row.map(|row| (row.id, row.subject)),
            contact,
        })
    }

    fn value_of(&self, variable: &Variable) -> Option<String> {
        let contact = self.contact.as_ref();
        match variable {
            Variable::ContactName => contact.map(|contact| contact.name.clone()),
            Variable::ContactFirstName => contact.map(|contact| first_name(&contact.name).to_owned()),
            Variable::ContactEmail => contact.and_then(|contact| contact.email.clone()),
            Variable::ContactAttribute(name) => {
                contact.and_then(|contact| contact.attributes.get(name)).map(AttributeValue::shown)
            }
            Variable::AgentName => Some(self.agent.clone()),
            Variable::AgentFirstName => Some(first_name(&self.agent).to_owned()),
            Variable::ConversationSubject => self.conversation.as_ref().map(|(_, subject)| subject.clone()),
            Variable::ConversationId => self.conversation.as_ref().map(|(id, _)| id.to_string()),
            Variable::BusinessName => self.business.clone(),
        }
    }
}

impl KnownContact {
    fn read(tx: &mut Tx<'_>, tenant: TenantId, id: ContactId) -> Result<KnownContact, Error> {
        let row = contacts::get(tx, tenant, id)?.ok_or(Error::NotFound("contact"))?;
        let email = contacts::identities(tx, tenant, id)?
            .into_iter()
            .find(|identity| identity.channel == Channel::Email)
            .map(|identity| identity.address);
        Ok(KnownContact { name: row.name, email, attributes: row.attributes })
    }
}

fn matching(rows: Vec<CannedResponse>, words: &str) -> Vec<CannedResponse> {
    let words = words.to_lowercase();
    let words = words.trim_start_matches('/');
    let mut found: Vec<(u8, CannedResponse)> = rows
        .into_iter()
        .filter_map(|row| {
            let rank = if row.shortcut.starts_with(words) {
                0
            } else if row.shortcut.contains(words) || row.name.to_lowercase().contains(words) {
                1
            } else if row.text.to_lowercase().contains(words) {
                2
            } else {
                return None;
            };
            Some((rank, row))
        })
        .collect();
    // Stable: within a rank they stay in the order of their shortcuts.
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, row)| row).collect()
}

fn check(row: &CannedResponse) -> Result<(), Error> {
    let mut faults = Faults::default();
    let is_shortcut = (1..=LONGEST_SHORTCUT).contains(&row.shortcut.len())
        && row.shortcut.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b));
    if !is_shortcut {
        let expected = format!("expected 1 to {LONGEST_SHORTCUT} lower case letters, digits, - and _");
        faults.note("/shortcut", expected);
    }
    let name_length = row.name.chars().count();
    if !(1..=LONGEST_NAME).contains(&name_length) || row.name.chars().any(char::is_control) {
        faults.note("/name", format!("expected one line of 1 to {LONGEST_NAME} characters"));
    }
    if row.text.trim().is_empty() || row.text.chars().count() > LONGEST_TEXT {
        faults.note("/text", format!("expected a text of 1 to {LONGEST_TEXT} characters"));
    }
    faults.take("/text", Template::parse(&row.text));
    Ok(faults.finish()?)
}

fn require_free(tx: &mut Tx<'_>, tenant: TenantId, row: &CannedResponse) -> Result<(), Error> {
    match canned_responses::by_shortcut(tx, tenant, &row.shortcut)? {
        Some(other) if other != row.id => {
            let detail = format!("another canned response has the shortcut /{}", row.shortcut);
            Err(Error::conflict("shortcut_taken", detail))
        }
        _ => Ok(()),
    }
}

fn tell(tx: &mut Tx<'_>, tenant: TenantId, now: Timestamp) -> Result<(), Error> {
    feed::append(tx, tenant, FeedType::CannedResponseChanged, now, &Facts::default())?;
    Ok(())
}

fn view(row: CannedResponse) -> CannedResponseView {
    CannedResponseView {
        id: row.id,
        shortcut: row.shortcut,
        name: row.name,
        text: row.text,
        used_count: row.used_count,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

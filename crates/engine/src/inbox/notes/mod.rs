//! Notes: what people of the business tell each other beside a conversation; the contact never sees them.

mod mentions;

use domain::access::{Actor, Grant, Permission, Principal, Role, Scopes};
use domain::clock::Timestamp;
use domain::conversation::ConversationState;
use domain::event::FeedType;
use domain::ids::{ConversationId, EntryId, TenantId, UploadId};
use domain::invalid::{Faults, Invalid};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use store::conversations::{self, Conversation};
use store::entries::{self, Entry, EntryKind};
use store::feed::{self, Facts};
use store::{Tx, uploads};

use super::activity;
use super::names::House;
use super::note_view::{KeptFile, NoteFacts, NoteView, view};
use super::uploads::{KEPT, may_see};
use crate::{Engine, Error, audit};
use mentions::Mentions;

/// In characters.
const LONGEST: usize = 50_000;
const MOST_FILES: usize = 50;
const MOST_MENTIONS: usize = 100;

/// A note to be written.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// `@Name` of a person or team mentions them. May be empty when there are files.
    pub text: String,
    /// Further people (`usr_…`) and teams (`tem_…`) to tell of it.
    #[serde(default)]
    pub mentions: Vec<String>,
    #[serde(default)]
    pub attachments: Vec<NoteUpload>,
}

/// A file for a note.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteUpload {
    pub upload_id: UploadId,
}

/// What a note says now.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteChange {
    pub text: String,
}

impl Engine {
    /// Writes a note and tells those whom it mentions.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] for a text, person, team or upload that cannot be; missing permission.
    pub async fn write_note(
        &self,
        principal: &Principal,
        conversation: ConversationId,
        new: NewNote,
    ) -> Result<NoteView, Error> {
        principal.require(Permission::ConversationsWrite)?;
        check(&new)?;
        let (tenant, now, by) = (principal.tenant, self.core.clock.now(), principal.clone());
        let core = std::sync::Arc::clone(&self.core);
        let note = self
            .core
            .store
            .write(tenant, move |tx| {
                let house = House::read(tx, &by)?;
                let row =
                    conversations::get(tx, tenant, conversation)?.ok_or(Error::NotFound("conversation"))?;
                require_not_merged(&row)?;
                let mentions = Mentions::read(&house, &new.text, &new.mentions)?;
                let mut entry = Entry {
                    id: core.ids.next(),
                    conversation,
                    kind: EntryKind::Note,
                    at: now,
                    author: by.actor.clone(),
                    body: new.text.clone(),
                    facts: json!({}),
                    edited_at: None,
                };
                let facts = NoteFacts {
                    mentions: mentions.all(),
                    named: new.mentions.clone(),
                    files: take_files(tx, tenant, &by.actor, entry.id, &new.attachments, now)?,
                };
                entry.facts = json!(facts);
                entries::insert(tx, tenant, &entry)?;
                mentions.tell(tx, &core, &by, &row, entry.id, &[], now)?;
                record(tx, &by, &entry, "note.created", now)?;
                tell(tx, tenant, &entry, &row, now)?;
                Ok::<_, Error>(view(entry, &house))
            })
            .await?;
        self.core.feed.wake();
        Ok(note)
    }

    /// One note.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn note(&self, principal: &Principal, id: EntryId) -> Result<NoteView, Error> {
        principal.require(Permission::ConversationsRead)?;
        let principal = principal.clone();
        self.core
            .store
            .read(move |tx| {
                let house = House::read(tx, &principal)?;
                Ok(view(get(tx, principal.tenant, id)?, &house))
            })
            .await
    }

    /// Writes another text into a note; those whom only the new text mentions are told.
    ///
    /// # Errors
    /// `not_the_author`; [`Error::NotFound`]; as [`Engine::write_note`].
    pub async fn change_note(
        &self,
        principal: &Principal,
        id: EntryId,
        change: NoteChange,
    ) -> Result<NoteView, Error> {
        principal.require(Permission::ConversationsWrite)?;
        let (tenant, now, by) = (principal.tenant, self.core.clock.now(), principal.clone());
        let core = std::sync::Arc::clone(&self.core);
        let note = self
            .core
            .store
            .write(tenant, move |tx| {
                let house = House::read(tx, &by)?;
                let was = get(tx, tenant, id)?;
                require_author(&by, &was)?;
                let known = facts_of(&was);
                check_text(&change.text, !known.files.is_empty())?;
                if change.text == was.body {
                    return Ok(view(was, &house));
                }
                let row = conversations::get(tx, tenant, was.conversation)?
                    .ok_or(Error::NotFound("conversation"))?;
                let mentions = Mentions::again(&house, &change.text, &known.named);
                let facts = NoteFacts { mentions: mentions.all(), ..known.clone() };
                let is =
                    Entry { body: change.text.clone(), facts: json!(facts), edited_at: Some(now), ..was };
                entries::replace(tx, tenant, &is)?;
                mentions.tell(tx, &core, &by, &row, id, &known.mentions, now)?;
                record(tx, &by, &is, "note.changed", now)?;
                tell(tx, tenant, &is, &row, now)?;
                Ok::<_, Error>(view(is, &house))
            })
            .await?;
        self.core.feed.wake();
        Ok(note)
    }

    /// Removes a note. A line stays that says who did it; the text and the files go.
    ///
    /// # Errors
    /// `not_the_author`; [`Error::NotFound`]; missing permission.
    pub async fn remove_note(&self, principal: &Principal, id: EntryId) -> Result<(), Error> {
        principal.require(Permission::ConversationsWrite)?;
        let (tenant, now, by) = (principal.tenant, self.core.clock.now(), principal.clone());
        let core = std::sync::Arc::clone(&self.core);
        self.core
            .store
            .write(tenant, move |tx| {
                let was = get(tx, tenant, id)?;
                require_author(&by, &was)?;
                let row = conversations::get(tx, tenant, was.conversation)?
                    .ok_or(Error::NotFound("conversation"))?;
                for file in facts_of(&was).files {
                    // Nobody names it any more; the next clean-up takes it.
                    if let Ok(upload) = file.id.parse() {
                        uploads::keep(tx, tenant, upload, None, now)?;
                    }
                }
                entries::delete(tx, tenant, id)?;
                let facts = json!({ "note_id": id });
                activity::note(tx, &core, tenant, row.id, &by.actor, (EntryKind::NoteRemoved, facts), now)?;
                record(tx, &by, &was, "note.deleted", now)?;
                tell(tx, tenant, &was, &row, now)
            })
            .await?;
        self.core.feed.wake();
        Ok(())
    }
}

fn get(tx: &mut Tx<'_>, tenant: TenantId, id: EntryId) -> Result<Entry, Error> {
    let entry = entries::get(tx, tenant, id)?.filter(|entry| entry.kind == EntryKind::Note);
    entry.ok_or(Error::NotFound("note"))
}

/// We wrote them ourselves, in this form.
fn facts_of(note: &Entry) -> NoteFacts {
    NoteFacts::deserialize(&note.facts).unwrap_or_default()
}

fn check(new: &NewNote) -> Result<(), Invalid> {
    check_text(&new.text, !new.attachments.is_empty())?;
    let mut faults = Faults::default();
    if new.mentions.len() > MOST_MENTIONS {
        faults.note("/mentions", format!("expected at most {MOST_MENTIONS} people and teams"));
    }
    if new.attachments.len() > MOST_FILES {
        faults.note("/attachments", format!("expected at most {MOST_FILES} files"));
    }
    faults.finish()
}

fn check_text(text: &str, has_files: bool) -> Result<(), Invalid> {
    if text.trim().is_empty() && !has_files {
        return Err(Invalid::at("/text", "expected a text: a note says something"));
    }
    if text.chars().count() > LONGEST {
        return Err(Invalid::at("/text", format!("expected at most {LONGEST} characters")));
    }
    Ok(())
}

fn require_not_merged(row: &Conversation) -> Result<(), Error> {
    if row.state == ConversationState::Merged {
        let detail = "it was merged into another conversation; write the note there";
        return Err(Error::conflict("conversation_merged", detail));
    }
    Ok(())
}

/// The author, owners and admins; a key only when it may do everything.
fn require_author(by: &Principal, note: &Entry) -> Result<(), Error> {
    let is_admin = matches!(by.grant, Grant::Role(Role::Owner | Role::Admin) | Grant::Scopes(Scopes::All));
    if is_admin || by.actor == note.author {
        return Ok(());
    }
    let detail = "only its author, an owner or an admin changes a note";
    Err(Error::conflict("not_the_author", detail))
}

/// The uploads that become files of the note.
fn take_files(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    author: &Actor,
    entry: EntryId,
    named: &[NoteUpload],
    now: Timestamp,
) -> Result<Vec<KeptFile>, Error> {
    let (mut files, mut faults) = (Vec::with_capacity(named.len()), Faults::default());
    for (place, file) in named.iter().enumerate() {
        let row = uploads::get(tx, tenant, file.upload_id)?;
        // One that belongs to another note goes when that goes: it cannot be this one's too.
        match row.filter(|row| may_see(author, row) && row.entry.is_none()) {
            Some(row) => {
                uploads::keep(tx, tenant, row.id, Some(entry), now.plus(KEPT))?;
                files.push(KeptFile {
                    id: row.id.to_string(),
                    filename: row.filename,
                    content_type: row.content_type,
                    size: row.size,
                });
            }
            None => faults.note(
                format!("/attachments/{place}/upload_id"),
                "there is no upload of yours with this id that waits for a note",
            ),
        }
    }
    faults.finish()?;
    Ok(files)
}

fn record(tx: &mut Tx<'_>, by: &Principal, note: &Entry, action: &str, now: Timestamp) -> Result<(), Error> {
    let detail = json!({ "conversation_id": note.conversation });
    Ok(audit::record(tx, by.tenant, &by.actor, action, &note.id.to_string(), &detail, now)?)
}

fn tell(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    note: &Entry,
    row: &Conversation,
    now: Timestamp,
) -> Result<(), Error> {
    let facts = Facts {
        entry_id: Some(note.id.to_string()),
        conversation_id: Some(row.id.to_string()),
        contact_id: Some(row.contact.to_string()),
        ..Facts::default()
    };
    feed::append(tx, tenant, FeedType::NoteChanged, now, &facts)?;
    Ok(())
}

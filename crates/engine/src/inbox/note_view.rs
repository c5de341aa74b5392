//! A note as people see it, put together from its entry.

use domain::clock::Timestamp;
use domain::ids::{ConversationId, EntryId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::entries::Entry;

use super::message_view::AuthorView;
use super::names::House;

/// One note.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Note")]
pub struct NoteView {
    pub id: EntryId,
    pub conversation_id: ConversationId,
    pub at: Timestamp,
    pub edited_at: Option<Timestamp>,
    pub author: AuthorView,
    pub text: String,
    pub mentions: Vec<MentionView>,
    pub attachments: Vec<NoteFile>,
}

/// A person or team that a note names.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Mention")]
pub struct MentionView {
    pub id: String,
    pub name: String,
}

/// A file of a note.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct NoteFile {
    /// The upload that it is.
    pub id: String,
    pub filename: String,
    pub content_type: String,
    /// In bytes.
    pub size: i64,
    pub url: String,
}

/// What an entry keeps of a note beside its text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct NoteFacts {
    /// Ids of people and teams.
    #[serde(default)]
    pub mentions: Vec<String>,
    /// Those of them that were given by id: they stay, whatever the text becomes.
    #[serde(default)]
    pub named: Vec<String>,
    #[serde(default)]
    pub files: Vec<KeptFile>,
}

/// A file as it is kept in the facts of a note.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptFile {
    pub id: String,
    pub filename: String,
    pub content_type: String,
    pub size: i64,
}

/// Puts a note together.
pub(crate) fn view(entry: Entry, house: &House) -> NoteView {
    let facts: NoteFacts = serde_json::from_value(entry.facts).unwrap_or_default();
    let named = |id: &String| {
        let team = id.parse().ok().and_then(|id| house.teams.get(&id));
        house.users.get(id).or(team).cloned().unwrap_or_else(|| "somebody".to_owned())
    };
    let files = facts.files.into_iter().map(|file| NoteFile {
        url: format!("/v1/uploads/{}", file.id),
        id: file.id,
        filename: file.filename,
        content_type: file.content_type,
        size: file.size,
    });
    NoteView {
        id: entry.id,
        conversation_id: entry.conversation,
        at: entry.at,
        edited_at: entry.edited_at,
        author: house.author(&entry.author),
        text: entry.body,
        mentions: facts.mentions.iter().map(|id| MentionView { id: id.clone(), name: named(id) }).collect(),
        attachments: files.collect(),
    }
}

//! One quiet line for each change of a conversation: written with the change, put into words when it is shown.

use domain::access::Actor;
use domain::clock::Timestamp;
use domain::conversation::ConversationState;
use domain::ids::{ConversationId, RearrangementId, TagId, TeamId, TenantId};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use store::Tx;
use store::conversations::Conversation;
use store::entries::{self, Entry, EntryKind};

use super::message_view::AuthorView;
use super::names::House;
use crate::Error;
use crate::core::Core;

/// One change.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Activity")]
pub struct ActivityView {
    pub id: domain::ids::EntryId,
    pub conversation_id: ConversationId,
    pub at: Timestamp,
    pub actor: AuthorView,
    /// `state`, `assigned`, `tags`, `merged` and so on.
    pub kind: EntryKind,
    /// What it was: a word, an id or a list of ids.
    pub from: Value,
    /// What it became.
    pub to: Value,
    /// The change in words.
    pub sentence: String,
    /// For a merge, split or move: by which it is undone.
    pub rearrangement_id: Option<RearrangementId>,
}

/// Writes one line.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    conversation: ConversationId,
    author: &Actor,
    (kind, facts): (EntryKind, Value),
    now: Timestamp,
) -> Result<(), Error> {
    let entry = Entry {
        id: core.ids.next(),
        conversation,
        kind,
        at: now,
        author: author.clone(),
        body: String::new(),
        facts,
        edited_at: None,
    };
    Ok(entries::insert(tx, tenant, &entry)?)
}

/// Writes a line for everything in which a conversation differs from what it was.
pub(crate) fn note_changes(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    author: &Actor,
    (was, is): (&Conversation, &Conversation),
    now: Timestamp,
) -> Result<(), Error> {
    for (kind, facts) in changes(was, is) {
        note(tx, core, tenant, is.id, author, (kind, facts), now)?;
    }
    Ok(())
}

/// Writes the line that tells why a conversation is open again after the contact wrote.
pub(crate) fn note_return(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    (was, is): (&Conversation, &Conversation),
    now: Timestamp,
) -> Result<(), Error> {
    let kind = match was.state {
        ConversationState::Snoozed => EntryKind::Woke,
        ConversationState::Resolved => EntryKind::State,
        _ => return Ok(()),
    };
    if was.state == is.state {
        return Ok(());
    }
    let facts = json!({ "from": was.state, "to": is.state, "reason": "reply" });
    note(tx, core, tenant, is.id, &Actor::system(), (kind, facts), now)
}

fn changes(was: &Conversation, is: &Conversation) -> Vec<(EntryKind, Value)> {
    let mut lines = Vec::new();
    let mut line = |kind, from: Value, to: Value| {
        if from != to {
            lines.push((kind, json!({ "from": from, "to": to })));
        }
    };
    line(EntryKind::Subject, json!(was.subject), json!(is.subject));
    line(EntryKind::Assigned, json!(was.assignee), json!(is.assignee));
    line(EntryKind::Team, json!(was.team), json!(is.team));
    line(EntryKind::Priority, json!(was.priority), json!(is.priority));
    line(EntryKind::Tags, json!(was.tags), json!(is.tags));
    if is.state == ConversationState::Snoozed {
        let until = |conversation: &Conversation| json!([conversation.state, conversation.snoozed_until]);
        if until(was) != until(is) {
            lines.push((EntryKind::Snoozed, json!({ "from": was.state, "to": is.snoozed_until })));
        }
    } else {
        line(EntryKind::State, json!(was.state), json!(is.state));
    }
    lines
}

/// A line as people see it.
pub(crate) fn view(entry: Entry, house: &House) -> ActivityView {
    let actor = house.author(&entry.author);
    let sentence = sentence(&entry, &actor.name, house);
    let fact = |name: &str| entry.facts.get(name).cloned().unwrap_or(Value::Null);
    ActivityView {
        id: entry.id,
        conversation_id: entry.conversation,
        at: entry.at,
        kind: entry.kind,
        from: fact("from"),
        to: fact("to"),
        rearrangement_id: fact("rearrangement_id").as_str().and_then(|id| id.parse().ok()),
        sentence,
        actor,
    }
}

fn sentence(entry: &Entry, actor: &str, house: &House) -> String {
    let text = |name: &str| entry.facts.get(name).and_then(Value::as_str);
    let count = || entry.facts.get("messages").and_then(Value::as_i64).unwrap_or_default();
    match entry.kind {
        EntryKind::Note => format!("{actor} wrote a note"),
        EntryKind::NoteRemoved => format!("{actor} removed a note"),
        EntryKind::Assigned => match text("to") {
            Some(to) if entry.author.id.as_deref() == Some(to) => format!("{actor} took this"),
            Some(to) => format!("{actor} assigned this to {}", named(house.users.get(to))),
            None => {
                format!("{actor} took {} off this", named(text("from").and_then(|id| house.users.get(id))))
            }
        },
        EntryKind::Team => match team(text("to"), house) {
            Some(name) => format!("{actor} gave this to {name}"),
            None => format!("{actor} took this from its team"),
        },
        EntryKind::State => match text("to") {
            Some("resolved") => format!("{actor} resolved this"),
            Some("open") if text("reason") == Some("reply") => "Opened again by a new message".to_owned(),
            Some("open") => format!("{actor} opened this again"),
            Some("pending") => format!("{actor} set this to pending"),
            other => format!("{actor} set this to {}", other.unwrap_or("another state")),
        },
        EntryKind::Snoozed => {
            match entry.facts.get("to").and_then(|to| serde_json::from_value(to.clone()).ok()) {
                Some(until) => format!("{actor} snoozed this until {}", day_and_time(until)),
                None => format!("{actor} snoozed this until there is a reply"),
            }
        }
        EntryKind::Woke => match text("reason") {
            Some("reply") => "Woke up: the contact wrote".to_owned(),
            _ => "Woke up: its time has come".to_owned(),
        },
        EntryKind::Priority => format!("{actor} set the priority to {}", text("to").unwrap_or("normal")),
        EntryKind::Tags => tags_sentence(entry, actor, house),
        EntryKind::Subject => format!("{actor} changed the subject to “{}”", text("to").unwrap_or_default()),
        EntryKind::Tray => match entry.facts.get("belongs").and_then(Value::as_bool) {
            Some(true) => format!("{actor} let a stranger's message in"),
            _ => format!("{actor} made a stranger's message a conversation of its own"),
        },
        EntryKind::Merged => match text("role") {
            Some("source") => format!("{actor} merged this into another conversation"),
            _ => format!("{actor} merged another conversation into this ({})", messages(count())),
        },
        EntryKind::Split => match text("role") {
            Some("source") => format!("{actor} split {} off into a new conversation", messages(count())),
            _ => format!("{actor} split {} off from another conversation", messages(count())),
        },
        EntryKind::Moved => match text("role") {
            Some("source") => format!("{actor} moved {} to another conversation", messages(count())),
            _ => format!("{actor} moved {} here from another conversation", messages(count())),
        },
        EntryKind::Undone => format!("{actor} took back the {}", text("what").unwrap_or("change")),
        EntryKind::ContactMerged => format!("{actor} merged two contacts"),
    }
}

fn tags_sentence(entry: &Entry, actor: &str, house: &House) -> String {
    let list = |name: &str| -> Vec<TagId> {
        entry.facts.get(name).and_then(|list| serde_json::from_value(list.clone()).ok()).unwrap_or_default()
    };
    let (from, to) = (list("from"), list("to"));
    let names = |these: &[TagId], without: &[TagId]| -> Vec<String> {
        let kept = these.iter().filter(|id| !without.contains(id));
        kept.map(|id| house.tags.get(id).map_or("a removed tag", |tag| &tag.name).to_owned()).collect()
    };
    let (added, removed) = (names(&to, &from), names(&from, &to));
    match (added.is_empty(), removed.is_empty()) {
        (false, true) => format!("{actor} added {}", added.join(", ")),
        (true, false) => format!("{actor} removed {}", removed.join(", ")),
        _ => format!("{actor} added {} and removed {}", added.join(", "), removed.join(", ")),
    }
}

fn named(name: Option<&String>) -> &str {
    name.map_or("somebody", String::as_str)
}

fn team<'a>(id: Option<&str>, house: &'a House) -> Option<&'a str> {
    let id: TeamId = id?.parse().ok()?;
    Some(house.teams.get(&id).map_or("a removed team", String::as_str))
}

fn messages(count: i64) -> String {
    if count == 1 { "1 message".to_owned() } else { format!("{count} messages") }
}

/// To the minute, in UTC: clients show the time of `to` in the reader's own zone.
fn day_and_time(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} {} UTC", text.get(..10).unwrap_or_default(), text.get(11..16).unwrap_or_default())
}

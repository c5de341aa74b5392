//! What `is:`, `has:`, `in:`, `tag:` and the like ask of a conversation.

use super::query::Reading;
use crate::channel::Channel;
use crate::conversation::Priority;

crate::words! {
    /// What `is:` can say.
    pub enum Is {
        Open = "open",
        Pending = "pending",
        Snoozed = "snoozed",
        Resolved = "resolved",
        Unread = "unread",
        Read = "read",
        /// Waits for somebody to say where it belongs.
        Tray = "tray",
        /// Assigned to the one who asks.
        Mine = "mine",
        Unassigned = "unassigned",
    }
}

crate::words! {
    enum Has {
        Attachment = "attachment",
        Attachments = "attachments",
        File = "file",
        Note = "note",
        Notes = "notes",
    }
}

crate::words! {
    enum In {
        Inbox = "inbox",
        Tray = "tray",
        Notes = "notes",
    }
}

/// Whose work it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Person {
    Me,
    Nobody,
    /// A name, an email address or an id, as it was typed.
    Named(String),
}

/// One thing that is asked of a conversation, or of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    Is(Is),
    Assignee(Person),
    /// A name or an id, as it was typed.
    Tag(String),
    /// A name or an id, as it was typed.
    Team(String),
    Channel(Channel),
    Priority(Priority),
    /// Of the conversation: somebody wrote a note in it.
    HasNote,
    /// Of the document: files came with it.
    HasAttachment,
    /// Of the document: it is a note.
    InNotes,
    /// Not in the tray.
    InInbox,
}

/// The operators that are no fields of text and no dates.
pub(super) const NAMES: &[&str] = &["is", "has", "in", "assignee", "tag", "team", "channel", "priority"];

/// Reads one operator's value; notes what cannot be.
pub(super) fn read(operator: &str, value: &str, reading: &mut Reading) -> Option<Condition> {
    let word = value.to_lowercase();
    let condition = match operator {
        "is" => Condition::Is(closed(operator, &word, Is::ALL, Is::as_str, reading)?),
        "has" => match closed(operator, &word, Has::ALL, Has::as_str, reading)? {
            Has::Attachment | Has::Attachments | Has::File => Condition::HasAttachment,
            Has::Note | Has::Notes => Condition::HasNote,
        },
        "in" => match closed(operator, &word, In::ALL, In::as_str, reading)? {
            In::Inbox => Condition::InInbox,
            In::Tray => Condition::Is(Is::Tray),
            In::Notes => Condition::InNotes,
        },
        "assignee" => Condition::Assignee(match word.as_str() {
            "me" => Person::Me,
            "none" | "nobody" => Person::Nobody,
            _ => Person::Named(value.to_owned()),
        }),
        "tag" => Condition::Tag(value.to_owned()),
        "team" => Condition::Team(value.to_owned()),
        "channel" => Condition::Channel(closed(operator, &word, Channel::ALL, Channel::as_str, reading)?),
        "priority" => Condition::Priority(closed(operator, &word, Priority::ALL, Priority::as_str, reading)?),
        _ => return None,
    };
    Some(condition)
}

/// A word of a closed list.
fn closed<T: Copy>(
    operator: &str,
    word: &str,
    all: &[T],
    spelled: impl Fn(T) -> &'static str,
    reading: &mut Reading,
) -> Option<T> {
    let found = all.iter().copied().find(|known| spelled(*known) == word);
    if found.is_none() {
        let known: Vec<&str> = all.iter().map(|known| spelled(*known)).collect();
        reading.note(format!("There is no '{operator}:{word}', only {}.", known.join(", ")));
    }
    found
}

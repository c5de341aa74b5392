//! One mail, and what must have become of it at the end.

use std::sync::Arc;

#[derive(Debug, Clone)]
pub struct Letter {
    /// Without angle brackets; nothing where it has none, or one that may be read in two ways.
    pub message_id: Option<String>,
    pub subject: String,
    pub belongs: Belongs,
    /// The null sender of a report is nothing.
    pub envelope_from: Option<String>,
    pub envelope_to: Vec<String>,
    /// Lines end with LF alone, which no mail server may pass on.
    pub bare_line_ends: bool,
    pub bytes: Arc<[u8]>,
}

/// What must have become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belongs {
    /// Filed; with all other mails of that thread in one conversation, and with none besides.
    Thread(usize),
    /// Filed in the conversation of a message of ours.
    Ours(usize),
    /// Filed, in no conversation of somebody else.
    Alone,
    /// A bounce of a message of ours: noted there, no conversation.
    BounceOf(usize),
    /// A bounce of what we never sent: kept, filed or not.
    Foreign,
}

/// A message that went out before the first kill.
#[derive(Debug, Clone)]
pub struct Ours {
    pub id: String,
    pub conversation: String,
    /// As it went out, without angle brackets.
    pub message_id: String,
    pub to: String,
    pub subject: String,
}

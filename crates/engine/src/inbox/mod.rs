//! The inbox: conversations, contacts and messages as people see them, and what people do with them.

mod checklist;
mod contacts;
mod conversations;
mod messages;
mod names;
mod preview;
mod tray;

pub use checklist::ChecklistStep;
pub use contacts::{ContactView, IdentityView};
pub use conversations::{
    AssigneeView, ContactBrief, ConversationChange, ConversationCounts, ConversationFilter, ConversationView,
    LastMessage,
};
pub use messages::{
    AccountBrief, AttachmentView, AttemptView, AuthorView, EventView, FileContent, MessageDetail,
    MessageFilter, MessageView, ReasonView, ThreadingView,
};

pub(crate) use preview::preview;

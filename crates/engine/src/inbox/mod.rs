//! The inbox: conversations, contacts and messages as people see them, and what people do with them.

mod checklist;
mod contacts;
mod conversations;
mod message_view;
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
pub use message_view::{
    AccountBrief, AttachmentView, AttemptView, AuthorView, EventView, MessageDetail, MessageView, ReasonView,
    ThreadingView,
};
pub use messages::{FileContent, MessageFilter};

pub(crate) use preview::preview;

//! The inbox: conversations, contacts and messages as people see them, and what people do with them.

mod activity;
mod canned_responses;
mod change;
mod checklist;
mod conversation_view;
mod conversations;
mod drafts;
mod message_view;
mod messages;
mod names;
mod note_view;
mod notes;
mod notifications;
mod person;
mod presence;
mod preview;
mod rearrange;
mod snooze;
mod tags;
mod teams;
mod tell_people;
mod timeline;
mod tray;
mod uploads;
mod views;

pub use activity::ActivityView;
pub use canned_responses::{CannedResponseChange, CannedResponseView, NewCannedResponse, RenderedResponse};
pub use change::{BulkChange, BulkChanged, ConversationChange, Skipped};
pub use checklist::ChecklistStep;
pub use conversation_view::{AssigneeView, ContactBrief, ConversationView, LastMessage, TagBrief, TeamBrief};
pub use conversations::{ConversationCounts, ConversationFilter};
pub use drafts::{DraftAddress, DraftChange, DraftContent, DraftFile, DraftView, NewDraft};
pub use message_view::{
    AccountBrief, AttachmentView, AttemptView, AuthorView, EventView, MessageDetail, MessageView, ReasonView,
    ThreadingView, WaitView,
};
pub use messages::{FileContent, MessageFilter};
pub use note_view::{MentionView, NoteFile, NoteView};
pub use notes::{NewNote, NoteChange, NoteUpload};
pub use notifications::{
    NotificationCount, NotificationFilter, NotificationView, NotificationsRead, NotifierView, NowRead,
};
pub use presence::{OthersPresent, PresenceFollower, PresenceNews, PresencePing, PresentPerson};
pub use rearrange::{Rearranged, RearrangementKind, SplitRequest};
pub use tags::{NewTag, TagChange, TagView};
pub use teams::{NewTeam, TeamChange, TeamView};
pub use timeline::TimelineItem;
pub use uploads::{LARGEST_UPLOAD, UploadLabel, UploadView};
pub use views::{NewView, SavedView, ViewChange};

pub(crate) use activity::note_return;
pub(crate) use change::ChangeOrder;
pub(crate) use conversation_view::{view as show_conversation, views as show_conversations};
pub(crate) use message_view::detail as show_message;
pub(crate) use names::{House, me};
pub(crate) use notifications::{News, notify};
pub(crate) use person::named;
pub(crate) use presence::{Presence, watch as watch_presence};
pub(crate) use preview::preview;
pub(crate) use snooze::wake;
pub(crate) use tell_people::of_reply as tell_of_reply;
pub(crate) use timeline::{Row, in_order, shown};
pub(crate) use uploads::{forget_unfinished, forget_unwanted, take as take_upload};

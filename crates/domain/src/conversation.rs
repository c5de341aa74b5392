//! Conversations: the states of one timeline with one contact.

crate::words! {
    /// Where a conversation stands.
    pub enum ConversationState {
        Open = "open",
        Pending = "pending",
        Snoozed = "snoozed",
        Resolved = "resolved",
        /// Its messages are in another conversation now.
        Merged = "merged",
    }
}

crate::words! {
    /// How urgent a conversation is.
    pub enum Priority {
        Low = "low",
        Normal = "normal",
        High = "high",
        Urgent = "urgent",
    }
}

impl ConversationState {
    /// Those that lists show.
    pub const LISTED: [ConversationState; 4] = [
        ConversationState::Open,
        ConversationState::Pending,
        ConversationState::Snoozed,
        ConversationState::Resolved,
    ];

    /// A new message from the contact opens a conversation again, whatever it was.
    #[must_use]
    pub fn after_inbound(self) -> ConversationState {
        ConversationState::Open
    }
}

crate::words! {
    /// The colour of a tag; the dashboard has a light and a dark shade of each.
    pub enum TagColor {
        Gray = "gray",
        Red = "red",
        Orange = "orange",
        Amber = "amber",
        Green = "green",
        Teal = "teal",
        Blue = "blue",
        Violet = "violet",
        Pink = "pink",
    }
}

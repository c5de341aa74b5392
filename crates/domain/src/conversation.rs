//! Conversations: the states of one timeline with one contact.

crate::words! {
    /// Where a conversation stands.
    pub enum ConversationState {
        Open = "open",
        Pending = "pending",
        Snoozed = "snoozed",
        Resolved = "resolved",
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
    /// A new message from the contact opens a conversation again, whatever it was.
    #[must_use]
    pub fn after_inbound(self) -> ConversationState {
        ConversationState::Open
    }
}

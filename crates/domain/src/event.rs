//! The event feed: the words for everything that happens, as clients of the stream and of webhooks see them.

crate::words! {
    /// The type of an event in the feed.
    pub enum FeedType {
        MessageQueued = "message.queued",
        MessageSending = "message.sending",
        MessageSent = "message.sent",
        MessageDelivered = "message.delivered",
        MessageDeferred = "message.deferred",
        MessageBounced = "message.bounced",
        MessageFailed = "message.failed",
        MessageBlocked = "message.blocked",
        MessageUnknown = "message.unknown",
        MessageCancelled = "message.cancelled",
        MessageReceived = "message.received",
        MessageUpdated = "message.updated",
        ConversationOpened = "conversation.opened",
        ConversationUpdated = "conversation.updated",
        ConversationRead = "conversation.read",
        ContactCreated = "contact.created",
        ContactUpdated = "contact.updated",
        ChannelAccountCreated = "channel_account.created",
        ChannelAccountUpdated = "channel_account.updated",
        ChannelAccountDeleted = "channel_account.deleted",
        JournalFailed = "journal.failed",
        /// A note was written, changed or removed.
        NoteChanged = "note.changed",
        NotificationCreated = "notification.created",
        NotificationRead = "notification.read",
        DraftChanged = "draft.changed",
        TagChanged = "tag.changed",
        TeamChanged = "team.changed",
        ViewChanged = "view.changed",
        CannedResponseChanged = "canned_response.changed",
        ContactMerged = "contact.merged",
        ContactImportProgressed = "contact_import.progressed",
        MailboxUpdated = "mailbox.updated",
        /// An address is not written to any more.
        SuppressionAdded = "suppression.added",
        SuppressionRemoved = "suppression.removed",
        /// A webhook was changed, began to fail, recovered, or was switched off. It is told to no webhook.
        WebhookUpdated = "webhook.updated",
    }
}

impl FeedType {
    /// The event that tells of a message's new state.
    #[must_use]
    pub fn of_state(state: crate::message::MessageState) -> FeedType {
        use crate::message::MessageState as S;
        match state {
            S::Queued | S::Scheduled => FeedType::MessageQueued,
            S::Sending => FeedType::MessageSending,
            S::Sent => FeedType::MessageSent,
            S::Delivered => FeedType::MessageDelivered,
            S::Deferred => FeedType::MessageDeferred,
            S::Bounced => FeedType::MessageBounced,
            S::Failed => FeedType::MessageFailed,
            S::Blocked => FeedType::MessageBlocked,
            S::Unknown => FeedType::MessageUnknown,
            S::Cancelled => FeedType::MessageCancelled,
            S::Received => FeedType::MessageReceived,
            S::Draft | S::Held | S::Read => FeedType::MessageUpdated,
        }
    }
}

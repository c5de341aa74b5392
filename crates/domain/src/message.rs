//! Messages: their states, and how events move them — by rank, never backwards, whatever order they arrive in.

crate::words! {
    /// Which way a message went.
    pub enum Direction {
        Inbound = "inbound",
        Outbound = "outbound",
    }
}

crate::words! {
    /// Where a message stands.
    pub enum MessageState {
        /// Written, not given to the queue.
        Draft = "draft",
        /// Waits for its time.
        Scheduled = "scheduled",
        /// Waits for a sender.
        Queued = "queued",
        /// Waits for a person or for its account to be mended.
        Held = "held",
        /// The provider is being asked now.
        Sending = "sending",
        /// The provider has taken it.
        Sent = "sent",
        /// The recipient's system has taken it.
        Delivered = "delivered",
        /// The recipient has opened it.
        Read = "read",
        /// The provider goes on trying.
        Deferred = "deferred",
        /// It may have been sent: the request left and no answer came.
        Unknown = "unknown",
        /// The recipient's system sent it back.
        Bounced = "bounced",
        /// It was not sent and will not be.
        Failed = "failed",
        /// A rule forbade it.
        Blocked = "blocked",
        /// Somebody called it back before it left.
        Cancelled = "cancelled",
        /// Came from outside.
        Received = "received",
    }
}

crate::words! {
    /// What happened to a message; the normal form of all providers' events and of our own steps.
    pub enum EventKind {
        Queued = "queued",
        Scheduled = "scheduled",
        Held = "held",
        Released = "released",
        Started = "started",
        Accepted = "accepted",
        Sent = "sent",
        Delivered = "delivered",
        Deferred = "deferred",
        BouncedHard = "bounced_hard",
        BouncedSoft = "bounced_soft",
        Complained = "complained",
        Unsubscribed = "unsubscribed",
        Resubscribed = "resubscribed",
        Opened = "opened",
        Clicked = "clicked",
        Rejected = "rejected",
        Failed = "failed",
        Unknown = "unknown",
        Reconciled = "reconciled",
        Resent = "resent",
        Retried = "retried",
        /// It goes on through another account; nothing had been sent.
        Rerouted = "rerouted",
        Cancelled = "cancelled",
        Received = "received",
        Moved = "moved",
        /// A rule forbade it: wholly, or for the recipient that is named.
        Blocked = "blocked",
        /// An event type that we do not know; kept raw.
        Other = "other",
    }
}

impl MessageState {
    /// Whether the message has left for good or never will: nothing in the queue waits for it.
    #[must_use]
    pub fn is_settled(self) -> bool {
        !matches!(
            self,
            MessageState::Draft
                | MessageState::Scheduled
                | MessageState::Queued
                | MessageState::Held
                | MessageState::Sending
                | MessageState::Unknown
        )
    }

    /// Whether it can still be called back: nothing of it has left.
    #[must_use]
    pub fn is_cancellable(self) -> bool {
        matches!(
            self,
            MessageState::Draft | MessageState::Scheduled | MessageState::Queued | MessageState::Held
        )
    }

    /// Whether a person may ask to send it again: it is known that it did not arrive.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(
            self,
            MessageState::Failed | MessageState::Bounced | MessageState::Held | MessageState::Blocked
        )
    }

    /// Whether the provider has spoken of it: then it has it.
    #[must_use]
    pub fn is_reported(self) -> bool {
        self.rank() >= MessageState::Sent.rank()
    }

    /// The strength of what is known after the provider took the message. A later report of lower rank says nothing new.
    fn rank(self) -> u8 {
        match self {
            MessageState::Draft
            | MessageState::Scheduled
            | MessageState::Queued
            | MessageState::Held
            | MessageState::Blocked
            | MessageState::Cancelled
            | MessageState::Received => 0,
            MessageState::Sending | MessageState::Unknown => 1,
            MessageState::Sent => 2,
            MessageState::Deferred => 3,
            MessageState::Delivered => 4,
            // A soft bounce may be overtaken by a delivery, but a hard bounce or a failure after delivery stands
            // (asynchronous bounces), and an opened message was surely delivered.
            MessageState::Failed => 5,
            MessageState::Bounced => 6,
            MessageState::Read => 7,
        }
    }

    /// The state after a provider's event: the stronger of what is known and what the event says.
    ///
    /// Order and repetition do not matter: any sequence of the same events ends in the same state.
    #[must_use]
    pub fn after(self, event: EventKind) -> MessageState {
        let Some(said) = said_by(event) else { return self };
        if matches!(self, MessageState::Received | MessageState::Draft) {
            return self;
        }
        if said.rank() > self.rank() { said } else { self }
    }
}

/// The state that a provider's event speaks of; `None` when it does not speak of delivery.
fn said_by(event: EventKind) -> Option<MessageState> {
    match event {
        EventKind::Accepted | EventKind::Sent | EventKind::Reconciled => Some(MessageState::Sent),
        EventKind::Deferred => Some(MessageState::Deferred),
        EventKind::Delivered | EventKind::Complained | EventKind::Unsubscribed => {
            Some(MessageState::Delivered)
        }
        EventKind::Opened | EventKind::Clicked => Some(MessageState::Read),
        EventKind::BouncedHard | EventKind::BouncedSoft => Some(MessageState::Bounced),
        EventKind::Rejected | EventKind::Failed => Some(MessageState::Failed),
        _ => None,
    }
}

//! Notifications: why a person is told of something.

crate::words! {
    /// Why somebody is told.
    pub enum NotificationKind {
        /// A note names this person, or a team of theirs.
        Mention = "mention",
        /// Somebody else gave them a conversation.
        Assigned = "assigned",
        /// Somebody else gave a conversation to a team of theirs.
        TeamAssigned = "team_assigned",
        /// The contact wrote in a conversation that is theirs.
        Replied = "replied",
        /// A conversation of theirs that was snoozed is open again.
        Woke = "woke",
        /// A mailbox stopped and needs a person.
        Mailbox = "mailbox",
        /// A webhook was switched off because it only failed.
        Webhook = "webhook",
    }
}

//! Loop guards: why a message counts as written by a machine, so that no machine of ours answers it.

use std::time::Duration;

crate::words! {
    /// The mark by which a message counts as automatic.
    pub enum Automatic {
        /// `Auto-Submitted` (RFC 3834) or one of its relatives: vacation replies, ticket systems.
        AutoSubmitted = "auto_submitted",
        /// `Precedence: bulk` or `junk`, or a sender that asks not to be answered (`X-Auto-Response-Suppress`).
        Bulk = "bulk",
        /// `List-Id` or `List-Unsubscribe`.
        List = "list",
        /// No return path: a bounce or a reply of a machine.
        NullSender = "null_sender",
        /// `multipart/report`.
        Report = "report",
        /// It comes from an address of ours.
        OwnAddress = "own_address",
        /// The same contact wrote more often within an hour than people do.
        TooMany = "too_many",
    }
}

impl Automatic {
    /// The reason in a sentence for people.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Automatic::AutoSubmitted => "It says that a machine wrote it.",
            Automatic::Bulk => "It was sent to many, or asks not to be answered by machines.",
            Automatic::List => "It came through a mailing list.",
            Automatic::NullSender => "It has no return address.",
            Automatic::Report => "It is a report of a mail server.",
            Automatic::OwnAddress => "It comes from one of your own addresses.",
            Automatic::TooMany => "This contact wrote unusually often within an hour.",
        }
    }
}

/// More messages of one contact than this within [`RATE_WINDOW`] look like two machines that answer each other.
pub const MOST_IN_WINDOW: u32 = 20;

/// The time over which messages of a contact are counted.
pub const RATE_WINDOW: Duration = Duration::from_hours(1);

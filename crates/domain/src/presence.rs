//! Presence: what a person does in a conversation at this moment.

use std::time::Duration;

/// How long somebody counts as being there without saying so again.
pub const PRESENT_FOR: Duration = Duration::from_secs(30);

crate::words! {
    /// What somebody does in a conversation.
    pub enum Doing {
        Viewing = "viewing",
        Typing = "typing",
        /// Not there any more.
        Away = "away",
    }
}

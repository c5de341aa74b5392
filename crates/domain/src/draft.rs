//! Drafts: what a text that is still being written will become.

crate::words! {
    /// What a draft will become.
    pub enum DraftKind {
        Reply = "reply",
        Note = "note",
        /// A message that opens a conversation.
        New = "new",
        Forward = "forward",
    }
}

//! The channels on which a business talks.

crate::words! {
    /// A way to reach a person.
    pub enum Channel {
        /// Internet mail.
        Email = "email",
        /// Prints on the server's console; for development.
        Console = "console",
    }
}

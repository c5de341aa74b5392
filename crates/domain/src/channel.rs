//! The channels on which a business talks.

crate::words! {
    /// A way to reach a person.
    pub enum Channel {
        /// Internet mail.
        Email = "email",
        /// Text messages to phone numbers.
        Sms = "sms",
        Whatsapp = "whatsapp",
        /// Prints on the server's console; for development.
        Console = "console",
    }
}

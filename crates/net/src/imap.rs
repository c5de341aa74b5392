//! Reads mailboxes over IMAP (RFC 3501, RFC 9051): signs in, looks for new mail, fetches it unchanged and unmarked, waits
//! for more. Whatever the server says, nothing here panics, grows without limit or waits for ever.

mod assemble;
mod config;
mod connect;
mod fault;
mod folder;
mod response;
mod session;
mod set;
mod wire;

pub use config::{ImapConfig, Security, SignIn, Timeouts};
pub use fault::ImapFault;
pub use session::{Fetched, Imap, Listed, Selected};

//! Internet mail as bytes: composed, parsed, cleaned and cut. Pure: no I/O, no clock, no chance.

pub mod address;
mod compose;
mod html;
mod parse;
pub mod quote;
mod sniff;

pub use compose::compose;
pub use html::{RemoteImages, Sanitised, sanitise_html};
pub use parse::{AutoMarks, Parsed, Part, parse};
pub use sniff::sniff;

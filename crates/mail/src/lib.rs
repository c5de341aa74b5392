//! Internet mail as bytes: composed, parsed, cleaned and cut. Pure: no I/O, no clock, no chance.

pub mod address;
mod compose;
pub mod dkim;
mod html;
mod parse;
pub mod quote;
mod rebuild;
pub mod report;
mod sniff;

pub use compose::compose;
pub use html::{RemoteImages, Sanitised, sanitise_html};
pub use parse::{
    AuthenticationResult, AuthenticationResults, AutoMark, AutoMarks, Calendar, CalendarTime, Parsed, Part,
    Verdict, parse,
};
pub use rebuild::{Fields, rebuild};
pub use sniff::sniff;

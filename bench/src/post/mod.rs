//! The post of a small business: who writes what to whom, in the manner of which mail client, in what
//! order it arrives, and the carriers that repeat what was not answered.

pub mod carrier;
pub mod correspondence;
pub mod encoding;
pub mod letter;
pub mod odd;
pub mod report;
pub mod round;
pub mod style;

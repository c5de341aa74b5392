//! What this machine can do at all: the limits that the scenarios are compared with, round by round.

pub mod bare;
pub mod fsync;
pub mod group_commit;
pub mod smtp_raw;

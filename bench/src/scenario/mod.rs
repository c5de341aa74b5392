//! One file per scenario; each runs once on a fresh installation and returns its figures.

pub mod accept;
pub mod accept_batch;
pub mod archive;
pub mod deliver;
pub mod deliver_http;
pub mod deliver_smtp;
pub mod desk;
pub mod durability;
pub mod filed;
pub mod fill;
pub mod inbound;
pub mod inbox;
pub mod kill;
pub mod kill_inbound;
pub mod latency;
pub mod memory;
pub mod recovery;
pub mod search;
pub mod start;
pub mod storm;
pub mod verdict;

/// Far enough away that nothing is dispatched while the run lasts.
pub const NEVER_IN_THIS_RUN: &str = "2035-01-01T00:00:00Z";

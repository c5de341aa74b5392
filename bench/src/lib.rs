//! Measures the product from outside: it starts the binary, loads it through its front door and
//! counts what arrives at its own sinks. Nothing here links to the product's crates.

pub mod accounting;
pub mod chance;
pub mod cluster;
pub mod database;
pub mod figures;
pub mod flush;
pub mod histogram;
pub mod http;
pub mod ledger;
pub mod letters;
pub mod load;
pub mod output;
pub mod peer;
pub mod people;
pub mod post;
pub mod product;
pub mod scenario;
pub mod settings;
pub mod smtp;
pub mod stand_in;
pub mod storm;
pub mod stubborn;
pub mod surroundings;
pub mod trace;
pub mod watch;
pub mod words;
pub mod yardstick;

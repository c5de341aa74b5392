//! Everything that tests and the demo stand on: the whole app on a fresh database, a clock that tests move, simulated
//! providers and customers.

pub mod app;
pub mod counterparts;
pub mod demo;
pub mod sdk;
pub mod sim;

pub use app::{Actor, Reply, TestApp};

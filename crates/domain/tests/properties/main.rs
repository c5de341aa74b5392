//! What holds for every value, not only for the examples: words and rules of the domain under chance.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise, also in its helpers")]

extern crate chancery_domain as domain;

mod addresses;
mod delivery;
mod order;
mod threading;
mod waiting;

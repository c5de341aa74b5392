//! What holds for every value, not only for the examples: words and rules of the domain under chance.

extern crate chancery_domain as domain;

mod addresses;
mod canned;
mod delivery;
mod order;
mod search;
mod threading;
mod waiting;
mod webhooks;

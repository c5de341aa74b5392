//! What holds for every value, not only for the examples: words and rules of the domain under chance.

extern crate chancery_domain as domain;

mod addresses;
mod delivery;
mod order;
mod threading;
mod waiting;

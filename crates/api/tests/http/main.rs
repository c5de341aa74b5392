//! The server as its clients see it.

mod front;
mod house;
mod identity;

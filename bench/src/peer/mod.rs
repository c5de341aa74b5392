//! Other people's servers on the same machine, with the same messages and the same sink.

pub mod compare;
pub mod postfix;

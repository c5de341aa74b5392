//! Search: words as they are looked for, the language of queries, and the place in a text that shows a hit. One folding of
//! words serves documents and queries alike, so that both databases find the same.

mod dates;
mod fold;
mod operators;
mod query;
mod snippet;

pub use fold::{Token, fold, folded, is_same_name, tokens};
pub use operators::{Condition, Is, Person};
pub use query::{Alternatives, Field, Query, Term, Understood, UnderstoodFilter, parse};
pub use snippet::{Piece, mark, snippet};

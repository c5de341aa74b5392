//! People, sessions and keys.

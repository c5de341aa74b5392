//! Encryption at rest.

/// Seals and opens secrets.
pub struct Vault;

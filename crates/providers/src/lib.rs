//! chancery-providers

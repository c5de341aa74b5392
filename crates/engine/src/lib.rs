//! chancery-engine

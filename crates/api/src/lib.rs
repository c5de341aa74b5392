//! chancery-api

//! chancery-mail

//! What users can rely on, told through the front door: every story runs on SQLite, and on PostgreSQL where there is one.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may stop at the first surprise, and says aloud what it left out"
)]

#[macro_use]
mod story;
mod scene;

mod answers;
mod audit;
mod broken_mail;
mod channels;
mod cli;
mod contacts;
mod crash;
mod dkim;
mod doctor;
mod failover;
mod failures;
mod feed;
mod inbox;
mod lmtp;
mod mailboxes;
mod mailgun;
mod order;
mod people;
mod postmark;
mod receiving;
mod reconciling;
mod refusals;
mod reports;
mod resend;
mod search;
mod sendgrid;
mod sending;
mod ses;
mod suppression;
mod together;
mod unknown;
mod uploads;
mod vendor;
mod views;
mod webhook_replays;
mod webhooks;
mod webhooks_out;
mod working;

//! Message providers, one folder each. A provider encodes, decodes and classifies; it never retries: the queue does.

mod answer;
mod connect;
mod console;
mod form;
mod letter;
mod limits;
mod mailgun;
mod manifest;
mod postmark;
mod provider;
mod resend;
#[cfg(test)]
mod samples;
mod sendgrid;
mod ses;
pub mod settings;
mod smtp;
mod smtp2go;
mod webhook;

pub use connect::{Surroundings, connect};
pub use manifest::{Capabilities, Link, Manifest};
pub use net::check::CheckStep;
pub use provider::{
    ASKED, Confirmation, Fact, LookUpRequest, Missed, MissedRequest, NotDone, Provider, RawRequest,
    ReceivedMail, Refusal, Refused, StoredMail, Suppressed, Unreadable,
};
pub use smtp::signing::read as dkim_keys;

/// Every provider there is, in the order in which people see them.
#[must_use]
pub fn all() -> &'static [&'static Manifest] {
    static ALL: [&Manifest; 8] = [
        &smtp::MANIFEST,
        &smtp2go::MANIFEST,
        &mailgun::MANIFEST,
        &sendgrid::MANIFEST,
        &ses::MANIFEST,
        &postmark::MANIFEST,
        &resend::MANIFEST,
        &console::MANIFEST,
    ];
    &ALL
}

/// The provider's id of a message, when a Message-ID is of the form that some provider writes in place of ours.
#[must_use]
pub fn provider_id_in(rfc_message_id: &str) -> Option<&str> {
    all().iter().filter_map(|manifest| manifest.provider_id_in).find_map(|id_in| id_in(rfc_message_id))
}

/// The provider of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Manifest> {
    all().iter().copied().find(|manifest| manifest.name == name)
}

//! Message providers, one folder each. A provider encodes, decodes and classifies; it never retries: the queue does.

mod connect;
mod console;
mod limits;
mod manifest;
mod provider;
pub mod settings;
mod smtp;
mod smtp2go;

pub use connect::{Surroundings, connect};
pub use manifest::{Capabilities, Link, Manifest};
pub use net::check::CheckStep;
pub use provider::{LookUpRequest, Provider, RawRequest, Refused, Unreadable};

/// Every provider there is, in the order in which people see them.
#[must_use]
pub fn all() -> &'static [&'static Manifest] {
    static ALL: [&Manifest; 3] = [&smtp::MANIFEST, &smtp2go::MANIFEST, &console::MANIFEST];
    &ALL
}

/// The provider of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Manifest> {
    all().iter().copied().find(|manifest| manifest.name == name)
}

//! The providers that there are, as people choose from them.

use domain::access::{Permission, Principal};
use domain::channel::Channel;
use providers::{Capabilities, Manifest};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{Engine, Error};

/// One provider with everything that a form and a guide need.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Provider")]
pub struct ProviderView {
    pub name: String,
    pub title: String,
    pub channels: Vec<Channel>,
    pub summary: String,
    /// JSON Schema 2020-12 of the settings; secrets carry `writeOnly`.
    pub schema: serde_json::Value,
    /// The manual page, Markdown.
    pub guide: String,
    pub capabilities: Capabilities,
    pub links: Vec<LinkView>,
}

/// Something to read elsewhere.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ProviderLink")]
pub struct LinkView {
    pub title: String,
    pub url: String,
}

/// Every provider, in the order in which people see them.
#[must_use]
pub fn catalogue() -> Vec<ProviderView> {
    providers::all().iter().map(|manifest| view(manifest)).collect()
}

impl Engine {
    /// The providers to choose from.
    ///
    /// # Errors
    /// Missing permission.
    pub fn providers(&self, principal: &Principal) -> Result<Vec<ProviderView>, Error> {
        principal.require(Permission::ChannelsRead)?;
        Ok(catalogue())
    }
}

fn view(manifest: &Manifest) -> ProviderView {
    ProviderView {
        name: manifest.name.to_owned(),
        title: manifest.title.to_owned(),
        channels: manifest.channels.to_vec(),
        summary: manifest.summary.to_owned(),
        schema: (manifest.schema)(),
        guide: manifest.guide.to_owned(),
        capabilities: manifest.capabilities,
        links: manifest
            .links
            .iter()
            .map(|link| LinkView { title: link.title.to_owned(), url: link.url.to_owned() })
            .collect(),
    }
}

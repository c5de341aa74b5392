//! Makes a working account out of a provider's name and its settings.

use std::sync::Arc;

use domain::clock::Clock;
use domain::invalid::Invalid;

use crate::provider::Provider;

/// What providers use of the process they run in.
#[derive(Clone)]
pub struct Surroundings {
    pub http: net::http::Client,
    pub clock: Clock,
    /// Where the console provider prints.
    pub console: Arc<dyn Fn(&str) + Send + Sync>,
    /// Our name towards mail servers.
    pub hello_name: String,
}

/// Makes an account. Nothing is connected yet: settings are read and checked.
///
/// # Errors
/// Names the setting, as a pointer such as `/settings/host`, or `/provider` when there is none of that name.
pub fn connect(
    name: &str,
    settings: serde_json::Value,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Provider>, Invalid> {
    let Some(manifest) = crate::find(name) else {
        let names: Vec<&str> = crate::all().iter().map(|manifest| manifest.name).collect();
        return Err(Invalid::at("/provider", format!("expected one of {}", names.join(", "))));
    };
    (manifest.connect)(settings, surroundings)
}

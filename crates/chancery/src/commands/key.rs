//! `chancery key`: API keys.

use clap::Subcommand;
use domain::access::Scopes;
use domain::ids::ApiKeyId;
use domain::page::PageRequest;
use engine::access::NewApiKey;
use serde_json::json;

use super::{operator, with_engine};
use crate::output;
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Create a key; it is shown this once
    Create {
        #[arg(long)]
        name: String,
        /// `*`, or permissions separated by commas, such as messages:write,messages:read
        #[arg(long, default_value = "*")]
        scopes: String,
        #[arg(long)]
        json: bool,
    },
    /// List keys, without the keys themselves
    List {
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key; it stops working at once
    Revoke { id: ApiKeyId },
}

impl Key {
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        with_engine(&settings, async |engine| match self {
            Key::Create { name, scopes, json } => {
                let words: Vec<&str> = scopes.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
                let scopes = Scopes::parse(&words)?;
                let created = engine.create_api_key(&operator(), NewApiKey { name, scopes }).await?;
                let key = created.key.reveal();
                let value = json!({ "id": created.kept.id, "key": key });
                output::result(json, &value, &format!("{key}\n(shown only now; its id is {})", created.kept.id))
            }
            Key::List { json } => {
                let page = engine.api_keys(&operator(), PageRequest { limit: 200, after: None }).await?;
                for key in page.rows {
                    let state = if key.revoked_at.is_some() { "revoked" } else { "active" };
                    let scopes = key.scopes.words();
                    let value = json!({ "id": key.id, "name": key.name, "prefix": key.prefix, "scopes": scopes, "state": state });
                    let line = format!("{}  {}…  {state}  {}  {}", key.id, key.prefix, scopes.join(","), key.name);
                    output::result(json, &value, &line)?;
                }
                Ok(())
            }
            Key::Revoke { id } => {
                engine.revoke_api_key(&operator(), id).await?;
                output::line("revoked")
            }
        })
        .await
    }
}

//! `chancery audit`: is the log whole?

use clap::Subcommand;
use domain::ids::TenantId;
use engine::audit::{self, Verification};
use serde_json::json;

use super::with_engine;
use crate::output;
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Check the hash chain of the audit log from its first entry
    Verify {
        #[arg(long)]
        json: bool,
    },
}

impl Audit {
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        let Audit::Verify { json } = self;
        let verification =
            with_engine(&settings, async |engine| Ok(audit::verify(engine.store(), TenantId(1)).await?))
                .await?;
        match verification {
            Verification::Whole { entries, head } => {
                let value = json!({ "ok": true, "entries": entries, "head": head });
                output::result(json, &value, &format!("whole: {entries} entries, head {head}"))
            }
            Verification::Broken { at, explanation } => {
                let value = json!({ "ok": false, "broken_at": at, "explanation": explanation });
                output::result(json, &value, &format!("BROKEN at entry {at}: {explanation}"))?;
                anyhow::bail!("the audit log was changed")
            }
        }
    }
}

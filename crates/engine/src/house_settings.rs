//! Settings of the whole house: how long raw mail is kept, how long a message can be called back.

use domain::access::{Permission, Principal};
use domain::ids::TenantId;
use domain::invalid::Faults;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Tx, settings};

use crate::{Engine, Error, audit};

const JOURNAL_RETENTION: &str = "journal_retention_days";
const UNDO_SEND: &str = "undo_send_seconds";
const WEBHOOK_LOG: &str = "webhook_log_days";

/// The settings of the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Settings")]
pub struct HouseSettings {
    /// Days after which processed and ignored entries of the inbound journal are deleted, and with them the raw form of
    /// received mail. Null: never. Messages and their files stay; entries that failed stay until somebody settles them.
    pub journal_retention_days: Option<u32>,
    /// How long the dashboard holds a message back, so that it can be called back.
    pub undo_send_seconds: u32,
    /// How long the log of webhooks is kept, with what was sent and answered.
    pub webhook_log_days: u32,
}

impl Default for HouseSettings {
    fn default() -> HouseSettings {
        HouseSettings { journal_retention_days: None, undo_send_seconds: 10, webhook_log_days: 30 }
    }
}

/// What changes of them; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsChange {
    /// 1 to 3650 days, or null for never.
    #[serde(default, deserialize_with = "crate::patch::present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u32>", range(min = 1, max = 3650))]
    pub journal_retention_days: Option<Option<u32>>,
    /// 0 to 120 seconds.
    #[serde(default)]
    #[schemars(range(max = 120))]
    pub undo_send_seconds: Option<u32>,
    /// 3 to 3650 days.
    #[serde(default)]
    #[schemars(range(min = 3, max = 3650))]
    pub webhook_log_days: Option<u32>,
}

/// Reads them; what was never set has its default.
pub(crate) fn read(tx: &mut Tx<'_>, tenant: TenantId) -> Result<HouseSettings, store::Error> {
    let defaults = HouseSettings::default();
    let number = |text: Option<String>| text.and_then(|text| text.parse().ok());
    Ok(HouseSettings {
        journal_retention_days: number(settings::get(tx, tenant, JOURNAL_RETENTION)?),
        undo_send_seconds: number(settings::get(tx, tenant, UNDO_SEND)?)
            .unwrap_or(defaults.undo_send_seconds),
        webhook_log_days: number(settings::get(tx, tenant, WEBHOOK_LOG)?)
            .unwrap_or(defaults.webhook_log_days),
    })
}

impl Engine {
    /// The settings of the house, for everybody who works in it.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn house_settings(&self, principal: &Principal) -> Result<HouseSettings, Error> {
        principal.require(Permission::ConversationsRead)?;
        let tenant = principal.tenant;
        Ok(self.core.store.read(move |tx| read(tx, tenant)).await?)
    }

    /// Changes the settings of the house.
    ///
    /// # Errors
    /// [`Error::Invalid`] names what is out of bounds.
    pub async fn change_house_settings(
        &self,
        principal: &Principal,
        change: SettingsChange,
    ) -> Result<HouseSettings, Error> {
        principal.require(Permission::SettingsWrite)?;
        let mut faults = Faults::default();
        if let Some(Some(days)) = change.journal_retention_days
            && !(1..=3_650).contains(&days)
        {
            faults.note("/journal_retention_days", "expected 1 to 3650 days, or null for never");
        }
        if change.undo_send_seconds.is_some_and(|seconds| seconds > 120) {
            faults.note("/undo_send_seconds", "expected 0 to 120 seconds");
        }
        // Deliveries are tried for more than a day.
        if change.webhook_log_days.is_some_and(|days| !(3..=3_650).contains(&days)) {
            faults.note("/webhook_log_days", "expected 3 to 3650 days");
        }
        faults.finish()?;
        let (tenant, now, actor) = (principal.tenant, self.core.clock.now(), principal.actor.clone());
        self.core
            .store
            .write(tenant, move |tx| {
                if let Some(days) = change.journal_retention_days {
                    // An empty text is no number: never.
                    let text = days.map(|days| days.to_string()).unwrap_or_default();
                    settings::put(tx, tenant, JOURNAL_RETENTION, &text)?;
                }
                if let Some(seconds) = change.undo_send_seconds {
                    settings::put(tx, tenant, UNDO_SEND, &seconds.to_string())?;
                }
                if let Some(days) = change.webhook_log_days {
                    settings::put(tx, tenant, WEBHOOK_LOG, &days.to_string())?;
                }
                let is = read(tx, tenant)?;
                audit::record(tx, tenant, &actor, "settings.changed", "settings", &json!(is), now)?;
                Ok(is)
            })
            .await
    }
}

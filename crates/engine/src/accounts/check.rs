//! Trying an account without sending anything.

use domain::access::{Permission, Principal};
use domain::ids::AccountId;
use providers::CheckStep;
use schemars::JsonSchema;
use serde::Serialize;
use store::accounts::{self, Account, Health};

use super::connect;
use crate::{Engine, Error};

/// What came of a check.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ChannelAccountCheck")]
pub struct Checked {
    pub ok: bool,
    pub steps: Vec<CheckStep>,
}

impl Engine {
    /// Asks the provider whether the account would work. A stopped account that passes goes on.
    ///
    /// # Errors
    /// [`Error::NotFound`]; that the check itself fails is an answer, not an error.
    pub async fn check_channel_account(
        &self,
        principal: &Principal,
        id: AccountId,
    ) -> Result<Checked, Error> {
        principal.require(Permission::ChannelsWrite)?;
        let core = &self.core;
        let tenant = principal.tenant;
        let found = core.store.read(move |tx| accounts::get(tx, tenant, id)).await?;
        let account = found.ok_or(Error::NotFound("channel account"))?;
        let steps = match connect::provider_of(core, &account) {
            Ok(provider) => provider.check().await,
            Err(invalid) => vec![CheckStep::failed("settings", invalid.to_string())],
        };
        let failed = steps.iter().find(|step| !step.ok).map(|step| step.detail.clone());
        let ok = failed.is_none();
        let (now, checked_as_of) = (core.clock.now(), account.updated_at);
        core.store
            .write(tenant, move |tx| {
                // Read again: a check takes its time, and what was changed meanwhile was not checked.
                let Some(row) = accounts::get(tx, tenant, id)? else { return Ok(()) };
                if row.updated_at != checked_as_of {
                    return Ok(());
                }
                let health = match (ok, row.health) {
                    (true, _) => Health::Ok,
                    (false, Health::Stopped) => Health::Stopped,
                    (false, _) => Health::Failing,
                };
                let last_error_at = if ok { row.last_error_at } else { Some(now) };
                let last_error = failed.clone();
                let row = Account { health, last_error, last_error_at, checked_at: Some(now), ..row };
                accounts::update(tx, &row)?;
                Ok::<_, store::Error>(())
            })
            .await?;
        connect::reload(core, tenant, id).await;
        Ok(Checked { ok, steps })
    }
}

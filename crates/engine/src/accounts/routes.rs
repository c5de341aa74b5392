//! Inbound routes: the recipient addresses that the SMTP listener takes mail for.

use std::sync::Arc;

use domain::access::{Permission, Principal};
use domain::address::EmailAddress;
use domain::clock::Timestamp;
use domain::ids::{AccountId, RouteId, TenantId};
use domain::invalid::Invalid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::routes::{self, InboundRoute};

use crate::core::Core;
use crate::{Engine, Error, audit};

/// A route to add.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRoute {
    /// An address (`support@example.com`) or a whole domain (`@example.com`).
    pub address: String,
    /// The account whose conversations these are.
    #[serde(default)]
    pub account_id: Option<AccountId>,
}

/// A route.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "InboundRoute")]
pub struct RouteView {
    pub id: RouteId,
    pub address: String,
    pub account_id: Option<AccountId>,
    pub created_at: Timestamp,
}

impl Engine {
    /// The routes of the tenant.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn inbound_routes(&self, principal: &Principal) -> Result<Vec<RouteView>, Error> {
        principal.require(Permission::ChannelsRead)?;
        let tenant = principal.tenant;
        let rows = self.core.store.read(move |tx| routes::list(tx, tenant)).await?;
        Ok(rows.into_iter().map(view).collect())
    }

    /// Adds a route.
    ///
    /// # Errors
    /// [`Error::Invalid`]; `route_taken` when the address has one already.
    pub async fn add_inbound_route(&self, principal: &Principal, new: NewRoute) -> Result<RouteView, Error> {
        principal.require(Permission::ChannelsWrite)?;
        let core = &self.core;
        let address_key = checked_address(&new.address)?;
        let (tenant, now) = (principal.tenant, core.clock.now());
        let route = InboundRoute {
            tenant,
            id: core.ids.next(),
            address_key,
            account: new.account_id,
            created_at: now,
        };
        let (row, actor) = (route.clone(), principal.actor.clone());
        core.store
            .write(tenant, move |tx| {
                if let Some(account) = row.account
                    && store::accounts::get(tx, tenant, account)?.is_none()
                {
                    return Err(Invalid::at("/account_id", "there is no account with this id").into());
                }
                if !routes::insert(tx, &row)? {
                    return Err(Error::conflict("route_taken", "this address is routed already"));
                }
                let detail = json!({ "account_id": row.account });
                Ok(audit::record(
                    tx,
                    tenant,
                    &actor,
                    "inbound_route.created",
                    &row.id.to_string(),
                    &detail,
                    now,
                )?)
            })
            .await?;
        relink(core, tenant).await;
        Ok(view(route))
    }

    /// Removes a route; mail for its address is refused from then on.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn remove_inbound_route(&self, principal: &Principal, id: RouteId) -> Result<(), Error> {
        principal.require(Permission::ChannelsWrite)?;
        let core = &self.core;
        let (tenant, now, actor) = (principal.tenant, core.clock.now(), principal.actor.clone());
        core.store
            .write(tenant, move |tx| {
                if !routes::delete(tx, tenant, id)? {
                    return Err(Error::NotFound("inbound route"));
                }
                Ok(audit::record(
                    tx,
                    tenant,
                    &actor,
                    "inbound_route.deleted",
                    &id.to_string(),
                    &json!({}),
                    now,
                )?)
            })
            .await?;
        relink(core, tenant).await;
        Ok(())
    }
}

/// Whether mail to an address comes in here, by a route or through a mailbox, and is this tenant's.
pub(crate) async fn covers(core: &Arc<Core>, tenant: TenantId, address: &str) -> Result<bool, Error> {
    let Ok(address) = address.parse::<EmailAddress>() else { return Ok(false) };
    let key = address.key();
    core.store
        .read(move |tx| {
            let route = routes::find(tx, &key)?;
            Ok(route.is_some_and(|route| route.tenant == tenant)
                || crate::mailboxes::takes_replies_for(tx, tenant, &key)?)
        })
        .await
}

/// Accounts learn whether answers to them come in here.
async fn relink(core: &Arc<Core>, tenant: TenantId) {
    for sender in core.senders.all() {
        if sender.tenant == tenant {
            super::reload(core, tenant, sender.id).await;
        }
    }
}

fn checked_address(text: &str) -> Result<String, Invalid> {
    let text = text.trim();
    let fault = || {
        Invalid::at(
            "/address",
            "expected an address such as support@example.com or a domain such as @example.com",
        )
    };
    let probe = if text.starts_with('@') { format!("postmaster{text}") } else { text.to_owned() };
    let address: EmailAddress = probe.parse().map_err(|_| fault())?;
    if text.starts_with('@') { Ok(format!("@{}", address.domain())) } else { Ok(address.key()) }
}

fn view(row: InboundRoute) -> RouteView {
    RouteView { id: row.id, address: row.address_key, account_id: row.account, created_at: row.created_at }
}

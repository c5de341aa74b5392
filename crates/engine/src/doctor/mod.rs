//! The doctor: looks at everything that can be wrong around this server, and says what to do in words. It changes nothing.

mod accounts;
mod backup;
mod clock;
mod disk;
mod dns;
mod mailboxes;
mod queue;
mod report;
mod tls;
mod webhooks;

use std::path::PathBuf;

use domain::access::{Permission, Principal};
use net::dns::ResolverChoice;
use schemars::JsonSchema;
use serde::Deserialize;

pub use backup::LAST_BACKUP;
pub use report::{Area, Check, CheckState, DoctorReport, Subject};
pub use webhooks::ECHO_PATH;

use crate::{Engine, Error};

/// What the doctor is told of the server that it cannot see.
#[derive(Debug, Clone, Default)]
pub struct DoctorOptions {
    pub resolver: ResolverChoice,
    /// A web server whose clock is believed; none: those of the providers.
    pub clock_source: Option<String>,
    /// The certificate chain of the SMTP listener.
    pub smtp_certificate: Option<PathBuf>,
}

/// What is looked at.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DoctorRequest {
    /// Only these areas; all when empty.
    pub only: Vec<Area>,
}

impl Engine {
    /// Looks at everything, or at some areas.
    ///
    /// # Errors
    /// Missing permission; faults of the store. What is wrong elsewhere is an answer.
    pub async fn doctor(&self, principal: &Principal, asked: DoctorRequest) -> Result<DoctorReport, Error> {
        principal.require(Permission::ChannelsRead)?;
        let core = &self.core;
        let ran_at = core.clock.now();
        let patient = Patient::meet(core, principal.tenant).await?;
        let wanted = |area: Area| asked.only.is_empty() || asked.only.contains(&area);
        let mut checks = Vec::new();
        if wanted(Area::Accounts) {
            checks.extend(accounts::look(&patient).await);
        }
        if wanted(Area::Mailboxes) {
            checks.extend(mailboxes::look(&patient).await?);
        }
        if wanted(Area::Webhooks) {
            checks.extend(webhooks::look(&patient).await?);
        }
        if wanted(Area::Dns) {
            checks.extend(dns::look(&patient).await);
        }
        if wanted(Area::Tls) {
            checks.push(tls::look(&patient).await);
        }
        // Behind the accounts: their answers tell the time.
        if wanted(Area::Clock) {
            checks.push(clock::look(&patient).await);
        }
        if wanted(Area::Queue) {
            checks.extend(queue::look(&patient).await?);
        }
        if wanted(Area::Disk) {
            checks.push(disk::look(&patient).await);
        }
        if wanted(Area::Backup) {
            checks.push(backup::look(&patient).await?);
        }
        Ok(DoctorReport { ran_at, checks })
    }

    /// What this server answers to the doctor who asks it from outside, so that he knows whom he reached. Every process
    /// with the same master key gives the same answer.
    #[must_use]
    pub fn doctor_echo(&self, nonce: &str) -> String {
        webhooks::echo(&self.core, nonce)
    }
}

/// Whom the doctor looks at: the tenant's accounts, opened, and the world around.
struct Patient<'a> {
    core: &'a std::sync::Arc<crate::core::Core>,
    tenant: domain::ids::TenantId,
    accounts: Vec<store::accounts::Account>,
    resolver: net::dns::Resolver,
}

impl<'a> Patient<'a> {
    async fn meet(
        core: &'a std::sync::Arc<crate::core::Core>,
        tenant: domain::ids::TenantId,
    ) -> Result<Patient<'a>, Error> {
        let accounts = core.store.read(move |tx| store::accounts::list(tx, tenant)).await?;
        let resolver = net::dns::Resolver::new(core.options.doctor.resolver, core.chance.clone());
        Ok(Patient { core, tenant, accounts, resolver })
    }

    fn now(&self) -> domain::clock::Timestamp {
        self.core.clock.now()
    }
}

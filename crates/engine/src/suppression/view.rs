//! Entries of the suppression list as people and programs see them.

use domain::access::{Permission, Principal};
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::contact::address_key;
use domain::ids::{AccountId, ContactId, MessageId, SuppressionId, TenantId};
use domain::suppression::SuppressionReason;
use schemars::JsonSchema;
use serde::Serialize;
use store::Tx;
use store::contacts::Identity;
use store::suppressions::{self, Suppression};

use crate::inbox::{AuthorView, House};
use crate::{Engine, Error};

/// Why an address is not written to. An address has one entry for each reason.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Suppression")]
pub struct SuppressionView {
    pub id: SuppressionId,
    pub channel: Channel,
    pub address: String,
    pub reason: SuppressionReason,
    /// The evidence: what the other side's server said, or what a person wrote.
    pub detail: String,
    /// The code of the evidence, such as `550 5.1.1`.
    pub code: Option<String>,
    /// Who told: a provider's name, `mail` for a bounce or complaint that came as mail, `person`, `api`, `import`, or
    /// `chancery` for the command line.
    pub source: String,
    /// The message that it came of.
    pub message_id: Option<MessageId>,
    /// The channel account that this message went through.
    pub account_id: Option<AccountId>,
    /// Who is known at this address now.
    pub contact_id: Option<ContactId>,
    /// Who added it; nobody when it came of a report.
    pub added_by: Option<AuthorView>,
    pub created_at: Timestamp,
}

/// Whether an address is written to.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SuppressionCheck {
    pub suppressed: bool,
    /// The strongest entry, when there are several.
    pub entry: Option<SuppressionView>,
}

/// An entry of one of a contact's addresses.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ContactSuppression {
    pub id: SuppressionId,
    pub channel: Channel,
    pub address: String,
    pub reason: SuppressionReason,
    pub created_at: Timestamp,
}

pub(super) fn view(entry: Suppression, house: &House) -> SuppressionView {
    SuppressionView {
        id: entry.id,
        channel: entry.channel,
        address: entry.address,
        reason: entry.reason,
        detail: entry.detail,
        code: entry.code,
        source: entry.source,
        message_id: entry.message,
        account_id: entry.account,
        contact_id: entry.contact,
        added_by: entry.added_by.map(|actor| house.author(&actor)),
        created_at: entry.created_at,
    }
}

impl Engine {
    /// One entry.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn suppression(
        &self,
        principal: &Principal,
        id: SuppressionId,
    ) -> Result<SuppressionView, Error> {
        principal.require(Permission::ContactsRead)?;
        let (tenant, principal) = (principal.tenant, principal.clone());
        self.core
            .store
            .read(move |tx| {
                let entry = suppressions::get(tx, tenant, id)?.ok_or(Error::NotFound("suppression"))?;
                Ok(view(entry, &House::read(tx, &principal)?))
            })
            .await
    }

    /// Whether an address is on the list.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is no address on this channel; missing permission.
    pub async fn check_suppression(
        &self,
        principal: &Principal,
        channel: Channel,
        address: &str,
    ) -> Result<SuppressionCheck, Error> {
        principal.require(Permission::ContactsRead)?;
        let key = address_key(&super::add::checked_address(channel, address)?);
        let (tenant, principal) = (principal.tenant, principal.clone());
        self.core
            .store
            .read(move |tx| {
                let entries = suppressions::of_addresses(tx, tenant, channel, &[key])?;
                let Some(strongest) = entries.into_iter().min_by_key(|entry| entry.reason) else {
                    return Ok(SuppressionCheck { suppressed: false, entry: None });
                };
                let entry = view(strongest, &House::read(tx, &principal)?);
                Ok(SuppressionCheck { suppressed: true, entry: Some(entry) })
            })
            .await
    }
}

/// The entries of a contact's addresses.
pub(crate) fn of_contact(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    identities: &[Identity],
) -> Result<Vec<ContactSuppression>, store::Error> {
    let mut found = Vec::new();
    for channel in Channel::ALL {
        let keys: Vec<String> = identities
            .iter()
            .filter(|identity| identity.channel == *channel)
            .map(|identity| address_key(&identity.address))
            .collect();
        let entries = suppressions::of_addresses(tx, tenant, *channel, &keys)?;
        found.extend(entries.into_iter().map(|entry| ContactSuppression {
            id: entry.id,
            channel: entry.channel,
            address: entry.address,
            reason: entry.reason,
            created_at: entry.created_at,
        }));
    }
    Ok(found)
}

//! A message that bounced or was blocked can be sent again once its recipient is off the list, and not before.

use domain::ids::TenantId;
use domain::suppression::Letter;
use store::Tx;
use store::messages::{self, Message};

use super::Barred;
use crate::Error;

/// Refuses what would only be blocked again: the person who asks learns it at once.
pub(crate) fn refuse_while_suppressed(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    message: &Message,
) -> Result<(), Error> {
    let envelope = messages::body(tx, tenant, message.id)?.unwrap_or_default().envelope;
    let letter = Letter::of(message.author.kind, message.rule);
    let barred = Barred::among(tx, tenant, message.channel, letter, &envelope.to)?;
    if barred.stops(&envelope.to) {
        let detail = format!("{}; take the address off the suppression list first", barred.sentence());
        return Err(Error::conflict("still_suppressed", detail));
    }
    Ok(())
}

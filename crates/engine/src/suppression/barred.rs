//! The recipients of one message that may not be written to: found in its transaction, left out of what is sent, and noted
//! in its timeline.

use domain::address::Mailbox;
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::ids::{ContactId, MessageId, TenantId};
use domain::message::EventKind;
use domain::outgoing::Outgoing;
use domain::suppression::Letter;
use store::Tx;
use store::message_events::{self, MessageEvent};
use store::suppressions::{self, Suppression};

use crate::Error;

/// The reason of a message that is sent to nobody because all its recipients are on the list.
pub(crate) const SUPPRESSED: &str = "suppressed";

/// Recipients that are left out, each with its strongest entry.
#[derive(Debug, Clone, Default)]
pub(crate) struct Barred {
    entries: Vec<(String, Suppression)>,
}

impl Barred {
    /// Those among the recipients.
    pub(crate) fn among<'m>(
        tx: &mut Tx<'_>,
        tenant: TenantId,
        channel: Channel,
        letter: Letter,
        recipients: impl IntoIterator<Item = &'m Mailbox>,
    ) -> Result<Barred, store::Error> {
        let keys: Vec<String> = recipients.into_iter().map(|mailbox| mailbox.address.key()).collect();
        let mut entries: Vec<(String, Suppression)> = Vec::new();
        for entry in suppressions::of_addresses(tx, tenant, channel, &keys)? {
            if !entry.reason.forbids(letter) {
                continue;
            }
            let key = entry.key();
            match entries.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) if known.reason <= entry.reason => {}
                Some((_, known)) => *known = entry,
                None => entries.push((key, entry)),
            }
        }
        Ok(Barred { entries })
    }

    /// The same for a message that opens a conversation, with the contact behind its first recipient: for one recipient
    /// that nothing is known of, this is one look into two primary keys.
    pub(crate) fn at_the_door(
        tx: &mut Tx<'_>,
        tenant: TenantId,
        channel: Channel,
        (first, others): (&Mailbox, &[&Mailbox]),
    ) -> Result<(Option<ContactId>, Barred), store::Error> {
        let (contact, is_suppressed) = suppressions::at_address(tx, tenant, channel, &first.address.key())?;
        if !is_suppressed && others.is_empty() {
            return Ok((contact, Barred::default()));
        }
        let everybody = std::iter::once(first).chain(others.iter().copied());
        Ok((contact, Barred::among(tx, tenant, channel, Letter::Other, everybody)?))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn bars(&self, mailbox: &Mailbox) -> bool {
        let key = mailbox.address.key();
        self.entries.iter().any(|(barred, _)| *barred == key)
    }

    /// Whether nobody is left to whom the message is addressed: those who get a copy do not make it a message.
    pub(crate) fn stops(&self, to: &[Mailbox]) -> bool {
        !self.is_empty() && to.iter().all(|mailbox| self.bars(mailbox))
    }

    /// Leaves them out.
    pub(crate) fn take_out(&self, outgoing: &mut Outgoing) {
        if self.is_empty() {
            return;
        }
        for list in [&mut outgoing.to, &mut outgoing.cc, &mut outgoing.bcc] {
            list.retain(|mailbox| !self.bars(mailbox));
        }
    }

    /// Why a message is blocked, in one sentence.
    pub(crate) fn sentence(&self) -> String {
        let parts: Vec<String> = self.entries.iter().map(|(_, entry)| told(entry)).collect();
        parts.join("; ")
    }

    /// Writes into the message's timeline who was left out, once for each entry of the list.
    pub(crate) fn note(
        &self,
        tx: &mut Tx<'_>,
        tenant: TenantId,
        message: MessageId,
        at: Timestamp,
    ) -> Result<(), Error> {
        for (key, entry) in &self.entries {
            let event = MessageEvent {
                dedupe_key: format!("suppressed:{}:{key}", entry.id),
                at,
                kind: EventKind::Blocked,
                source: "chancery".to_owned(),
                code: Some(entry.reason.to_string()),
                detail: told(entry),
                recipient: Some(entry.address.clone()),
                machine: None,
            };
            message_events::insert(tx, tenant, message, &event)?;
        }
        Ok(())
    }
}

/// `jane@example.com does not exist or takes no mail: 550 5.1.1 no such user`.
fn told(entry: &Suppression) -> String {
    let explanation = entry.reason.explanation();
    if entry.detail.is_empty() {
        return format!("{} {explanation}", entry.address);
    }
    format!("{} {explanation}: {}", entry.address, entry.detail)
}

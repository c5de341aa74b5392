//! Identifiers: TypeIDs (`msg_01h455vb4pex5vsknk084sn02q`), a word for the kind and a UUIDv7 that sorts by time.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::chance::Chance;
use crate::clock::Clock;

/// What an identifier names; gives the prefix.
pub trait Kind {
    /// The word before the underscore.
    const PREFIX: &'static str;
}

/// An identifier of one kind. Sixteen bytes; its text form is `prefix_` and 26 characters of Crockford base 32.
pub struct Id<K> {
    bytes: u128,
    kind: PhantomData<fn() -> K>,
}

macro_rules! kinds {
    ($($(#[$meta:meta])* $kind:ident, $alias:ident, $prefix:literal;)+) => {
        $(
            $(#[$meta])*
            #[derive(Debug)]
            pub enum $kind {}
            impl Kind for $kind { const PREFIX: &'static str = $prefix; }
            pub type $alias = Id<$kind>;
        )+
    };
}

kinds! {
    /// A person who signs in.
    User, UserId, "usr";
    /// A key for the API.
    ApiKey, ApiKeyId, "key";
    /// A configured provider of one tenant.
    Account, AccountId, "acc";
    /// An address at which mail is taken in.
    Route, RouteId, "rte";
    /// A person outside, whom the business talks with.
    Contact, ContactId, "con";
    /// One timeline with one contact.
    Conversation, ConversationId, "cnv";
    /// One chain of replies inside a conversation, on one channel.
    Thread, ThreadId, "thr";
    /// One message, in or out.
    Message, MessageId, "msg";
    /// A file that came or goes with a message.
    Attachment, AttachmentId, "att";
    /// One raw request or mail as it was received.
    Journal, JournalId, "jrn";
    /// A unit of background work.
    Job, JobId, "job";
    /// One run of one server process; leases name it.
    Epoch, EpochId, "epo";
    /// People who share work.
    Team, TeamId, "tem";
    /// A word put on conversations.
    Tag, TagId, "tag";
    /// A note or a line about a change, between the messages of a conversation.
    Entry, EntryId, "ent";
    /// Something that somebody should know.
    Notification, NotificationId, "ntf";
    /// A message that is still being written.
    Draft, DraftId, "drf";
    /// A file that waits to be sent.
    Upload, UploadId, "upl";
    /// A text that is used again and again.
    CannedResponse, CannedResponseId, "cnd";
    /// A search with a name.
    View, ViewId, "viw";
    /// A merge, split or move that can be undone.
    Rearrangement, RearrangementId, "rea";
    /// Contacts taken from a file.
    ContactImport, ContactImportId, "imp";
    /// A mailbox that is read by IMAP.
    Mailbox, MailboxId, "mbx";
    /// Why an address is not written to.
    Suppression, SuppressionId, "sup";
    /// An address of a program that is told of events.
    Webhook, WebhookId, "whk";
    /// A secret with which webhooks are signed.
    WebhookSecret, WebhookSecretId, "whs";
    /// One event for one webhook.
    WebhookDelivery, WebhookDeliveryId, "whd";
    /// What a webhook was to get since a time, sent again.
    WebhookReplay, WebhookReplayId, "whr";
}

/// The number of a tenant: small, because every primary key and index entry begins with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TenantId(pub i64);

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const DIGITS: usize = 26;

impl<K> Id<K> {
    /// From a UUID's 128 bits.
    #[must_use]
    pub const fn from_u128(bytes: u128) -> Id<K> {
        Id { bytes, kind: PhantomData }
    }

    /// The UUID's 128 bits.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.bytes
    }

    /// Less than every identifier made at or after a time, and greater than all made in earlier milliseconds.
    #[must_use]
    pub fn least_at(time: crate::clock::Timestamp) -> Id<K> {
        Id::from_u128((u128::try_from(time.millis()).unwrap_or(0) & 0xFFFF_FFFF_FFFF) << 80)
    }

    fn digits(self) -> [u8; DIGITS] {
        let mut digits = [0_u8; DIGITS];
        let mut rest = self.bytes;
        for digit in digits.iter_mut().rev() {
            *digit = ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        digits
    }
}

impl<K: Kind> Id<K> {
    /// The bare 26 characters, as used inside Message-IDs and tokens.
    #[must_use]
    pub fn suffix(self) -> String {
        String::from_utf8_lossy(&self.digits()).into_owned()
    }

    /// Reads the bare 26 characters.
    #[must_use]
    pub fn from_suffix(text: &str) -> Option<Id<K>> {
        if text.len() != DIGITS {
            return None;
        }
        let mut bytes: u128 = 0;
        for (place, character) in text.bytes().enumerate() {
            let value = value_of(character)?;
            // 26 digits hold 130 bits: the first may not exceed 7.
            if place == 0 && value > 7 {
                return None;
            }
            bytes = (bytes << 5) | u128::from(value);
        }
        Some(Id::from_u128(bytes))
    }
}

fn value_of(character: u8) -> Option<u8> {
    ALPHABET.iter().position(|letter| *letter == character).and_then(|place| u8::try_from(place).ok())
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(K::PREFIX)?;
        formatter.write_str("_")?;
        let digits = self.digits();
        formatter.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

/// A text that is no identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id that begins with {prefix}_")]
pub struct NotAnId {
    pub prefix: &'static str,
}

impl<K: Kind> FromStr for Id<K> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Id<K>, NotAnId> {
        text.strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .and_then(Id::from_suffix)
            .ok_or(NotAnId { prefix: K::PREFIX })
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Id<K> {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Id<K>) -> bool {
        self.bytes == other.bytes
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Id<K>) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Id<K>) -> std::cmp::Ordering {
        self.bytes.cmp(&other.bytes)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Id<K>, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
impl<K: Kind> schemars::JsonSchema for Id<K> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Id_{}", K::PREFIX).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let pattern = format!("^{}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$", K::PREFIX);
        schemars::json_schema!({ "type": "string", "pattern": pattern })
    }
}

/// Makes identifiers. Those of one process rise strictly, also within one millisecond.
#[derive(Clone, Debug)]
pub struct Ids {
    clock: Clock,
    chance: Chance,
    last: Arc<Mutex<u128>>,
}

impl Ids {
    #[must_use]
    pub fn new(clock: Clock, chance: Chance) -> Ids {
        Ids { clock, chance, last: Arc::new(Mutex::new(0)) }
    }

    /// A new identifier, greater than all that this source gave before.
    #[must_use]
    pub fn next<K: Kind>(&self) -> Id<K> {
        let millis = u128::try_from(self.clock.now().millis()).unwrap_or(0) & 0xFFFF_FFFF_FFFF;
        let random = u128::from_be_bytes(self.chance.bytes());
        let mut last = self.last.lock();
        let fresh = seal_version((millis << 80) | (random >> 48));
        let next = if fresh > *last { fresh } else { seal_version(after(*last, random)) };
        *last = next;
        Id::from_u128(next)
    }
}

/// A later value close behind `last`: a random step keeps identifiers of one millisecond hard to guess.
fn after(last: u128, random: u128) -> u128 {
    let step = (random & 0xFFFF_FFFF) + 1;
    let low = last & 0x3FFF_FFFF_FFFF_FFFF;
    let raised = low + step;
    if raised <= 0x3FFF_FFFF_FFFF_FFFF {
        (last & !0x3FFF_FFFF_FFFF_FFFF) | raised
    } else {
        // The random part is used up: go on in the next millisecond rather than go back.
        (((last >> 80) + 1) << 80) | (random & 0xFFFF_FFFF)
    }
}

/// Sets version 7 and the RFC 9562 variant.
fn seal_version(bits: u128) -> u128 {
    let cleared = bits & !(0xF << 76) & !(0b11 << 62);
    cleared | (7 << 76) | (0b10 << 62)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn an_id_reads_back() {
        let ids = Ids::new(Clock::manual(Timestamp::from_micros(1_700_000_000_000_000)), Chance::seeded(1));
        let id: MessageId = ids.next();
        assert_eq!(id.to_string().parse::<MessageId>(), Ok(id));
        assert_eq!(uuid::Uuid::from_u128(id.as_u128()).get_version_num(), 7);
        assert!("cnv_01h455vb4pex5vsknk084sn02q".parse::<MessageId>().is_err());
        assert!("msg_81h455vb4pex5vsknk084sn02q".parse::<MessageId>().is_err());
    }

    #[test]
    fn ids_rise_also_when_time_stands_still_or_goes_back() {
        let clock = Clock::manual(Timestamp::from_micros(1_700_000_000_000_000));
        let ids = Ids::new(clock, Chance::seeded(7));
        let mut last: MessageId = ids.next();
        for _ in 0..10_000 {
            let next = ids.next();
            assert!(next > last);
            assert!(next.to_string() > last.to_string());
            last = next;
        }
    }
}

//! Messages: the row that lists need, and apart from it the body with everything that was said.

use std::collections::BTreeMap;

use domain::access::{Actor, ActorKind};
use domain::address::Mailbox;
use domain::automatic::Automatic;
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::failure::OnUnknown;
use domain::ids::{AccountId, ContactId, ConversationId, JournalId, MessageId, TenantId, ThreadId};
use domain::message::{Direction, MessageState};
use domain::threading::Rule;
use serde::{Deserialize, Serialize};

use crate::args;
use crate::db::{Error, Row, Tx, indexed, only};

/// One message without its body.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub id: MessageId,
    pub conversation: ConversationId,
    pub thread: ThreadId,
    pub contact: ContactId,
    pub direction: Direction,
    pub channel: Channel,
    pub state: MessageState,
    /// Why it is in this state, where that needs saying: a code and a sentence.
    pub reason_code: Option<String>,
    pub reason_detail: Option<String>,
    pub account: Option<AccountId>,
    pub subject: String,
    pub preview: String,
    pub rule: Rule,
    /// Without angle brackets.
    pub rfc_message_id: Option<String>,
    pub provider_message_id: Option<String>,
    pub journal: Option<JournalId>,
    pub author: Actor,
    pub attempts: u32,
    pub file_count: u32,
    /// Why it counts as written by a machine: nothing may be answered to it automatically.
    pub automatic: Option<Automatic>,
    /// Overrides the account's setting.
    pub on_unknown: Option<OnUnknown>,
    pub send_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
}

/// What a message says beside its text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Mailbox>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<Mailbox>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<Mailbox>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<Mailbox>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Mailbox>,
    /// Outbound: headers of the sender's choice. Inbound: those that matter.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// What could not be read of an inbound message, as a sentence for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parse_notice: Option<String>,
    /// The quoted rest of a reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Whether who wrote it chose the account: then it goes through that one or not at all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub account_chosen: bool,
    /// Whether who wrote it chose the address that it comes from.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sender_chosen: bool,
    /// The message that is passed on by this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_of: Option<MessageId>,
    /// The invitation that came along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<serde_json::Value>,
    /// What a server on the way found out about the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<serde_json::Value>,
}

/// The texts and the envelope of a message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Body {
    pub envelope: Envelope,
    pub text: Option<String>,
    pub html: Option<String>,
}

macro_rules! columns {
    () => {
        "id, conversation_id, thread_id, contact_id, direction, channel, state, reason_code, reason_detail, account_id,
       subject, preview, rule, rfc_message_id, provider_message_id, journal_id, author_kind, author_id, attempts,
       file_count, automatic, on_unknown, send_at, created_at, sent_at, delivered_at"
    };
}

mod list;

pub use list::{Filter, list};

fn optional_word<T>(row: &mut Row<'_>) -> Result<Option<T>, Error>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let word: Option<String> = row.take()?;
    let parsed = word.map(|word| word.parse().map_err(|error| Error::Unexpected(format!("{word}: {error}"))));
    parsed.transpose()
}

fn read(row: &mut Row<'_>) -> Result<Message, Error> {
    Ok(Message {
        id: row.take()?,
        conversation: row.take()?,
        thread: row.take()?,
        contact: row.take()?,
        direction: row.word()?,
        channel: row.word()?,
        state: row.word()?,
        reason_code: row.take()?,
        reason_detail: row.take()?,
        account: row.take()?,
        subject: row.take()?,
        preview: row.take()?,
        rule: row.word()?,
        rfc_message_id: row.take()?,
        provider_message_id: row.take()?,
        journal: row.take()?,
        author: Actor { kind: row.word::<ActorKind>()?, id: row.take()? },
        attempts: row.take()?,
        file_count: row.take()?,
        automatic: optional_word(row)?,
        on_unknown: optional_word(row)?,
        send_at: row.take()?,
        created_at: row.take()?,
        sent_at: row.take()?,
        delivered_at: row.take()?,
    })
}

const INSERT: &str = concat!(
    "
INSERT INTO messages
      (tenant_id, ",
    columns!(),
    ")
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
        $25, $26, $27)"
);

const INSERT_BODY: &str = "
INSERT INTO message_bodies (tenant_id, message_id, envelope, body_text, body_html)
VALUES ($1, $2, $3, $4, $5)";

/// Adds a message with its body.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, message: &Message, body: &Body) -> Result<(), Error> {
    tx.run(
        INSERT,
        &args![
            tenant,
            message.id,
            message.conversation,
            message.thread,
            message.contact,
            message.direction.as_str(),
            message.channel.as_str(),
            message.state.as_str(),
            message.reason_code,
            message.reason_detail,
            message.account,
            message.subject,
            message.preview,
            message.rule.as_str(),
            message.rfc_message_id,
            message.provider_message_id.as_deref().map(indexed),
            message.journal,
            message.author.kind.as_str(),
            message.author.id,
            message.attempts,
            message.file_count,
            message.automatic.map(Automatic::as_str),
            message.on_unknown.map(OnUnknown::as_str),
            message.send_at,
            message.created_at,
            message.sent_at,
            message.delivered_at
        ],
    )?;
    let envelope =
        serde_json::to_string(&body.envelope).map_err(|error| Error::Unexpected(error.to_string()))?;
    tx.run(INSERT_BODY, &args![tenant, message.id, envelope, body.text, body.html])
}

const GET: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM messages
WHERE tenant_id = $1 AND id = $2"
);

/// One message without its body.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: MessageId) -> Result<Option<Message>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

const GET_BODY: &str = "
SELECT envelope, body_text, body_html
FROM message_bodies
WHERE tenant_id = $1 AND message_id = $2";

/// The body of a message.
///
/// # Errors
/// Any fault of the database.
pub fn body(tx: &mut Tx<'_>, tenant: TenantId, id: MessageId) -> Result<Option<Body>, Error> {
    tx.first(GET_BODY, &args![tenant, id], |row| {
        Ok(Body { envelope: row.json()?, text: row.take()?, html: row.take()? })
    })
}

const BY_RFC_ID: &str = "
SELECT id
FROM messages
WHERE tenant_id = $1 AND rfc_message_id = $2 AND direction = 'inbound'
LIMIT 1";

/// The inbound message that carried a Message-ID.
///
/// # Errors
/// Any fault of the database.
pub fn by_rfc_id(tx: &mut Tx<'_>, tenant: TenantId, rfc_id: &str) -> Result<Option<MessageId>, Error> {
    tx.first(BY_RFC_ID, &args![tenant, rfc_id], only)
}

const THREAD_OF_RFC_ID: &str = "
SELECT thread_id
FROM messages
WHERE tenant_id = $1 AND rfc_message_id = $2 AND direction = 'inbound'
LIMIT 1";

/// The thread of the inbound message that carried a Message-ID.
///
/// # Errors
/// Any fault of the database.
pub fn thread_of_rfc_id(tx: &mut Tx<'_>, tenant: TenantId, rfc_id: &str) -> Result<Option<ThreadId>, Error> {
    tx.first(THREAD_OF_RFC_ID, &args![tenant, rfc_id], only)
}

const BY_PROVIDER_ID: &str = "
SELECT id
FROM messages
WHERE tenant_id = $1 AND provider_message_id = $2
LIMIT 1";

/// The message to which a provider gave an id.
///
/// # Errors
/// Any fault of the database.
pub fn by_provider_id(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    provider_id: &str,
) -> Result<Option<MessageId>, Error> {
    tx.first(BY_PROVIDER_ID, &args![tenant, indexed(provider_id)], only)
}

/// What changes in a message after an attempt or a report.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    pub reason_code: Option<String>,
    pub reason_detail: Option<String>,
    pub attempts: u32,
    pub provider_message_id: Option<String>,
    pub sent_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
}

const SET_STATE: &str = "
UPDATE messages
SET state = $3, reason_code = $4, reason_detail = $5, attempts = $6,
    provider_message_id = COALESCE($7, provider_message_id), sent_at = COALESCE($8, sent_at),
    delivered_at = COALESCE($9, delivered_at)
WHERE tenant_id = $1 AND id = $2";

/// Moves a message to a state.
///
/// # Errors
/// Any fault of the database.
pub fn set_state(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: MessageId,
    state: MessageState,
    change: &Change,
) -> Result<(), Error> {
    tx.run(
        SET_STATE,
        &args![
            tenant,
            id,
            state.as_str(),
            change.reason_code,
            change.reason_detail,
            change.attempts,
            change.provider_message_id.as_deref().map(indexed),
            change.sent_at,
            change.delivered_at
        ],
    )
}

const SET_SENDING: &str = "
UPDATE messages
SET state = 'sending', reason_code = NULL, reason_detail = NULL
WHERE tenant_id = $1 AND id = $2";

/// Notes that a message is being sent.
///
/// # Errors
/// Any fault of the database.
pub fn set_sending(tx: &mut Tx<'_>, tenant: TenantId, id: MessageId) -> Result<(), Error> {
    tx.run(SET_SENDING, &args![tenant, id])
}

const SET_ACCOUNT: &str = "
UPDATE messages
SET account_id = $3
WHERE tenant_id = $1 AND id = $2";

const SET_ENVELOPE: &str = "
UPDATE message_bodies
SET envelope = $3
WHERE tenant_id = $1 AND message_id = $2";

/// Gives a message that has not left to another account, with the envelope that it leaves in from there.
///
/// # Errors
/// Any fault of the database.
pub fn set_account(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: MessageId,
    account: AccountId,
    envelope: Option<&Envelope>,
) -> Result<(), Error> {
    tx.run(SET_ACCOUNT, &args![tenant, id, account])?;
    if let Some(envelope) = envelope {
        let envelope =
            serde_json::to_string(envelope).map_err(|error| Error::Unexpected(error.to_string()))?;
        tx.run(SET_ENVELOPE, &args![tenant, id, envelope])?;
    }
    Ok(())
}

const OF_CONVERSATION: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM messages
WHERE tenant_id = $1 AND conversation_id = $2 AND id < $3
ORDER BY id DESC
LIMIT $4"
);

/// The messages of a conversation, newest first, before an id.
///
/// # Errors
/// Any fault of the database.
pub fn of_conversation(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    conversation: ConversationId,
    before: &str,
    limit: u32,
) -> Result<Vec<Message>, Error> {
    tx.query(OF_CONVERSATION, &args![tenant, conversation, before, limit], read)
}

const MOVE: &str = "
UPDATE messages
SET conversation_id = $3, thread_id = $4, contact_id = $5, rule = $6
WHERE tenant_id = $1 AND id = $2";

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub conversation: ConversationId,
    pub thread: ThreadId,
    pub contact: ContactId,
    pub rule: Rule,
}

/// Moves a message.
///
/// # Errors
/// Any fault of the database.
pub fn move_to(tx: &mut Tx<'_>, tenant: TenantId, id: MessageId, to: &Standing) -> Result<(), Error> {
    tx.run(MOVE, &args![tenant, id, to.conversation, to.thread, to.contact, to.rule.as_str()])
}

/// How many messages a conversation has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    pub messages: i64,
    pub inbound: i64,
}

const SUMS: &str = "
SELECT COUNT(*), COUNT(CASE WHEN direction = 'inbound' THEN 1 END)
FROM messages
WHERE tenant_id = $1 AND conversation_id = $2";

/// Counts the messages of one conversation: for the rare times when messages change their conversation.
///
/// # Errors
/// Any fault of the database.
pub fn sums(tx: &mut Tx<'_>, tenant: TenantId, conversation: ConversationId) -> Result<Sums, Error> {
    let sums = tx.first(SUMS, &args![tenant, conversation], |row| {
        Ok(Sums { messages: row.take()?, inbound: row.take()? })
    })?;
    Ok(sums.unwrap_or(Sums { messages: 0, inbound: 0 }))
}

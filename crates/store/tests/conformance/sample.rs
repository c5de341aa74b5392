//! Rows as tests need them: complete, ordinary, and each with an id of its own.

use domain::access::{Actor, Role, Scopes};
use domain::address::Mailbox;
use domain::channel::Channel;
use domain::failure::{AttemptOutcome, OnUnknown};
use domain::ids::{
    AccountId, ApiKeyId, AttachmentId, ContactId, ConversationId, Ids, JobId, JournalId, MessageId, RouteId,
    TenantId, ThreadId, UserId,
};
use domain::message::{Direction, EventKind, MessageState};
use domain::threading::Rule;
use store::accounts::{Account, Health};
use store::api_keys::ApiKey;
use store::attachments::Attachment;
use store::attempts::Attempt;
use store::contacts::{Contact, Identity, Known};
use store::conversations::Conversation;
use store::deliveries::{Delivery, Lane};
use store::jobs::Job;
use store::journal::{Entry, JournalState};
use store::message_events::MessageEvent;
use store::messages::{Body, Envelope, Message};
use store::routes::InboundRoute;
use store::sessions::NewSession;
use store::threads::Thread;
use store::users::Member;

use crate::ground::at;

/// A hash that is the same for the same words and another for others.
pub fn hash(words: &str) -> [u8; 32] {
    let mut hash = [7_u8; 32];
    for (place, byte) in words.bytes().enumerate() {
        hash[place % 32] = hash[place % 32].wrapping_mul(31).wrapping_add(byte);
    }
    hash
}

pub fn contact(ids: &Ids, name: &str) -> Contact {
    Contact::new(ids.next::<domain::ids::Contact>(), name.into(), at(0))
}

/// A contact with one email address.
pub fn known(contact: &Contact, address: &str) -> Known {
    let identity = Identity { channel: Channel::Email, address: address.into(), since: at(0) };
    Known { contact: contact.clone(), identities: vec![identity] }
}

pub fn conversation(ids: &Ids, contact: ContactId) -> Conversation {
    Conversation::begun(
        ids.next::<domain::ids::Conversation>(),
        contact,
        "Invoice 7".into(),
        Channel::Email,
        at(0),
    )
}

pub fn thread(ids: &Ids, conversation: ConversationId, contact: ContactId) -> Thread {
    Thread {
        id: ids.next::<domain::ids::Thread>(),
        conversation,
        contact,
        channel: Channel::Email,
        account: None,
        subject_key: "invoice 7".into(),
        last_activity_at: at(0),
    }
}

pub fn message(ids: &Ids, conversation: ConversationId, thread: ThreadId, contact: ContactId) -> Message {
    Message {
        id: ids.next::<domain::ids::Message>(),
        conversation,
        thread,
        contact,
        direction: Direction::Outbound,
        channel: Channel::Email,
        state: MessageState::Queued,
        reason_code: None,
        reason_detail: None,
        account: None,
        subject: "Invoice 7".into(),
        preview: "Dear Jane".into(),
        rule: Rule::New,
        rfc_message_id: None,
        provider_message_id: None,
        journal: None,
        author: Actor::system(),
        attempts: 0,
        file_count: 0,
        automatic: None,
        on_unknown: None,
        send_at: None,
        created_at: at(0),
        sent_at: None,
        delivered_at: None,
    }
}

pub fn mailbox(text: &str) -> Mailbox {
    text.parse().unwrap()
}

pub fn body() -> Body {
    Body {
        envelope: Envelope {
            from: Some(mailbox("Support <support@example.com>")),
            to: vec![mailbox("jane@example.com")],
            references: vec!["one@example.com".into()],
            ..Envelope::default()
        },
        text: Some("Dear Jane".into()),
        html: None,
    }
}

pub fn account(ids: &Ids, tenant: TenantId, name: &str) -> Account {
    let id: AccountId = ids.next();
    Account {
        tenant,
        id,
        name: name.into(),
        channel: Channel::Email,
        provider: "smtp".into(),
        enabled: true,
        priority: 0,
        weight: 100,
        daily_limit: None,
        sender_name: Some("Support".into()),
        sender_address: Some("support@example.com".into()),
        settings: serde_json::json!({ "host": "mail.example.com", "port": 587 }),
        secrets: vec![0, 1, 255],
        secrets_set: vec!["password".into()],
        webhook_secret: vec![4, 5],
        webhook_hash: hash(&id.to_string()).to_vec(),
        on_unknown: OnUnknown::Hold,
        rate_per_second: Some(14),
        concurrency: 4,
        health: Health::Unchecked,
        last_error: None,
        last_error_at: None,
        last_sent_at: None,
        last_inbound_at: None,
        checked_at: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub fn member(ids: &Ids, name: &str, role: Role) -> Member {
    let id: UserId = ids.next();
    let email = format!("{}@example.com", name.to_lowercase());
    Member { id, email, name: name.into(), role, created_at: at(0), disabled_at: None }
}

pub fn api_key(ids: &Ids, tenant: TenantId, name: &str) -> ApiKey {
    let id: ApiKeyId = ids.next();
    ApiKey {
        tenant,
        id,
        name: name.into(),
        prefix: "chk_abcd".into(),
        scopes: Scopes::parse(&["messages:write", "messages:read"]).unwrap(),
        created_at: at(0),
        last_used_at: None,
        revoked_at: None,
    }
}

pub fn session(tenant: TenantId, user: UserId, token: &str) -> NewSession {
    NewSession {
        token_hash: hash(token),
        tenant,
        user,
        csrf_token: "csrf".into(),
        created_at: at(0),
        expires_at: at(100),
    }
}

pub fn route(ids: &Ids, tenant: TenantId, key: &str) -> InboundRoute {
    let id: RouteId = ids.next();
    InboundRoute { tenant, id, address_key: key.into(), account: None, created_at: at(0) }
}

pub fn attachment(ids: &Ids, filename: &str) -> Attachment {
    let id: AttachmentId = ids.next();
    Attachment {
        id,
        filename: filename.into(),
        content_type: "application/pdf".into(),
        content_id: None,
        inline: false,
        size: 42,
        sha256: "ab".repeat(32),
    }
}

pub fn attempt(number: u32, account: AccountId) -> Attempt {
    Attempt {
        number,
        account,
        started_at: at(i64::from(number)),
        ended_at: Some(at(i64::from(number) + 1)),
        outcome: AttemptOutcome::Temporary,
        code: Some("451 4.3.0".into()),
        detail: "try again".into(),
    }
}

pub fn event(key: &str, seconds: i64, kind: EventKind) -> MessageEvent {
    MessageEvent {
        dedupe_key: key.into(),
        at: at(seconds),
        kind,
        source: "smtp".into(),
        code: None,
        detail: String::new(),
        recipient: Some("jane@example.com".into()),
        machine: None,
    }
}

pub fn delivery(tenant: TenantId, message: MessageId, account: AccountId, due: i64) -> Delivery {
    Delivery {
        tenant,
        message,
        account,
        lane: Lane::Prompt,
        due_at: at(due),
        attempts: 0,
        lease: None,
        started_at: None,
    }
}

pub fn job(ids: &Ids, tenant: TenantId, due: i64) -> Job {
    let id: JobId = ids.next();
    let payload = serde_json::json!({ "message_id": "msg_1" });
    Job { tenant, id, kind: "reconcile".into(), payload, due_at: at(due), attempts: 0 }
}

pub fn entry(ids: &Ids, tenant: TenantId, key: &str, received: i64) -> Entry {
    let id: JournalId = ids.next();
    Entry {
        tenant,
        id,
        source: "smtp".into(),
        account: None,
        dedupe_key: key.into(),
        received_at: at(received),
        state: JournalState::Received,
        reason: None,
        attempts: 0,
        message: None,
        conversation: None,
        context: serde_json::json!({ "to": ["support@example.com"] }),
        size: 5,
    }
}

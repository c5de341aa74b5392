//! A message as people and programs see it, put together from its rows.

use std::collections::HashMap;

use domain::access::ActorKind;
use domain::address::Mailbox;
use domain::automatic::Automatic;
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::failure::AttemptOutcome;
use domain::ids::{AccountId, AttachmentId, ConversationId, MessageId, TenantId, ThreadId};
use domain::message::{Direction, EventKind, MessageState};
use domain::threading::Rule;
use schemars::JsonSchema;
use serde::Serialize;
use store::Tx;
use store::attachments::Attachment;
use store::deliveries::Delivery;
use store::messages::{self, Body, Message};

use super::names;
use crate::Error;

/// One message.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Message")]
pub struct MessageView {
    pub id: MessageId,
    pub conversation_id: ConversationId,
    pub thread_id: ThreadId,
    pub direction: Direction,
    pub channel: Channel,
    pub state: MessageState,
    pub state_reason: Option<ReasonView>,
    pub account: Option<AccountBrief>,
    pub from: Option<Mailbox>,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    pub bcc: Vec<Mailbox>,
    pub reply_to: Option<Mailbox>,
    pub subject: String,
    pub preview: String,
    pub text: Option<String>,
    /// Cleaned of everything that runs or loads: safe to show in a sandboxed frame.
    pub html: Option<String>,
    pub has_remote_images: bool,
    /// The rest that a reply quotes.
    pub quoted_text: Option<String>,
    /// The rest that the HTML of a reply quotes, cleaned too.
    pub html_quoted: Option<String>,
    pub signature: Option<String>,
    /// Why it counts as written by a machine: nothing is answered to it automatically.
    pub automatic: Option<AutomaticView>,
    /// The message that is passed on by this one.
    pub forward_of: Option<MessageId>,
    pub calendar: Option<mail::Calendar>,
    /// What a server on the way found out about the sender: to be believed when it is a server of one's own.
    pub authentication: Option<mail::AuthenticationResults>,
    pub attachments: Vec<AttachmentView>,
    pub threading: ThreadingView,
    /// Without angle brackets.
    pub rfc_message_id: Option<String>,
    pub in_reply_to: Option<String>,
    pub provider_message_id: Option<String>,
    pub metadata: serde_json::Map<String, serde_json::Value>,
    pub send_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub attempts_count: u32,
    /// What could not be read, as a sentence for people.
    pub parse_notice: Option<String>,
    pub author: Option<AuthorView>,
}

/// The mark by which a message counts as automatic.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AutomaticView {
    pub mark: Automatic,
    pub explanation: String,
}

/// Why a message is in its state.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReasonView {
    pub code: String,
    pub detail: String,
}

/// An account in short.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AccountBrief {
    pub id: AccountId,
    pub name: String,
    pub provider: String,
}

/// A file of a message.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Attachment")]
pub struct AttachmentView {
    pub id: AttachmentId,
    pub filename: String,
    pub content_type: String,
    /// In bytes.
    pub size: i64,
    pub content_id: Option<String>,
    pub inline: bool,
    pub url: String,
}

/// Why a message is where it is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ThreadingView {
    pub rule: Rule,
    pub explanation: String,
}

/// Who wrote a message.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AuthorView {
    pub kind: ActorKind,
    pub id: Option<String>,
    pub name: String,
}

/// One message with its timeline.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MessageDetail {
    #[serde(flatten)]
    pub message: MessageView,
    /// What it waits for, while it waits.
    pub waiting: Option<WaitView>,
    pub attempts: Vec<AttemptView>,
    pub events: Vec<EventView>,
    pub headers: std::collections::BTreeMap<String, String>,
}

/// What a message waits for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "MessageWait")]
pub struct WaitView {
    /// When it goes on at the earliest; `null` when that is not a matter of time.
    pub until: Option<Timestamp>,
    pub why: String,
}

/// One attempt to send.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Attempt")]
pub struct AttemptView {
    pub number: u32,
    pub account: Option<AccountBrief>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub outcome: AttemptOutcome,
    pub code: Option<String>,
    /// The provider's words.
    pub detail: String,
}

/// One thing that happened.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "MessageEvent")]
pub struct EventView {
    pub at: Timestamp,
    pub kind: EventKind,
    pub detail: String,
    pub code: Option<String>,
    pub source: String,
    pub recipient: Option<String>,
    /// Of an opening or a click: `true` when a program did it and no person, `false` when the provider says that it was
    /// a person, `null` when nobody can tell.
    pub machine: Option<bool>,
}

/// The names that views show.
struct Names {
    accounts: HashMap<AccountId, super::AccountBrief>,
    users: HashMap<String, String>,
    keys: HashMap<String, String>,
}

impl Names {
    fn read(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Names, Error> {
        Ok(Names {
            accounts: names::accounts(tx, tenant)?,
            users: names::users(tx, tenant)?,
            keys: names::keys(tx, tenant)?,
        })
    }

    fn author(&self, message: &Message) -> Option<AuthorView> {
        if message.direction == Direction::Inbound {
            return None;
        }
        let known = match message.author.kind {
            ActorKind::User => &self.users,
            ActorKind::Key => &self.keys,
            ActorKind::System => {
                return Some(AuthorView { kind: ActorKind::System, id: None, name: "system".to_owned() });
            }
        };
        let id = message.author.id.clone();
        let name = id.as_ref().and_then(|id| known.get(id)).cloned().unwrap_or_default();
        Some(AuthorView { kind: message.author.kind, id, name })
    }
}

pub(super) fn views(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    rows: Vec<Message>,
) -> Result<Vec<MessageView>, Error> {
    let names = Names::read(tx, tenant)?;
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        let body = messages::body(tx, tenant, row.id)?.unwrap_or_default();
        let files = store::attachments::of_message(tx, tenant, row.id)?;
        views.push(view(row, body, files, &names));
    }
    Ok(views)
}

/// A message with its timeline, and its delivery while that waits; what it waits for is the accounts' to say.
pub(crate) fn detail(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: MessageId,
) -> Result<(MessageDetail, Option<Delivery>), Error> {
    let row = messages::get(tx, tenant, id)?.ok_or(Error::NotFound("message"))?;
    let names = Names::read(tx, tenant)?;
    let body = messages::body(tx, tenant, id)?.unwrap_or_default();
    let files = store::attachments::of_message(tx, tenant, id)?;
    let headers = body.envelope.headers.clone();
    let mut attempts: Vec<AttemptView> = store::attempts::of_message(tx, tenant, id)?
        .into_iter()
        .map(|attempt| AttemptView {
            number: attempt.number,
            account: names.accounts.get(&attempt.account).cloned(),
            started_at: attempt.started_at,
            ended_at: attempt.ended_at,
            outcome: attempt.outcome,
            code: attempt.code,
            detail: attempt.detail,
        })
        .collect();
    // An attempt under way has no row yet: the delivery tells of it.
    let delivery = store::deliveries::get(tx, tenant, id)?;
    if let Some(delivery) = &delivery
        && let Some(started_at) = delivery.started_at
    {
        attempts.push(AttemptView {
            number: delivery.attempts,
            account: names.accounts.get(&delivery.account).cloned(),
            started_at,
            ended_at: None,
            outcome: AttemptOutcome::InFlight,
            code: None,
            detail: String::new(),
        });
    }
    let events = events(tx, tenant, &row, &attempts)?;
    let waiting = delivery.filter(|delivery| delivery.started_at.is_none());
    let message = view(row, body, files, &names);
    Ok((MessageDetail { message, waiting: None, attempts, events, headers }, waiting))
}

/// The timeline: what is stored, and the steps that other rows tell of.
fn events(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    row: &Message,
    attempts: &[AttemptView],
) -> Result<Vec<EventView>, Error> {
    let ours = |at: Timestamp, kind: EventKind, detail: &str, code: Option<String>| EventView {
        at,
        kind,
        detail: detail.to_owned(),
        code,
        source: "chancery".to_owned(),
        recipient: None,
        machine: None,
    };
    let first = match (row.direction, row.send_at) {
        (Direction::Inbound, _) => EventKind::Received,
        (Direction::Outbound, Some(at)) if at > row.created_at => EventKind::Scheduled,
        (Direction::Outbound, _) => EventKind::Queued,
    };
    // What happened in the same instant is told attempt by attempt.
    let mut events = vec![(0, ours(row.created_at, first, "", None))];
    for attempt in attempts {
        let words = format!("attempt {}", attempt.number);
        events.push((attempt.number, ours(attempt.started_at, EventKind::Started, &words, None)));
        if let (AttemptOutcome::Sent, Some(ended)) = (attempt.outcome, attempt.ended_at) {
            let sent = ours(ended, EventKind::Sent, &attempt.detail, attempt.code.clone());
            events.push((attempt.number, sent));
        }
    }
    for event in store::message_events::of_message(tx, tenant, row.id)? {
        let attempt = event.dedupe_key.strip_prefix("attempt-").and_then(|number| number.parse().ok());
        let event = EventView {
            at: event.at,
            kind: event.kind,
            detail: event.detail,
            code: event.code,
            source: event.source,
            recipient: event.recipient,
            machine: event.machine,
        };
        events.push((attempt.unwrap_or(u32::MAX), event));
    }
    events.sort_by_key(|(attempt, event)| (event.at, *attempt));
    Ok(events.into_iter().map(|(_, event)| event).collect())
}

fn view(row: Message, body: Body, files: Vec<Attachment>, names: &Names) -> MessageView {
    let author = names.author(&row);
    let envelope = body.envelope;
    let Html { html, html_quoted, has_remote_images } = safe_html(&row, body.html.as_deref());
    let id = row.id;
    let attachments = files
        .into_iter()
        .map(|file| AttachmentView {
            url: format!("/v1/messages/{id}/attachments/{}", file.id),
            id: file.id,
            filename: file.filename,
            content_type: file.content_type,
            size: file.size,
            content_id: file.content_id,
            inline: file.inline,
        })
        .collect();
    MessageView {
        id,
        conversation_id: row.conversation,
        thread_id: row.thread,
        direction: row.direction,
        channel: row.channel,
        state: row.state,
        state_reason: row
            .reason_code
            .map(|code| ReasonView { code, detail: row.reason_detail.unwrap_or_default() }),
        account: row.account.and_then(|account| names.accounts.get(&account).cloned()),
        from: envelope.from,
        to: envelope.to,
        cc: envelope.cc,
        bcc: envelope.bcc,
        reply_to: envelope.reply_to,
        subject: row.subject,
        preview: row.preview,
        text: body.text,
        html,
        has_remote_images,
        quoted_text: envelope.quoted,
        html_quoted,
        signature: envelope.signature,
        automatic: row
            .automatic
            .map(|mark| AutomaticView { mark, explanation: mark.explanation().to_owned() }),
        forward_of: envelope.forward_of,
        calendar: envelope.calendar.and_then(|value| serde_json::from_value(value).ok()),
        authentication: envelope.authentication.and_then(|value| serde_json::from_value(value).ok()),
        attachments,
        threading: ThreadingView { rule: row.rule, explanation: row.rule.explanation().to_owned() },
        rfc_message_id: row.rfc_message_id,
        in_reply_to: envelope.in_reply_to,
        provider_message_id: row.provider_message_id,
        metadata: envelope.metadata,
        send_at: row.send_at,
        created_at: row.created_at,
        sent_at: row.sent_at,
        delivered_at: row.delivered_at,
        attempts_count: row.attempts,
        parse_notice: envelope.parse_notice,
        author,
    }
}

/// HTML that is safe to show, what is new apart from what it quotes.
#[derive(Default)]
struct Html {
    html: Option<String>,
    html_quoted: Option<String>,
    has_remote_images: bool,
}

fn safe_html(row: &Message, html: Option<&str>) -> Html {
    let Some(html) = html else { return Html::default() };
    let clean = |html: &str| mail::sanitise_html(html, mail::RemoteImages::Block);
    // What we wrote ourselves is shown as it went out.
    if row.direction == Direction::Outbound {
        let whole = clean(html);
        return Html {
            html: Some(whole.html),
            html_quoted: None,
            has_remote_images: whole.has_remote_images,
        };
    }
    let split = mail::quote::split_html(html);
    let new = clean(&split.new);
    let quoted = split.quoted.as_deref().map(clean);
    Html {
        has_remote_images: new.has_remote_images
            || quoted.as_ref().is_some_and(|quoted| quoted.has_remote_images),
        html: Some(new.html),
        html_quoted: quoted.map(|quoted| quoted.html),
    }
}

//! Lists of messages by whatever is asked of them, newest first.

use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::ids::{AccountId, ContactId, ConversationId, TenantId};
use domain::message::{Direction, MessageState};

use super::{Message, read};
use crate::args;
use crate::db::{Error, Tx};

/// Which messages a list shows; what is absent does not matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    pub state: Option<MessageState>,
    pub direction: Option<Direction>,
    pub channel: Option<Channel>,
    pub account: Option<AccountId>,
    pub conversation: Option<ConversationId>,
    pub contact: Option<ContactId>,
    pub rfc_message_id: Option<String>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

macro_rules! list {
    ($first:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            "
FROM messages
WHERE tenant_id = $1 AND id < $2 AND ",
            $first,
            "
  AND ($4 = '' OR direction = $4)
  AND ($5 = '' OR channel = $5)
  AND ($6 = '' OR account_id = $6)
  AND ($7 = '' OR contact_id = $7)
  AND ($8 = '' OR rfc_message_id = $8)
  AND created_at >= $9
  AND created_at <= $10
  AND ($11 = '' OR state = $11)
ORDER BY id DESC
LIMIT $12"
        )
    };
}

/// Messages, newest first, before an id.
///
/// # Errors
/// Any fault of the database.
pub fn list(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    filter: &Filter,
    before: &str,
    limit: u32,
) -> Result<Vec<Message>, Error> {
    const ANY: &str = list!("$3 = ''");
    const CONVERSATION: &str = list!("conversation_id = $3");
    // Spelled as in the partial index, so that the few that need a look are found without a walk over all.
    const UNSETTLED: &str = list!(
        "state = $3 AND state IN ('queued', 'sending', 'unknown', 'failed', 'bounced', 'held', 'blocked', 'scheduled', 'deferred',
                    'draft')"
    );
    let (statement, first) = match (filter.conversation, filter.state) {
        (Some(conversation), _) => (CONVERSATION, conversation.to_string()),
        (None, Some(state)) if is_unsettled(state) => (UNSETTLED, state.as_str().to_owned()),
        _ => (ANY, String::new()),
    };
    let text = |id: Option<String>| id.unwrap_or_default();
    tx.query(
        statement,
        &args![
            tenant,
            before,
            first,
            filter.direction.map_or("", Direction::as_str),
            filter.channel.map_or("", Channel::as_str),
            text(filter.account.map(|id| id.to_string())),
            text(filter.contact.map(|id| id.to_string())),
            text(filter.rfc_message_id.clone()),
            filter.since.unwrap_or(Timestamp::from_micros(i64::MIN)),
            filter.until.unwrap_or(Timestamp::from_micros(i64::MAX)),
            filter.state.map_or("", MessageState::as_str),
            limit
        ],
        read,
    )
}

/// Those in the partial index: few, because most messages are settled.
fn is_unsettled(state: MessageState) -> bool {
    matches!(
        state,
        MessageState::Queued
            | MessageState::Sending
            | MessageState::Unknown
            | MessageState::Failed
            | MessageState::Bounced
            | MessageState::Held
            | MessageState::Blocked
            | MessageState::Scheduled
            | MessageState::Deferred
            | MessageState::Draft
    )
}

//! The first steps of a new server; each is told from what really happened, not from what was clicked.

use domain::access::{Permission, Principal};
use domain::message::{Direction, MessageState};
use schemars::JsonSchema;
use serde::Serialize;
use store::accounts::Health;
use store::messages::{self, Filter};
use store::{accounts, journal, routes};

use crate::{Engine, Error};

/// One step.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChecklistStep {
    pub id: String,
    pub title: String,
    pub done: bool,
    /// What was seen, or what to do.
    pub detail: String,
    /// Where in the dashboard it is done.
    pub action: Option<String>,
}

impl Engine {
    /// The steps with what is known of each.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn checklist(&self, principal: &Principal) -> Result<Vec<ChecklistStep>, Error> {
        principal.require(Permission::ConversationsRead)?;
        let tenant = principal.tenant;
        self.core
            .store
            .read(move |tx| {
                let accounts = accounts::list(tx, tenant)?;
                let checked = accounts.iter().any(|account| account.health == Health::Ok);
                let sent = newest(tx, tenant, Direction::Outbound)?.into_iter().any(|state| {
                    matches!(state, MessageState::Sent | MessageState::Delivered | MessageState::Read)
                });
                let received = !newest(tx, tenant, Direction::Inbound)?.is_empty();
                let has_route = !routes::list(tx, tenant)?.is_empty();
                let failed =
                    !journal::list(tx, tenant, (Some(journal::JournalState::Failed), ""), "jrn_z", 1)?
                        .is_empty();
                Ok(vec![
                    step(
                        "channel",
                        "Add a channel account",
                        !accounts.is_empty(),
                        "/channels",
                        match accounts.len() {
                            0 => {
                                "Messages go out through an account of a provider, such as your SMTP server."
                                    .to_owned()
                            }
                            count => format!("{count} added."),
                        },
                    ),
                    step(
                        "check",
                        "Check that it works",
                        checked,
                        "/channels",
                        if checked {
                            "An account passed its check or has sent.".to_owned()
                        } else {
                            "The check signs in to the provider without sending anything.".to_owned()
                        },
                    ),
                    step(
                        "test_message",
                        "Send a first message",
                        sent,
                        "/inbox",
                        if sent {
                            "A message was taken by its provider.".to_owned()
                        } else {
                            "Write to yourself: New message in the inbox.".to_owned()
                        },
                    ),
                    step(
                        "inbound",
                        "Receive a first message",
                        received,
                        "/channels",
                        match (received, has_route, failed) {
                            (true, _, _) => "A message came in and was filed.".to_owned(),
                            (_, _, true) => {
                                "Something came in and could not be read: see the journal.".to_owned()
                            }
                            (_, true, _) => {
                                "An address is routed; send a mail to it, or hand one in through the API."
                                    .to_owned()
                            }
                            _ => "Add an inbound address under Channels, or hand a mail in through the API."
                                .to_owned(),
                        },
                    ),
                ])
            })
            .await
    }
}

fn newest(
    tx: &mut store::Tx<'_>,
    tenant: domain::ids::TenantId,
    direction: Direction,
) -> Result<Vec<MessageState>, Error> {
    let filter = Filter { direction: Some(direction), ..Filter::default() };
    Ok(messages::list(tx, tenant, &filter, "msg_z", 20)?.into_iter().map(|message| message.state).collect())
}

fn step(id: &str, title: &str, done: bool, action: &str, detail: String) -> ChecklistStep {
    ChecklistStep {
        id: id.to_owned(),
        title: title.to_owned(),
        done,
        detail,
        action: Some(action.to_owned()),
    }
}

//! `/v1/mailboxes`: mailboxes that are read by IMAP.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use domain::ids::MailboxId;
use engine::Engine;
use engine::accounts::Checked;
use engine::mailboxes::{MailboxChange, MailboxView, MissingMailCheck, MissingMailRequest, NewMailbox};

use crate::kit::{Caller, Created, Json, List, NoContent, Path, Problem};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/mailboxes",
            get_with(list_mailboxes, |op| {
                op.id("list_mailboxes").tag("Channels").summary("Mailboxes that are read by IMAP")
            })
            .post_with(create_mailbox, |op| {
                op.id("create_mailbox").tag("Channels").summary("Add a mailbox").description(
                    "It is read from then on. Secrets are encrypted and never shown again.",
                )
            }),
        )
        .api_route(
            "/v1/mailboxes/{id}",
            get_with(get_mailbox, |op| op.id("get_mailbox").tag("Channels").summary("One mailbox"))
                .patch_with(update_mailbox, |op| {
                    op.id("update_mailbox").tag("Channels").summary("Change a mailbox").description(
                        "A secret that is absent or empty stays as it is. A stopped mailbox is tried again.",
                    )
                })
                .delete_with(delete_mailbox, |op| {
                    op.id("delete_mailbox").tag("Channels").summary("Stop reading a mailbox").description(
                        "What came from it stays, and the mailbox itself is not touched.",
                    )
                }),
        )
        .api_route(
            "/v1/mailboxes/{id}/check",
            post_with(check_mailbox, |op| {
                op.id("check_mailbox").tag("Channels").summary("Try a mailbox without fetching").description(
                    "Signs in and opens each folder. Answers 200 also when the check fails: `ok` and the steps say how it went.",
                )
            }),
        )
        .api_route(
            "/v1/mailboxes/{id}/missing-mail-check",
            post_with(check_missing_mail, |op| {
                op.id("check_missing_mail").tag("Channels").summary("Take in what is missing").description(
                    "Compares the mails of each folder with the journal, and takes in those that are not there, also \
                     those that were skipped before. Problem `mailbox_unreachable` when the mailbox cannot be read now.",
                )
            }),
        )
}

async fn list_mailboxes(
    State(engine): State<Engine>,
    caller: Caller,
) -> Result<Json<List<MailboxView>>, Problem> {
    Ok(List::whole(engine.mailboxes(&caller).await?))
}

async fn create_mailbox(
    State(engine): State<Engine>,
    caller: Caller,
    Json(new): Json<NewMailbox>,
) -> Result<Created<MailboxView>, Problem> {
    Ok(Created(engine.add_mailbox(&caller, new).await?))
}

async fn get_mailbox(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<MailboxId>,
) -> Result<Json<MailboxView>, Problem> {
    Ok(Json(engine.mailbox(&caller, id).await?))
}

async fn update_mailbox(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<MailboxId>,
    Json(change): Json<MailboxChange>,
) -> Result<Json<MailboxView>, Problem> {
    Ok(Json(engine.change_mailbox(&caller, id, change).await?))
}

async fn delete_mailbox(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<MailboxId>,
) -> Result<NoContent, Problem> {
    engine.remove_mailbox(&caller, id).await?;
    Ok(NoContent)
}

async fn check_mailbox(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<MailboxId>,
) -> Result<Json<Checked>, Problem> {
    Ok(Json(engine.check_mailbox(&caller, id).await?))
}

async fn check_missing_mail(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<MailboxId>,
    Json(request): Json<MissingMailRequest>,
) -> Result<Json<MissingMailCheck>, Problem> {
    Ok(Json(engine.check_missing_mail(&caller, id, request).await?))
}

//! `/v1/notes`: what people tell each other beside a conversation.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use domain::ids::{ConversationId, EntryId};
use engine::Engine;
use engine::inbox::{NewNote, NoteChange, NoteView};

use crate::kit::{Caller, Created, Json, NoContent, Path, Problem};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/conversations/{id}/notes",
            post_with(create_note, |op| {
                op.id("create_note").tag("Inbox").summary("Write a note").description(
                    "The contact never sees it. `@Name` of a person or team in the text, or their ids in `mentions`, \
                     tells them of it. Notes are read as part of the conversation's timeline.",
                )
            }),
        )
        .api_route(
            "/v1/notes/{id}",
            get_with(get_note, |op| op.id("get_note").tag("Inbox").summary("One note"))
                .patch_with(update_note, |op| {
                    op.id("update_note").tag("Inbox").summary("Change the text of a note").description(
                        "For its author, owners and admins. Problem: `not_the_author`.",
                    )
                })
                .delete_with(delete_note, |op| {
                    op.id("delete_note").tag("Inbox").summary("Remove a note").description(
                        "A line stays that says who removed it. Problem: `not_the_author`.",
                    )
                }),
        )
}

async fn create_note(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(new): Json<NewNote>,
) -> Result<Created<NoteView>, Problem> {
    Ok(Created(engine.write_note(&caller, id, new).await?))
}

async fn get_note(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<EntryId>,
) -> Result<Json<NoteView>, Problem> {
    Ok(Json(engine.note(&caller, id).await?))
}

async fn update_note(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<EntryId>,
    Json(change): Json<NoteChange>,
) -> Result<Json<NoteView>, Problem> {
    Ok(Json(engine.change_note(&caller, id, change).await?))
}

async fn delete_note(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<EntryId>,
) -> Result<NoContent, Problem> {
    engine.remove_note(&caller, id).await?;
    Ok(NoContent)
}

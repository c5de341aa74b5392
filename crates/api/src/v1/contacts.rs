//! `/v1/contacts`: the people outside.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use axum::response::Response;
use domain::ids::ContactId;
use engine::Engine;
use engine::contacts::{
    ContactChange, ContactFilter, ContactTimelineItem, ContactView, Duplicate, ExportFormat, MergedContact,
    NewContact,
};
use engine::inbox::{ConversationFilter, ConversationView};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::kit::openapi::{answers_with, or_with};
use crate::kit::{Caller, Created, Json, List, Paging, Path, Problem, Query, reply};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/contacts",
            get_with(list_contacts, |op| {
                op.id("list_contacts").tag("Contacts").summary("Contacts, newest first or by name").description(
                    "Filters may be combined. When all of them leave very many, a page may hold fewer than `limit`, or \
                     none, and still have a `next_cursor`: go on with it.",
                )
            })
            .post_with(create_contact, |op| {
                op.id("create_contact")
                    .tag("Contacts")
                    .summary("Add a contact")
                    .description("A name or an address is needed. Problem: `identity_taken`.")
            }),
        )
        .api_route(
            "/v1/contacts/export",
            get_with(export_contacts, |op| {
                let op = or_with(answers_with(op, "text/csv", "The file."), "text/vcard");
                op.id("export_contacts").tag("Contacts").summary("Contacts as a file").description(
                    "CSV or vCard 4.0 of all contacts, or of those that the filters of the list leave. Cells that a \
                     spreadsheet would run as a formula begin with an apostrophe, which an import takes off again.",
                )
            }),
        )
        .api_route(
            "/v1/contacts/{id}",
            get_with(get_contact, |op| op.id("get_contact").tag("Contacts").summary("One contact"))
                .patch_with(update_contact, |op| {
                    op.id("update_contact").tag("Contacts").summary("Change a contact").description(
                        "What is absent stays. Attributes are merged; `null` removes one. Problems: `identity_taken`, \
                         `contact_merged`.",
                    )
                }),
        )
        .api_route(
            "/v1/contacts/{id}/conversations",
            get_with(list_contact_conversations, |op| {
                op.id("list_contact_conversations").tag("Contacts").summary("Conversations with a contact")
            }),
        )
        .api_route(
            "/v1/contacts/{id}/timeline",
            get_with(get_contact_timeline, |op| {
                op.id("get_contact_timeline")
                    .tag("Contacts")
                    .summary("Everything with a contact, newest first")
                    .description("Messages, notes and changes of all its conversations.")
            }),
        )
        .api_route(
            "/v1/contacts/{id}/duplicates",
            get_with(list_contact_duplicates, |op| {
                op.id("list_contact_duplicates")
                    .tag("Contacts")
                    .summary("Who may be the same person")
                    .description("The surest first, each with the reason in words.")
            }),
        )
        .api_route(
            "/v1/contacts/{id}/merge",
            post_with(merge_contact, |op| {
                op.id("merge_contact").tag("Contacts").summary("Merge a contact into another one").description(
                    "Addresses and conversations go over. The other one's name and attributes win; what it lacks is \
                     added. `POST /v1/rearrangements/{id}/undo` takes all of it back. Problem: `contact_merged`.",
                )
            }),
        )
        .api_route(
            "/v1/contacts/{id}/export",
            get_with(export_contact, |op| {
                let op = answers_with(op, "application/json", "The document.");
                op.id("export_contact").tag("Contacts").summary("Everything that is known of a person").description(
                    "One JSON document: the contact, those merged into it, and every conversation that it took part in \
                     with messages, notes and the list of files.",
                )
            }),
        )
}

async fn list_contacts(
    State(engine): State<Engine>,
    caller: Caller,
    Query(filter): Query<ContactFilter>,
    Paging(page): Paging,
) -> Result<Json<List<ContactView>>, Problem> {
    Ok(List::of(engine.contacts(&caller, filter, page).await?, |view| view))
}

async fn create_contact(
    State(engine): State<Engine>,
    caller: Caller,
    Json(new): Json<NewContact>,
) -> Result<Created<ContactView>, Problem> {
    Ok(Created(engine.create_contact(&caller, new).await?))
}

async fn get_contact(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ContactId>,
) -> Result<Json<ContactView>, Problem> {
    Ok(Json(engine.contact(&caller, id).await?))
}

async fn update_contact(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ContactId>,
    Json(change): Json<ContactChange>,
) -> Result<Json<ContactView>, Problem> {
    Ok(Json(engine.change_contact(&caller, id, change).await?))
}

async fn list_contact_conversations(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ContactId>,
    Paging(page): Paging,
) -> Result<Json<List<ConversationView>>, Problem> {
    engine.contact(&caller, id).await?;
    let filter = ConversationFilter { contact: Some(id), ..ConversationFilter::default() };
    Ok(List::of(engine.conversations(&caller, filter, page).await?, |view| view))
}

async fn get_contact_timeline(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ContactId>,
    Paging(page): Paging,
) -> Result<Json<List<ContactTimelineItem>>, Problem> {
    Ok(List::of(engine.contact_timeline(&caller, id, page).await?, |item| item))
}

async fn list_contact_duplicates(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ContactId>,
) -> Result<Json<List<Duplicate>>, Problem> {
    Ok(List::whole(engine.contact_duplicates(&caller, id).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MergeContact {
    /// The contact that has everything afterwards.
    into: ContactId,
}

async fn merge_contact(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ContactId>,
    Json(MergeContact { into }): Json<MergeContact>,
) -> Result<Json<MergedContact>, Problem> {
    Ok(Json(engine.merge_contact(&caller, id, into).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Wanted {
    /// `csv` when absent.
    format: Option<ExportFormat>,
}

async fn export_contacts(
    State(engine): State<Engine>,
    caller: Caller,
    Query(filter): Query<ContactFilter>,
    Query(Wanted { format }): Query<Wanted>,
) -> Result<Response, Problem> {
    let format = format.unwrap_or(ExportFormat::Csv);
    let (content_type, filename) = match format {
        ExportFormat::Csv => ("text/csv; charset=utf-8", "contacts.csv"),
        ExportFormat::Vcard => ("text/vcard; charset=utf-8", "contacts.vcf"),
    };
    let export = engine.export_contacts(&caller, filter, format).await?;
    let parts = futures_util::stream::try_unfold(export, |mut export| async {
        Ok::<_, engine::Error>(export.next_part().await?.map(|part| (part, export)))
    });
    Ok(reply::download(content_type, filename, parts))
}

async fn export_contact(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ContactId>,
) -> Result<Response, Problem> {
    let export = engine.export_person(&caller, id).await?;
    let parts = futures_util::stream::try_unfold(export, |mut export| async {
        Ok::<_, engine::Error>(export.next_part().await?.map(|part| (part, export)))
    });
    Ok(reply::download("application/json", &format!("{id}.json"), parts))
}

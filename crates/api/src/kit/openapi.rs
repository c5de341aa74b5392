//! The description of the API (OpenAPI 3.1), derived from the handlers' types, so that it cannot drift from them.

use aide::axum::ApiRouter;
use aide::openapi::{
    ApiKeyLocation, MediaType, OpenApi, ReferenceOr, Response, SecurityScheme, StatusCode, Tag,
};
use aide::transform::{TransformOpenApi, TransformOperation};
use axum::Router;
use engine::Engine;

use super::auth::SESSION_COOKIE;

const DESCRIPTION: &str = "One server for every conversation that a business has.

Send an API key as `Authorization: Bearer ck_…`. Times are RFC 3339 in UTC; ids carry their kind (`msg_…`, `cnv_…`).

**Lists** give `data` and `next_cursor`; send the latter as `cursor` to go on. **Refusals** are problems (RFC 9457) whose
`code` is one of those at [/docs/problems](/docs/problems). **Idempotency**: every POST takes an `Idempotency-Key`; the
same request with the same key within 24 hours gets the first answer again, with `Idempotency-Replayed: true`.";

/// One group of operations in the reference.
const TAGS: &[(&str, &str)] = &[
    ("Messages", "Send, schedule, cancel, look up."),
    ("Conversations", "One timeline with one contact."),
    ("Contacts", "People outside, with their addresses."),
    ("Channels", "Providers, configured accounts, and where mail is taken in."),
    ("Inbound", "Raw mail in, and the journal of everything that came."),
    ("Events", "What happened, as a list or as a stream."),
    ("Webhooks", "What happened, sent to your own programs and signed."),
    ("Access", "People, API keys, and who you are."),
    ("Audit", "Who changed what, in a chain that shows tampering."),
];

/// Turns the resources into a router and their description.
pub fn finish(routes: ApiRouter<Engine>) -> (Router<Engine>, OpenApi) {
    // aide tells of every response that it does not infer because it is documented already; that is no fault.
    aide::generate::on_error(|error| tracing::debug!(%error, "describing the API"));
    let mut document = OpenApi::default();
    let router = routes.finish_api_with(&mut document, describe);
    (router, document)
}

fn describe(document: TransformOpenApi<'_>) -> TransformOpenApi<'_> {
    let document = document
        .title("Chancery")
        .version(env!("CARGO_PKG_VERSION"))
        .description(DESCRIPTION)
        .security_scheme(
            "api_key",
            SecurityScheme::Http {
                scheme: "bearer".into(),
                bearer_format: Some("ck_…".into()),
                description: Some("An API key, made under Settings or with `chancery key create`.".into()),
                extensions: Default::default(),
            },
        )
        .security_scheme(
            "session",
            SecurityScheme::ApiKey {
                location: ApiKeyLocation::Cookie,
                name: SESSION_COOKIE.into(),
                description: Some(
                    "The dashboard's session; changes also need the header `X-CSRF-Token`.".into(),
                ),
                extensions: Default::default(),
            },
        )
        .security_requirement("api_key")
        .security_requirement("session");
    TAGS.iter().fold(document, |document, (name, description)| {
        let description = Some((*description).to_owned());
        document.tag(Tag { name: (*name).to_owned(), description, ..Tag::default() })
    })
}

/// Describes an answer of 200 that is no JSON, such as the bytes of a file.
pub fn answers_with<'t>(
    mut operation: TransformOperation<'t>,
    media_type: &str,
    what: &str,
) -> TransformOperation<'t> {
    let content = [(media_type.to_owned(), MediaType::default())].into_iter().collect();
    let answer = Response { description: what.to_owned(), content, ..Response::default() };
    let responses = operation.inner_mut().responses.get_or_insert_default();
    responses.responses.insert(StatusCode::Code(200), ReferenceOr::Item(answer));
    operation
}

/// Describes a second form of that answer.
pub fn or_with<'t>(mut operation: TransformOperation<'t>, media_type: &str) -> TransformOperation<'t> {
    let responses = operation.inner_mut().responses.get_or_insert_default();
    if let Some(ReferenceOr::Item(answer)) = responses.responses.get_mut(&StatusCode::Code(200)) {
        answer.content.insert(media_type.to_owned(), MediaType::default());
    }
    operation
}

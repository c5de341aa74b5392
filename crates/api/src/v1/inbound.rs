//! `/v1/inbound/email`: mail that a program hands in as it came.

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use domain::address::EmailAddress;
use domain::ids::AccountId;
use domain::invalid::Invalid;
use engine::Engine;
use engine::receive::{InboundMail, LARGEST_MAIL, TakenIn};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::kit::{Accepted, Caller, Problem, Query, idempotency, json};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/inbound/email",
            post_with(receive_email, |op| {
                op.id("receive_email").tag("Receiving").summary("Hand in a mail").description(
                    "The body is the mail as `message/rfc822`. Answers 202 when it is safely in the journal. The same \
                     bytes are filed once; `Idempotency-Key` is a key of your own for that. `X-Envelope-From` and \
                     `X-Envelope-To` (comma separated) tell the SMTP envelope.",
                )
            }),
        )
        .layer(DefaultBodyLimit::max(LARGEST_MAIL))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct For {
    /// The channel account whose conversation it is.
    account: Option<AccountId>,
}

async fn receive_email(
    State(engine): State<Engine>,
    caller: Caller,
    Query(For { account }): Query<For>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Accepted<TakenIn>, Problem> {
    let raw = body.map_err(json::not_received)?;
    let mail = InboundMail {
        raw,
        account,
        envelope_from: envelope(&headers, "x-envelope-from")?.pop(),
        envelope_to: envelope(&headers, "x-envelope-to")?,
        dedupe_key: idempotency::key_of(&headers)?.map(str::to_owned),
    };
    Ok(Accepted(engine.take_in_mail(&caller, mail).await?))
}

fn envelope(headers: &HeaderMap, name: &str) -> Result<Vec<EmailAddress>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(Vec::new()) };
    let fault = |detail: String| Problem::from(Invalid::at("", format!("the header {name}: {detail}")));
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| fault("expected UTF-8".to_owned()))?;
    text.split(',')
        .map(|part| part.trim().trim_matches(['<', '>']))
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().map_err(|error: domain::address::NotAnAddress| fault(error.to_string())))
        .collect()
}

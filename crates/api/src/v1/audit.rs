//! `/v1/audit`: who changed what, and whether the log is whole.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use domain::access::ActorKind;
use domain::clock::Timestamp;
use engine::Engine;
use engine::audit::{Entry, Verification};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::kit::{Caller, Json, List, Paging, Problem};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/audit",
            get_with(list_audit_entries, |op| {
                op.id("list_audit_entries").tag("Audit").summary("Audit log, newest first")
            }),
        )
        .api_route(
            "/v1/audit/verification",
            get_with(verify_audit, |op| {
                op.id("verify_audit").tag("Audit").summary("Check the audit log").description(
                    "Computes the chain of hashes again and names the first entry that does not fit. Keep `head` and \
                     `entries` elsewhere to notice when the newest entries are cut off.",
                )
            }),
        )
}

/// One change.
#[derive(Serialize, JsonSchema)]
struct AuditEntry {
    seq: i64,
    at: Timestamp,
    actor: AuditActor,
    /// What was done, such as `api_key.created`.
    action: String,
    /// The id of what it was done to.
    subject: String,
    detail: Value,
    /// SHA-256 over the hash before and all of the above.
    hash: String,
}

#[derive(Serialize, JsonSchema)]
struct AuditActor {
    kind: ActorKind,
    id: Option<String>,
    /// The name that the actor has now.
    name: Option<String>,
}

impl From<(Entry, Option<String>)> for AuditEntry {
    fn from((entry, name): (Entry, Option<String>)) -> AuditEntry {
        let Entry { seq, at, actor, action, subject, detail, hash } = entry;
        let detail = serde_json::from_str(&detail).unwrap_or(Value::String(detail));
        let actor = AuditActor { kind: actor.kind, id: actor.id, name };
        AuditEntry { seq, at, actor, action, subject, detail, hash }
    }
}

/// What checking the chain found.
#[derive(Serialize, JsonSchema)]
struct AuditVerification {
    /// Whether every entry fits the one before.
    ok: bool,
    /// How many entries there are; absent when the chain is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<i64>,
    /// The hash of the newest entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
    /// The number of the first entry that does not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    broken_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<String>,
}

impl From<Verification> for AuditVerification {
    fn from(found: Verification) -> AuditVerification {
        let nothing =
            AuditVerification { ok: true, entries: None, head: None, broken_at: None, explanation: None };
        match found {
            Verification::Whole { entries, head } => {
                AuditVerification { entries: Some(entries), head: Some(head), ..nothing }
            }
            Verification::Broken { at, explanation } => AuditVerification {
                ok: false,
                broken_at: Some(at),
                explanation: Some(explanation),
                ..nothing
            },
        }
    }
}

async fn list_audit_entries(
    State(engine): State<Engine>,
    caller: Caller,
    Paging(page): Paging,
) -> Result<Json<List<AuditEntry>>, Problem> {
    Ok(List::of(engine.audit_entries(&caller, page).await?, AuditEntry::from))
}

async fn verify_audit(
    State(engine): State<Engine>,
    caller: Caller,
) -> Result<Json<AuditVerification>, Problem> {
    Ok(Json(engine.verify_audit(&caller).await?.into()))
}

//! Everything the API can refuse, as one closed list of problems (RFC 9457). Causes are logged, never sent.

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{
    MediaType, Operation, Response as Documented, SchemaObject, StatusCode as DocumentedStatus,
};
use axum::response::{IntoResponse, Response};
use domain::access::Forbidden;
use domain::invalid::{Fault, Invalid};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;

macro_rules! problems {
    ($($variant:ident = $word:literal, $status:ident, $title:literal, $docs:literal;)+) => {
        /// A kind of problem. `word` is what clients compare.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $(#[doc = $docs] $variant),+ }

        impl Code {
            /// Every kind, in the order in which the manual lists them.
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            /// The word that clients compare.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Code::$variant => $word),+ }
            }

            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Code::$variant => StatusCode::$status),+ }
            }

            /// What happened, in a few words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Code::$variant => $title),+ }
            }

            /// What it means and what to do.
            #[must_use]
            pub const fn docs(self) -> &'static str {
                match self { $(Code::$variant => $docs),+ }
            }

            /// Finds a kind by its word.
            #[must_use]
            pub fn of_word(word: &str) -> Option<Code> {
                match word { $($word => Some(Code::$variant),)+ _ => None }
            }
        }
    };
}

problems! {
    MalformedJson = "malformed_json", BAD_REQUEST, "The body is not JSON",
        "The body could not be read as JSON. `detail` names the line and column of the first mistake.";
    InvalidRequest = "invalid_request", UNPROCESSABLE_ENTITY, "The request is not valid",
        "Each entry of `errors` names a field by a JSON pointer (RFC 6901) and says what is expected there. Nothing was done.";
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The body has the wrong type",
        "Send the `Content-Type` that the endpoint takes: `application/json` unless its description says otherwise.";
    PayloadTooLarge = "payload_too_large", PAYLOAD_TOO_LARGE, "The body is too large",
        "The body is larger than this endpoint takes. Nothing was kept.";
    BodyNotReceived = "body_not_received", BAD_REQUEST, "The body did not arrive",
        "The connection ended before the whole body was received. Nothing was done; send the request again.";
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "You are not signed in",
        "Send an API key as `Authorization: Bearer ck_…`, or sign in. The key may be wrong or revoked, the session over.";
    CsrfFailed = "csrf_failed", FORBIDDEN, "The request did not prove where it comes from",
        "A request with the session cookie that changes something needs the header `X-CSRF-Token` with the `csrf_token` of `GET /v1/me`.";
    Forbidden = "forbidden", FORBIDDEN, "You may not do this",
        "The key's scopes, or your role, do not include the permission that `detail` names.";
    NotFound = "not_found", NOT_FOUND, "There is nothing here",
        "The address does not exist, or what it names does not exist (any more) in your tenant.";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The address exists, but not for this method",
        "See the `Allow` header, or the reference at /docs.";
    Conflict = "conflict", CONFLICT, "The current state does not allow this",
        "What you want to change is in a state that does not allow it, or was changed meanwhile. Read it again.";
    AlreadySetUp = "already_set_up", CONFLICT, "This server has an owner already",
        "Sign in at /sign-in. An owner can add further people.";
    EmailTaken = "email_taken", CONFLICT, "The email address is taken",
        "Somebody with this email address exists already. Addresses are compared without regard to case.";
    LastOwner = "last_owner", CONFLICT, "The last owner stays an owner",
        "Make somebody else an owner first; a server without an owner could not be administered.";
    NotCancellable = "not_cancellable", CONFLICT, "The message cannot be cancelled any more",
        "It has left already, or has reached a final state.";
    NotRetryable = "not_retryable", CONFLICT, "The message cannot be sent again",
        "Only messages that are failed, bounced, blocked or held can be retried.";
    StillSuppressed = "still_suppressed", CONFLICT, "The recipient is still on the suppression list",
        "The message would be blocked. Take the address off the list first, then send the message again.";
    AlreadySuppressed = "already_suppressed", CONFLICT, "The address is on the suppression list already",
        "It has an entry for this reason. The detail names its id.";
    NotUnknown = "not_unknown", CONFLICT, "The outcome of this message is known",
        "Only messages in state `unknown` can be resolved.";
    NotInTray = "not_in_tray", CONFLICT, "The conversation is not in the tray",
        "It was decided already, or never was in question.";
    ConversationMerged = "conversation_merged", CONFLICT, "The conversation was merged into another one",
        "Its `merged_into` says where its messages are. Change that one, or undo the merge.";
    ConversationMovedOn = "conversation_moved_on", CONFLICT, "Something was said in between",
        "There is a newer message than the one you answer. Read it, then send again without `expected_last_message_id`.";
    IdentityTaken = "identity_taken", CONFLICT, "The address is somebody else's",
        "An address belongs to one contact. The detail says to whom; merge the two, or remove it there first.";
    ContactMerged = "contact_merged", CONFLICT, "The contact was merged into another one",
        "Its `merged_into` says which contact has everything now. Change that one, or undo the merge.";
    NotUndoable = "not_undoable", CONFLICT, "This cannot be undone any more",
        "The detail says what came in between. Nothing was changed.";
    TagTaken = "tag_taken", CONFLICT, "There is a tag of that name",
        "Names of tags are compared without regard to case. Choose another one, or use that tag.";
    DraftChanged = "draft_changed", CONFLICT, "The draft was written elsewhere meanwhile",
        "It stays as the other window wrote it. Read it again, then send your change with its new `updated_at`.";
    ShortcutTaken = "shortcut_taken", CONFLICT, "The shortcut is taken",
        "Another canned response has this shortcut. Choose another one.";
    PersonOnly = "person_only", FORBIDDEN, "Only people have this",
        "Notifications, drafts and presence belong to people who sign in. An API key has none of its own.";
    NotTheAuthor = "not_the_author", FORBIDDEN, "The note is somebody else's",
        "Only the author of a note, an owner or an admin changes or removes it.";
    AlreadyProcessed = "already_processed", CONFLICT, "The entry became a message already",
        "Working on a processed journal entry again would change nothing.";
    AccountInUse = "account_in_use", CONFLICT, "Messages wait for this account",
        "Let them leave or cancel them first, or switch the account off instead of removing it.";
    AttachmentMissing = "attachment_missing", CONFLICT, "A file of the message is missing",
        "The folder of attachments beside the database lacks this content. Restore it from a backup.";
    NoSender = "no_sender", CONFLICT, "The account has no sender address",
        "Set the sender of the channel account, then send again.";
    NoAccount = "no_account", CONFLICT, "No channel account can send this",
        "Add an account for the channel under /v1/channel-accounts, or enable one.";
    MailboxUnreachable = "mailbox_unreachable", CONFLICT, "The mailbox cannot be read now",
        "The detail says why. `POST /v1/mailboxes/{id}/check` tries every step by itself.";
    RouteTaken = "route_taken", CONFLICT, "The address is routed already",
        "Another inbound route takes mail for this address. Delete that one first.";
    WebhookDisabled = "webhook_disabled", CONFLICT, "The webhook is switched off",
        "Nothing is sent to it. Switch it on with `enabled: true`, then try again.";
    IdempotencyInProgress = "idempotency_in_progress", CONFLICT, "The first request with this key is still at work",
        "Wait a moment and send the same request again.";
    IdempotencyMismatch = "idempotency_mismatch", UNPROCESSABLE_ENTITY, "The idempotency key belongs to another request",
        "A key stands for one request: method, path and body. Use a new key for a new request.";
    TooManyAttempts = "too_many_attempts", TOO_MANY_REQUESTS, "Too many attempts",
        "Wait as many seconds as `Retry-After` says.";
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something is broken in the server",
        "This is a defect. The operator finds the cause in the log by the `X-Request-Id` of the answer.";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "The server cannot take this now",
        "The database is too busy or cannot write. Nothing was kept; send the same request again after `Retry-After` seconds.";
}

/// A refusal on its way to the client.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    detail: String,
    faults: Vec<Fault>,
    retry_after: Option<u32>,
    /// For the log only.
    cause: Option<String>,
}

/// What the access log says of a refusal beyond its status; travels beside the answer, never in it.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub code: Code,
    pub cause: Option<String>,
}

/// The body of every refusal, RFC 9457.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct ProblemBody {
    /// A reference to the page that explains this kind of problem, such as `/docs/problems#not_found`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, in a few words.
    pub title: String,
    /// The HTTP status again.
    pub status: u16,
    /// The kind of problem as a word that does not change.
    pub code: String,
    /// What happened this time.
    pub detail: String,
    /// The fields that are wrong, if it is about fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
}

impl Problem {
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Problem {
        Problem { code, detail: detail.into(), faults: Vec::new(), retry_after: None, cause: None }
    }

    /// A defect: the client learns nothing of its cause, the log everything.
    #[must_use]
    pub fn internal(cause: impl std::fmt::Display) -> Problem {
        let cause = Some(cause.to_string());
        Problem { cause, ..Problem::new(Code::Internal, "The cause is in the server's log.") }
    }

    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    fn after(self, seconds: u32) -> Problem {
        Problem { retry_after: Some(seconds), ..self }
    }

    /// The body alone, for answers that hold several.
    #[must_use]
    pub fn body(&self) -> ProblemBody {
        ProblemBody {
            kind: format!("/docs/problems#{}", self.code.word()),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            code: self.code.word().to_owned(),
            detail: self.detail.clone(),
            errors: self.faults.clone(),
        }
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Problem {
        let detail = invalid.to_string();
        Problem { faults: invalid.faults, ..Problem::new(Code::InvalidRequest, detail) }
    }
}

impl From<Forbidden> for Problem {
    fn from(forbidden: Forbidden) -> Problem {
        Problem::new(Code::Forbidden, forbidden.to_string())
    }
}

impl From<engine::Error> for Problem {
    fn from(error: engine::Error) -> Problem {
        use engine::Error as E;
        if error.is_temporary() {
            let detail = "The database cannot take this now. Nothing was kept.";
            let cause = Some(error.to_string());
            return Problem { cause, ..Problem::new(Code::Unavailable, detail).after(1) };
        }
        match error {
            E::Invalid(invalid) => invalid.into(),
            E::NotSignedIn(detail) => Problem::new(Code::Unauthenticated, detail),
            E::Forbidden(forbidden) => forbidden.into(),
            E::NotFound(_) => Problem::new(Code::NotFound, error.to_string()),
            E::Conflict { code, detail } => {
                Problem::new(Code::of_word(code).unwrap_or(Code::Conflict), detail)
            }
            E::TooMany(seconds) => Problem::new(Code::TooManyAttempts, error.to_string()).after(seconds),
            E::Store(fault) => Problem::internal(fault),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.code.status();
        let body = serde_json::to_vec(&self.body()).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(Refusal { code: self.code, cause: self.cause });
        response
    }
}

impl OperationOutput for Problem {
    type Inner = ProblemBody;

    fn operation_response(context: &mut GenContext, _: &mut Operation) -> Option<Documented> {
        let json_schema = context.schema.subschema_for::<ProblemBody>();
        let schema = Some(SchemaObject { json_schema, external_docs: None, example: None });
        let media = MediaType { schema, ..MediaType::default() };
        Some(Documented {
            description: "A problem (RFC 9457); `code` is one of those listed at /docs/problems.".into(),
            content: [("application/problem+json".to_owned(), media)].into_iter().collect(),
            ..Documented::default()
        })
    }

    fn inferred_responses(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<DocumentedStatus>, Documented)> {
        Self::operation_response(context, operation).map(|response| (None, response)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_names_one_problem() {
        for code in Code::ALL {
            assert_eq!(Code::of_word(code.word()), Some(*code));
            assert!(code.status().is_client_error() || code.status().is_server_error());
        }
    }

    #[test]
    fn a_cause_is_never_sent() {
        let fault = engine::Error::from(store::Error::Unexpected("secret table".into()));
        let problem = Problem::from(fault);
        assert_eq!(problem.code(), Code::Internal);
        let body = serde_json::to_string(&problem.body()).expect("JSON");
        assert!(!body.contains("secret table"), "{body}");
        assert_eq!(
            problem.cause.as_deref(),
            Some("the database answered with something unexpected: secret table")
        );
    }

    #[test]
    fn a_busy_database_asks_to_come_back() {
        let response = Problem::from(engine::Error::from(store::Error::Busy)).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[RETRY_AFTER], "1");
    }
}

//! JSON bodies: what is wrong with one is said with the place of the field and what was expected there.

use aide::generate::GenContext;
use aide::openapi::{Operation, Response as Documented, StatusCode};
use aide::{OperationInput, OperationOutput};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use domain::invalid::Invalid;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use super::problem::{Code, Problem};

/// A JSON body, in or out.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Json<T>, Problem> {
        require_json(request.headers())?;
        let body = Bytes::from_request(request, state).await.map_err(not_received)?;
        parse(&body).map(Json)
    }
}

/// Reads a JSON body that is in memory already.
///
/// # Errors
/// A problem that names the field.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // serde would take a list for a struct, its items for the fields in the order in which they stand in the code.
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        let whole = serde_json::from_slice::<serde::de::IgnoredAny>(body);
        whole.map_err(|error| Problem::new(Code::MalformedJson, error.to_string()))?;
        return Err(Invalid::at("", "expected an object, not a list").into());
    }
    // Keeping track of the place costs time; only a body that is wrong pays for it.
    serde_json::from_slice(body).map_err(|_| explain::<T>(body))
}

fn explain<T: DeserializeOwned>(body: &[u8]) -> Problem {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let error = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Err(error) => error,
        Ok(_) => {
            let end = reader.end().map_or_else(|error| error.to_string(), |()| "not JSON".into());
            return Problem::new(Code::MalformedJson, end);
        }
    };
    let cause = error.inner();
    // A number where a word of a closed list belongs is a syntax error to serde, and a wrong value to everybody else.
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    if is_json && cause.is_syntax() {
        return Invalid::at(pointer(error.path()), "expected a text, one of those that are documented")
            .into();
    }
    if cause.is_syntax() || cause.is_eof() || cause.is_io() {
        let detail = if body.is_empty() { "The body is empty.".into() } else { cause.to_string() };
        return Problem::new(Code::MalformedJson, detail);
    }
    let (pointer, detail) = fault(pointer(error.path()), &cause.to_string());
    Invalid::at(pointer, detail).into()
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => push_name(&mut pointer, key),
            Segment::Unknown => {}
        }
    }
    pointer
}

fn push_name(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
}

/// Puts serde's words into ours: where, and what is expected.
pub(super) fn fault(mut pointer: String, words: &str) -> (String, String) {
    let words = words.rsplit_once(" at line ").map_or(words, |(words, _)| words);
    if let Some(name) = words.strip_prefix("missing field ") {
        push_name(&mut pointer, name.trim_matches('`'));
        return (pointer, "expected a value; this field is required".into());
    }
    if let Some((name, known)) = words.strip_prefix("unknown field ").and_then(|rest| rest.split_once(", ")) {
        let mut place = String::new();
        push_name(&mut place, name.trim_matches('`'));
        // The path ends with the unknown field itself, but not in every kind of document.
        if !pointer.ends_with(&place) {
            pointer.push_str(&place);
        }
        return (pointer, format!("there is no such field; {known}"));
    }
    if let Some((word, known)) =
        words.strip_prefix("unknown variant ").and_then(|rest| rest.split_once(", expected "))
    {
        return (pointer, format!("expected {known}, not {word}"));
    }
    for kind in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some((found, expected)) =
            words.strip_prefix(kind).and_then(|rest| rest.rsplit_once(", expected "))
        {
            return (pointer, format!("expected {}, not {found}", plain(expected)));
        }
    }
    (pointer, words.to_owned())
}

/// Rust's name of a type, as somebody says it who never saw Rust.
fn plain(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        _ if expected.starts_with("struct ") || expected.starts_with("internally tagged enum") => "an object",
        _ => expected,
    }
}

/// Refuses a body that does not call itself JSON.
///
/// # Errors
/// `unsupported_media_type`.
pub(super) fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let sent = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = sent.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") || essence.ends_with("+json") {
        return Ok(());
    }
    let found = if essence.is_empty() { "nothing" } else { essence };
    let detail = format!("Expected Content-Type: application/json, not {found}.");
    Err(Problem::new(Code::UnsupportedMediaType, detail))
}

/// Why a body is not there.
pub fn not_received(rejection: BytesRejection) -> Problem {
    if rejection.status() == http::StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(Code::PayloadTooLarge, "The body is larger than this endpoint takes.");
    }
    Problem::new(Code::BodyNotReceived, "The connection ended before the whole body was there.")
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => Problem::internal(error).into_response(),
        }
    }
}

impl<T: JsonSchema> OperationInput for Json<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        axum::Json::<T>::operation_input(context, operation);
    }
}

impl<T: JsonSchema> OperationOutput for Json<T> {
    type Inner = T;

    fn operation_response(context: &mut GenContext, operation: &mut Operation) -> Option<Documented> {
        let response = axum::Json::<T>::operation_response(context, operation);
        response.map(|response| super::reply::described(response, "What was asked for."))
    }

    fn inferred_responses(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<StatusCode>, Documented)> {
        super::reply::with_status::<Json<T>>(200, context, operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[serde(rename = "to")]
        _to: Vec<domain::address::EmailAddress>,
        #[serde(rename = "count")]
        _count: u8,
    }

    fn refused(body: &str) -> (Code, String, String) {
        let problem = parse::<Order>(body.as_bytes()).expect_err("this is refused");
        let fault = problem.faults().first().cloned();
        let (pointer, detail) =
            fault.map_or_else(|| (String::new(), problem.detail().to_owned()), |f| (f.pointer, f.detail));
        (problem.code(), pointer, detail)
    }

    #[test]
    fn a_wrong_field_is_named_with_what_is_expected() {
        let told = |body| {
            let (code, pointer, detail) = refused(body);
            assert_eq!(code, Code::InvalidRequest);
            format!("{pointer}: {detail}")
        };
        assert_eq!(
            told(r#"{"to":["a@example.com","b"],"count":1}"#),
            "/to/1: expected an email address such as jane@example.com"
        );
        assert_eq!(told(r#"{"to":[]}"#), "/count: expected a value; this field is required");
        assert_eq!(
            told(r#"{"to":[],"count":"x"}"#),
            "/count: expected a whole number that is not negative, not string \"x\""
        );
        assert_eq!(
            told(r#"{"to":[],"count":1,"a/b":1}"#),
            "/a~1b: there is no such field; expected `to` or `count`"
        );
    }

    #[test]
    fn what_is_not_json_is_told_with_its_line() {
        let (code, _, detail) = refused("{\n\"to\": [}");
        assert_eq!(code, Code::MalformedJson);
        assert!(detail.ends_with("at line 2 column 8"), "{detail}");
        assert_eq!(refused("").2, "The body is empty.");
        assert_eq!(refused(r#"{"to":[],"count":1} {}"#).0, Code::MalformedJson);
    }
}

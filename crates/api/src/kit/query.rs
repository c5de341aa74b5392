//! Query parameters, with the same kind of explanation as bodies.

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::Operation;
use axum::extract::FromRequestParts;
use domain::invalid::Invalid;
use http::request::Parts;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::Problem;
use super::json::fault;

/// Query parameters as a struct.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Query<T>, Problem> {
        parse(parts).map(Query)
    }
}

/// Reads the query of a request. Parameters that are unknown are ignored.
///
/// # Errors
/// A problem that names the parameter.
pub fn parse<T: DeserializeOwned>(parts: &Parts) -> Result<T, Problem> {
    axum::extract::Query::<T>::try_from_uri(&parts.uri).map(|query| query.0).map_err(|rejection| {
        let words = rejection.body_text();
        let words = words.strip_prefix("Failed to deserialize query string: ").unwrap_or(&words);
        // axum puts the parameter's name first, as in `limit: invalid digit found in string`.
        let (pointer, words) = match words.split_once(": ") {
            Some((name, rest)) if !name.contains(' ') => (format!("/{name}"), rest),
            _ => (String::new(), words),
        };
        let (pointer, detail) = match words {
            "invalid digit found in string"
            | "cannot parse integer from empty string"
            | "number too large to fit in target type"
            | "number too small to fit in target type" => (pointer, "expected a whole number".to_owned()),
            _ => fault(pointer, words),
        };
        Invalid::at(pointer, detail).into()
    })
}

impl<T: JsonSchema> OperationInput for Query<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        axum::extract::Query::<T>::operation_input(context, operation);
    }
}

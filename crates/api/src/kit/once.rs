//! A JSON body together with its `Idempotency-Key`, for the resources that keep their keys in their own transaction.

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::Operation;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use engine::access::fingerprint;
use engine::send::IdempotencyKey;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::{Json, Problem, idempotency, json};

/// What was asked, and the key under which it is done once.
#[derive(Debug, Clone)]
pub struct Once<T> {
    pub asked: T,
    pub key: Option<IdempotencyKey>,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Once<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Once<T>, Problem> {
        let key = idempotency::key_of(request.headers())?.map(str::to_owned);
        json::require_json(request.headers())?;
        let path = key.as_ref().map(|_| request.uri().path().to_owned()).unwrap_or_default();
        let body = Bytes::from_request(request, state).await.map_err(json::not_received)?;
        let asked = json::parse(&body)?;
        let key = key.map(|key| IdempotencyKey { key, fingerprint: fingerprint(&[path.as_bytes(), &body]) });
        Ok(Once { asked, key })
    }
}

impl<T: JsonSchema> OperationInput for Once<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        Json::<T>::operation_input(context, operation);
    }
}

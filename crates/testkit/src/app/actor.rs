//! Somebody who speaks HTTP to the app, through its real router.

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Method, Request};
use serde_json::Value;
use tower::ServiceExt as _;

/// A caller with a key, a session, or nothing.
#[derive(Clone)]
pub struct Actor {
    router: Router,
    headers: Vec<(String, String)>,
}

/// What the app answered.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    /// JSON, or null when it is something else.
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Actor {
    pub(super) fn with_key(router: Router, key: &str) -> Actor {
        Actor { router, headers: vec![("authorization".to_owned(), format!("Bearer {key}"))] }
    }

    pub(super) fn with_session(router: Router, token: &str, csrf: &str) -> Actor {
        let headers = vec![
            ("cookie".to_owned(), format!("chancery_session={token}")),
            ("x-csrf-token".to_owned(), csrf.to_owned()),
        ];
        Actor { router, headers }
    }

    pub(super) fn nobody(router: Router) -> Actor {
        Actor { router, headers: Vec::new() }
    }

    /// The same actor with one more header on every request.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Actor {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same actor without a header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Actor {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None, Vec::new()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, Some("application/json"), body.to_string().into_bytes()).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PATCH, path, Some("application/json"), body.to_string().into_bytes()).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None, Vec::new()).await
    }

    /// Hands in a mail as it came.
    pub async fn hand_in(&self, raw: impl Into<Vec<u8>>) -> Reply {
        self.send(Method::POST, "/v1/inbound/email", Some("message/rfc822"), raw.into()).await
    }

    /// Any request.
    ///
    /// # Panics
    /// When the request cannot be built; the router itself never fails.
    pub async fn send(&self, method: Method, path: &str, content_type: Option<&str>, body: Vec<u8>) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let request = request.body(Body::from(body)).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a whole body").to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply { status: parts.status.as_u16(), headers: parts.headers, body, bytes }
    }
}

impl Reply {
    /// Status and, for a problem, its code and the places of its faults; else the state, when the body has one.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut summary = self.status.to_string();
        if let Some(code) = self.body["code"].as_str() {
            summary.push_str(&format!(" {code}"));
            for fault in self.body["errors"].as_array().into_iter().flatten() {
                summary.push_str(&format!(" {}", fault["pointer"].as_str().unwrap_or_default()));
            }
        } else if let Some(state) = self.body["state"].as_str() {
            summary.push_str(&format!(" {state}"));
        }
        summary
    }

    /// A field of the body as text.
    ///
    /// # Panics
    /// When there is no such text.
    #[must_use]
    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_else(|| panic!("no text {field} in {}", self.body))
    }

    /// The rows of a list.
    ///
    /// # Panics
    /// When the body is no list.
    #[must_use]
    pub fn rows(&self) -> &[Value] {
        self.body["data"].as_array().unwrap_or_else(|| panic!("no list in {}", self.body))
    }
}

//! The stand-in's HTTP side: the few routes that the harness asks for.

use std::net::SocketAddr;
use std::path::Path as FilePath;
use std::sync::Arc;

use anyhow::Result;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use super::outbox;
use super::shelf::{Filter, Shelf};
use super::{Fault, KEY, mail};

#[derive(Clone)]
struct Desk {
    shelf: Arc<Shelf>,
    fault: Fault,
    outbox: UnboundedSender<i64>,
}

type Answer = Result<(StatusCode, Json<Value>), (StatusCode, String)>;

pub async fn serve(folder: &FilePath, listen: SocketAddr, fault: Fault) -> Result<()> {
    let shelf = Arc::new(Shelf::open(folder, fault)?);
    let waiting = shelf.wake(fault)?;
    let (outbox, _senders) = outbox::open(&shelf)?;
    for number in waiting {
        outbox.send(number)?;
    }
    let app = Router::new()
        .route("/readyz", get(async || "ready"))
        .route("/v1/messages", post(post_message).get(list_messages))
        .route("/v1/messages/batch", post(post_batch))
        .route("/v1/messages/{id}", get(get_message))
        .route("/v1/messages/{id}/raw", get(get_raw))
        .route("/v1/inbound/email", post(post_mail))
        .route("/v1/journal", get(async || Json(json!({"data": [], "next_cursor": null}))))
        .route("/v1/conversations", get(list_conversations))
        .route("/v1/conversations/counts", get(count_conversations))
        .route("/v1/contacts", get(async || Json(json!({"data": [], "next_cursor": null}))))
        .route("/v1/channel-accounts/{id}", patch(async || Json(json!({}))))
        .with_state(Desk { shelf, fault, outbox });
    let listener = tokio::net::TcpListener::bind(listen).await?;
    axum::serve(listener, app).await?;
    Ok(())
}

fn key_of(headers: &HeaderMap) -> Result<String, (StatusCode, String)> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if text("authorization") != format!("Bearer {KEY}") {
        return Err((StatusCode::UNAUTHORIZED, "no such key".to_owned()));
    }
    Ok(text("idempotency-key").to_owned())
}

fn broken(error: anyhow::Error) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}"))
}

impl Desk {
    fn accept(&self, key: &str, message: &Value) -> Result<Value, (StatusCode, String)> {
        let text =
            message["text"].as_str().ok_or((StatusCode::UNPROCESSABLE_ENTITY, "no text".to_owned()))?;
        let state = if message["send_at"].is_string() { "scheduled" } else { "queued" };
        let (number, fresh) = self.shelf.put(key, "outbound", state, None, text).map_err(broken)?;
        if fresh && state == "queued" {
            self.outbox.send(number).expect("the senders live as long as the server");
        }
        Ok(json!({"id": format!("msg_{number}"), "state": state, "conversation_id": "cnv_1"}))
    }
}

async fn post_message(State(desk): State<Desk>, headers: HeaderMap, Json(message): Json<Value>) -> Answer {
    let key = key_of(&headers)?;
    Ok((StatusCode::ACCEPTED, Json(desk.accept(&key, &message)?)))
}

async fn post_batch(State(desk): State<Desk>, headers: HeaderMap, body: axum::body::Bytes) -> Answer {
    let key = key_of(&headers)?;
    let body: Value =
        serde_json::from_slice(&body).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    let mut data = Vec::new();
    for (index, message) in body["messages"].as_array().into_iter().flatten().enumerate() {
        data.push(desk.accept(&format!("{key}-{index}"), message)?);
    }
    Ok((StatusCode::ACCEPTED, Json(json!({"data": data}))))
}

async fn post_mail(State(desk): State<Desk>, headers: HeaderMap, body: axum::body::Bytes) -> Answer {
    key_of(&headers)?;
    let mail = mail::read(&body);
    let mut key = match &mail.message_id {
        Some(id) => id.clone(),
        None => String::from_utf8_lossy(&body).into_owned(),
    };
    if desk.fault == Fault::Doubles {
        key.push_str(&format!(" in process {}", std::process::id()));
    }
    let fresh = desk.shelf.file(&key, &mail).map_err(broken)?;
    Ok((StatusCode::ACCEPTED, Json(json!({"journal_id": "jrn_1", "duplicate": !fresh}))))
}

async fn get_raw(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Vec<u8>, (StatusCode, String)> {
    desk.shelf.raw(id.trim_start_matches("msg_filed_").parse().unwrap_or(0)).map_err(broken)
}

#[derive(Debug, Deserialize)]
struct ListQuery {
    state: Option<String>,
    direction: Option<String>,
    cursor: Option<i64>,
    limit: Option<i64>,
}

async fn list_messages(State(desk): State<Desk>, Query(query): Query<ListQuery>) -> Answer {
    let limit = query.limit.unwrap_or(50);
    let data = match (query.direction.as_deref(), &query.state) {
        (Some("inbound"), _) => desk.shelf.filed(query.cursor, limit),
        (None, None) => desk.shelf.filed(query.cursor, limit),
        _ => {
            let filter =
                Filter { state: query.state, direction: query.direction, below: query.cursor, limit };
            desk.shelf.page(&filter)
        }
    };
    let data = data.map_err(broken)?;
    let last = data.last().and_then(|message| message["number"].as_i64());
    let full = i64::try_from(data.len()).is_ok_and(|count| count == limit);
    let next = last.filter(|_| full).map(|number| number.to_string());
    Ok((StatusCode::OK, Json(json!({"data": data, "next_cursor": next}))))
}

async fn get_message(State(desk): State<Desk>, Path(id): Path<String>) -> Answer {
    let number = id.trim_start_matches("msg_").parse().unwrap_or(0);
    match desk.shelf.one(number).map_err(broken)? {
        Some(message) => Ok((StatusCode::OK, Json(message))),
        None => Err((StatusCode::NOT_FOUND, "no such message".to_owned())),
    }
}

/// All of them on one page.
async fn list_conversations(State(desk): State<Desk>) -> Answer {
    let data = desk.shelf.conversations().map_err(broken)?;
    Ok((StatusCode::OK, Json(json!({"data": data, "next_cursor": null}))))
}

async fn count_conversations(State(desk): State<Desk>) -> Answer {
    let open = desk.shelf.conversations().map_err(broken)?.len();
    Ok((StatusCode::OK, Json(json!({"open": open, "tray": 0}))))
}

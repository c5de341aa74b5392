//! `GET /messages/outbound`: whether Postmark has a message whose outcome we do not know. Pure.
//! <https://postmarkapp.com/developer/api/messages-api>

use std::collections::BTreeMap;
use std::time::Duration;

use domain::clock::Timestamp;
use domain::failure::{LookUp, Words};
use net::http::Response;
use serde::Deserialize;

use super::send::METADATA;
use crate::provider::LookUpRequest;

/// The path with its query: by our id, which goes with every message as metadata.
pub(super) fn path(request: &LookUpRequest) -> String {
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("count", "50")
        .append_pair("offset", "0")
        .append_pair(&format!("metadata_{METADATA}"), &request.message_id.to_string())
        .finish();
    format!("/messages/outbound?{query}")
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    total_count: u64,
    messages: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    #[serde(rename = "MessageID")]
    message_id: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    metadata: Option<BTreeMap<String, String>>,
}

/// What the search says.
pub(super) fn decode(
    answer: &Response,
    request: &LookUpRequest,
    now: Timestamp,
    index_delay: Duration,
) -> LookUp {
    let failed = |detail: &str| LookUp::Failed(Words::plain(detail));
    if answer.status != http::StatusCode::OK {
        return LookUp::Failed(super::failures::outcome(answer).words().clone());
    }
    let Ok(found) = serde_json::from_slice::<Found>(&answer.body) else {
        return failed("the answer is not what Postmark answers");
    };
    let ours = request.message_id.to_string();
    let is_ours = |listed: &&Listed| {
        listed.metadata.iter().flatten().any(|(name, value)| name == METADATA && *value == ours)
    };
    if let Some(listed) = found.messages.iter().find(is_ours) {
        let status = listed.status.as_deref().unwrap_or("known");
        return LookUp::Found {
            provider_id: Some(listed.message_id.clone()),
            words: Words::plain(format!("found by message search: {status}")),
        };
    }
    if found.total_count > 0 || !found.messages.is_empty() {
        // The search did not ask for what we asked: ours may be among those it does not show.
        return failed("message search shows messages of others, so that ours is missing proves nothing");
    }
    if now.since(request.sent_until) < index_delay {
        return failed("not indexed yet");
    }
    LookUp::NotFound
}

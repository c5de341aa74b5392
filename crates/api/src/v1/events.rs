//! `/v1/events`: the feed, as pages and as a stream that resumes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::clock::Timestamp;
use domain::event::FeedType;
use domain::invalid::Invalid;
use domain::page::{Cursor, Page};
use engine::Engine;
use engine::feed::{Event, Facts};
use engine::inbox::{PresenceFollower, PresenceNews};
use futures_util::{StreamExt as _, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kit::openapi::answers_with;
use crate::kit::{Caller, Json, List, Paging, Problem, Query};

const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/events",
            get_with(list_events, |op| {
                op.id("list_events").tag("Events").summary("What happened, oldest first").description(
                    "Behind `after`, or behind the cursor. Numbers rise without gaps, in the order of commits.",
                )
            }),
        )
        .api_route(
            "/v1/events/stream",
            get_with(stream_events, |op| {
                let op = answers_with(op, "text/event-stream", "Events as they happen, until the client leaves.");
                op.id("stream_events").tag("Events").summary("What happens, as server-sent events").description(
                    "Resumes behind `Last-Event-ID` or `after`; without either it begins now, and says first where that is: an \
                     `id` without an event, so that a connection that breaks before the first event misses none. Between \
                     the events it tells who looks at a conversation, as `event: presence` without an id.",
                )
            }),
        )
}

/// Something that happened: ids and small facts.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Event")]
struct EventView {
    seq: i64,
    #[serde(rename = "type")]
    kind: FeedType,
    at: Timestamp,
    data: Facts,
}

impl From<&Event> for EventView {
    fn from(event: &Event) -> EventView {
        EventView { seq: event.seq, kind: event.kind, at: event.at, data: event.facts.clone() }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct After {
    /// The number of the last event seen.
    after: Option<i64>,
}

async fn list_events(
    State(engine): State<Engine>,
    caller: Caller,
    Query(After { after }): Query<After>,
    Paging(page): Paging,
) -> Result<Json<List<EventView>>, Problem> {
    let after = page.after.map(|cursor| cursor.key).or(after).unwrap_or(0);
    let events = engine.events_after(&caller, after, page.limit + 1).await?;
    let page = Page::cut(events, page.limit, |event| Cursor { key: event.seq, id: String::new() });
    Ok(List::of(page, |event| EventView::from(&event)))
}

async fn stream_events(
    State(engine): State<Engine>,
    caller: Caller,
    Query(After { after }): Query<After>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = match headers.get("last-event-id") {
        Some(value) => Some(last_event_id(value)?),
        None => after,
    };
    let follower = engine.follow_events(&caller, after).await?;
    let begin = after.is_none().then(|| Ok::<_, Infallible>(begun(follower.position())));
    let followers = (follower, engine.follow_presence(&caller));
    let told = stream::unfold(followers, |(mut follower, mut presence)| async move {
        let told = tokio::select! {
            event = follower.next() => told(&event?),
            news = next_of(&mut presence) => shown(&news?),
        };
        Some((Ok::<_, Infallible>(told), (follower, presence)))
    });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("still here");
    Ok(Sse::new(stream::iter(begin).chain(told)).keep_alive(keep_alive).into_response())
}

/// Waits forever for those who are told nothing: that must not end the stream of events.
async fn next_of(presence: &mut Option<PresenceFollower>) -> Option<Arc<PresenceNews>> {
    match presence {
        Some(follower) => follower.next().await,
        None => std::future::pending().await,
    }
}

fn last_event_id(value: &axum::http::HeaderValue) -> Result<i64, Problem> {
    let number = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    number.ok_or_else(|| Invalid::at("", "expected Last-Event-ID to be the number of an event").into())
}

/// Clients remember the id and take nothing for an event.
fn begun(position: i64) -> SseEvent {
    SseEvent::default().id(position.to_string())
}

fn told(event: &Arc<Event>) -> SseEvent {
    let body = serde_json::to_string(&EventView::from(event.as_ref())).unwrap_or_default();
    SseEvent::default().id(event.seq.to_string()).event(event.kind.as_str()).data(body)
}

/// Without an id, so that a client resumes behind the last event, whatever came between.
fn shown(news: &Arc<PresenceNews>) -> SseEvent {
    let body = serde_json::to_string(news.as_ref()).unwrap_or_default();
    SseEvent::default().event("presence").data(body)
}

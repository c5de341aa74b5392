//! Counts and times requests by route, and shows all metrics of the process to Prometheus.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::MatchedPath;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use parking_lot::RwLock;

/// Seconds; from an answer out of memory to one that somebody gave up on.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// How often recorded times are folded into buckets when nobody scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

/// The process's recorder, installed on first use.
///
/// # Panics
/// When the buckets are wrong, which a test would show.
pub fn handle() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new().set_buckets(&BUCKETS).expect("there are buckets");
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder was installed before; /metrics will stay empty");
        }
        let kept = handle.clone();
        let upkeep = std::thread::Builder::new().name("metrics".into()).spawn(move || {
            loop {
                std::thread::sleep(UPKEEP);
                kept.run_upkeep();
            }
        });
        if let Err(error) = upkeep {
            tracing::warn!(%error, "metrics are folded only when they are asked for");
        }
        handle
    })
}

/// `GET /metrics`.
pub async fn show() -> Response {
    let handle = handle();
    handle.run_upkeep();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()).into_response()
}

const METHODS: [&str; 6] = ["GET", "POST", "PATCH", "DELETE", "PUT", "other"];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Counters by route, looked up once and kept: a lookup by labels for each request would cost more than the counting.
#[derive(Default)]
pub(super) struct Requests(RwLock<HashMap<String, Arc<Route>>>);

#[derive(Default)]
struct Route {
    methods: [OnceLock<Timed>; METHODS.len()],
}

struct Timed {
    classes: [Counter; CLASSES.len()],
    seconds: Histogram,
}

impl Requests {
    pub(super) fn count(
        &self,
        method: &Method,
        route: Option<&MatchedPath>,
        status: StatusCode,
        took: Duration,
    ) {
        let name = route.map_or("none", MatchedPath::as_str);
        let known = self.0.read().get(name).cloned();
        let route = known.unwrap_or_else(|| Arc::clone(self.0.write().entry(name.to_owned()).or_default()));
        let place = METHODS.iter().position(|one| *one == method.as_str()).unwrap_or(METHODS.len() - 1);
        let timed = route.methods[place].get_or_init(|| Timed::new(METHODS[place], name));
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        timed.classes[class].increment(1);
        timed.seconds.record(took.as_secs_f64());
    }
}

impl Timed {
    fn new(method: &'static str, route: &str) -> Timed {
        let route = route.to_owned();
        Timed {
            classes: CLASSES.map(|class| {
                metrics::counter!(
                    "chancery_http_requests_total",
                    "method" => method, "route" => route.clone(), "status" => class
                )
            }),
            seconds: metrics::histogram!(
                "chancery_http_request_seconds", "method" => method, "route" => route.clone()
            ),
        }
    }
}

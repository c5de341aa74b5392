//! The small pages before the dashboard: set-up, signing in and out. They work without JavaScript.

mod form;
pub(crate) mod page;
mod set_up;
mod sign_in;
mod sign_in_link;
mod sign_out;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use engine::Engine;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

pub(crate) fn routes() -> Router<Engine> {
    Router::new()
        .route("/setup", get(set_up::show).post(set_up::act))
        .route("/sign-in", get(sign_in::show).post(sign_in::act))
        .route("/sign-in/link", get(sign_in_link::show).post(sign_in_link::act))
        .route("/sign-out", get(sign_out::show).post(sign_out::act))
        .route("/pages.css", get(style))
}

async fn style() -> Response {
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "max-age=3600")];
    (headers, include_str!("pages.css")).into_response()
}

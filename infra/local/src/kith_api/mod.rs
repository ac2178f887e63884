//! Helpers for people and tests, below `/_kith/`. They exist in the runner only.

mod clock;
mod faults;
mod jobs;
mod mails;
mod objects;
mod page;
mod table;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::core::Core;
use crate::{settle, trim};

type Shared = State<Arc<Core>>;

/// The routes below `/_kith`.
pub(crate) fn router(core: Arc<Core>) -> Router {
    Router::new()
        .route("/", get(page::show))
        .route("/page.css", get(page::style))
        .route("/page.js", get(page::script))
        .route("/clock", get(clock::show).post(clock::change))
        .route("/mails", get(mails::list))
        .route("/mails/{file}", get(mails::show))
        .route("/mails/{id}/attachments/{index}", get(mails::attachment))
        .route("/jobs", get(jobs::list))
        .route("/jobs/{operation}", post(jobs::fire))
        .route("/settle", post(settle_all))
        .route("/sweep", post(sweep))
        .route("/requests", get(list_requests))
        .route("/table", get(table::dump))
        .route("/objects", get(objects::list))
        .route("/policies", get(show_policies))
        .route("/faults", post(faults::inject))
        .fallback(|| async { problem(StatusCode::NOT_FOUND, "there is no such helper; GET /_kith/ lists them") })
        .with_state(core)
}

/// A JSON answer.
fn answer(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response(),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// A problem.
pub(crate) fn problem(status: StatusCode, detail: &str) -> Response {
    let body =
        json!({"type": "about:blank", "title": status.canonical_reason(), "status": status.as_u16(), "detail": detail});
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))], body.to_string()).into_response()
}

/// The answer of what only the embedded AWS side can tell.
fn elsewhere(what: &str) -> Response {
    let detail = format!("{what}: not available while tables, objects and secrets are at another --aws-endpoint");
    problem(StatusCode::NOT_IMPLEMENTED, &detail)
}

/// A body that cannot be read.
struct Unreadable(StatusCode, String);

impl IntoResponse for Unreadable {
    fn into_response(self) -> Response {
        problem(self.0, &self.1)
    }
}

/// Reads a JSON body: 400 if it is none, 422 if it is not of the right kind.
fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Unreadable> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Unreadable(StatusCode::BAD_REQUEST, format!("the body is no JSON: {error}")))?;
    serde_json::from_value(value).map_err(|error| Unreadable(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))
}

async fn settle_all(State(core): Shared) -> Response {
    match settle::settle(&core).await {
        Ok(()) => answer(&json!({"settled": true})),
        Err(unsettled) => problem(StatusCode::GATEWAY_TIMEOUT, &unsettled.to_string()),
    }
}

/// Deletes what has expired by the moved clock, which in the cloud may happen days late, and trims the stream.
async fn sweep(State(core): Shared) -> Response {
    if core.table.is_elsewhere() {
        return elsewhere("deleting what has expired is up to the database");
    }
    if let Err(error) = trim::trim(&core).await {
        return problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string());
    }
    match tokio::task::spawn_blocking(move || core.aws.sweep_ttl()).await {
        Ok(deleted) => answer(&json!({"deleted": deleted})),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

#[derive(Deserialize)]
struct Wanted {
    limit: Option<usize>,
    request_id: Option<String>,
}

async fn list_requests(State(core): Shared, Query(wanted): Query<Wanted>) -> Response {
    answer(&core.requests.newest_first(wanted.limit.unwrap_or(usize::MAX), wanted.request_id.as_deref()))
}

async fn show_policies(State(core): Shared) -> Response {
    if core.table.is_elsewhere() {
        return elsewhere("policies are not enforced");
    }
    answer(&core.aws.policies())
}

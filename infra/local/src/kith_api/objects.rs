//! `GET /_kith/objects`: the stored objects, in the order of their keys.

use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::{Shared, answer, elsewhere, problem};

#[derive(Deserialize)]
pub(super) struct Filter {
    #[serde(default)]
    prefix: String,
}

pub(super) async fn list(State(core): Shared, Query(filter): Query<Filter>) -> Response {
    if core.table.is_elsewhere() {
        return elsewhere("objects are not listed");
    }
    let listed = tokio::task::spawn_blocking(move || core.aws.objects(&filter.prefix)).await;
    match listed.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
        Ok(objects) => answer(&objects),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

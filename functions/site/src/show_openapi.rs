//! `GET /openapi.json`: the contract of the whole API.

use crate::contract::CONTRACT;
use kith_http::{File, Function, Public, Router};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    Function::route("show-openapi", &[], || Router::default().routes(routes!(show_openapi)))
}

/// Show the contract of this API (OpenAPI 3.1)
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "show-openapi", tag = "site",
    extensions(("x-kith-who" = json!("pub"))),
    responses(
        (status = 200, description = "This document", body = Object, headers(("ETag", description = "Changes with it"))),
        (status = 304, description = "It is still the one of If-None-Match")
    )
)]
pub async fn show_openapi() -> Public<File> {
    let answer = File { content_type: "application/json", bytes: CONTRACT.as_bytes().into(), gzipped: false };
    Public { max_age: 300, answer }
}

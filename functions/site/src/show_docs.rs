//! `GET /docs`: the page on which the API can be read and tried. What it loads comes from `show-docs-asset`.

use axum::http::HeaderName;
use axum::response::IntoResponse;
use kith_http::{File, Function, Public, Router};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    Function::route("show-docs", &[], || Router::default().routes(routes!(show_docs)))
}

pub(crate) const PAGE: &str = include_str!("../templates/docs.html");

/// Everything comes from us and calls go to us only; no inline script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// Show the interactive documentation of this API
#[utoipa::path(
    get, path = "/docs", operation_id = "show-docs", tag = "site", extensions(("x-kith-who" = json!("pub"))),
    responses((status = 200, description = "A page for people", body = String, content_type = "text/html"))
)]
pub async fn show_docs() -> impl IntoResponse {
    let page = File { content_type: "text/html; charset=utf-8", bytes: PAGE.as_bytes().into(), gzipped: false };
    ([(HeaderName::from_static("content-security-policy"), POLICY)], Public { max_age: 300, answer: page })
}

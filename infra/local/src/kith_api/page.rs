//! `GET /_kith/`: what goes on, for people. The page fills itself from the other helpers.

use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};

use super::Shared;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// Nothing from anywhere else, and no script but the page's own: it shows what strangers wrote.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) async fn show(State(core): Shared) -> Response {
    let page = PAGE.replace("{{url}}", &core.url);
    ([(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY))], Html(page)).into_response()
}

pub(super) async fn style() -> Response {
    file("text/css; charset=utf-8", STYLE)
}

pub(super) async fn script() -> Response {
    file("text/javascript; charset=utf-8", SCRIPT)
}

/// A part of the page; a rebuilt runner is to show its own.
fn file(kind: &'static str, text: &'static str) -> Response {
    let headers =
        [(CONTENT_TYPE, HeaderValue::from_static(kind)), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    (headers, text).into_response()
}

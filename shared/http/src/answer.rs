//! Answers.

use crate::Problem;
use crate::tag::tag;
use aws_lc_rs::digest::{SHA256, digest};
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, LOCATION, VARY};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kith_crypto::SecretHash;
use serde::Serialize;
use std::borrow::Cow;

/// 201 with `Location` and the object.
#[derive(Debug)]
pub struct Created<T> {
    /// The path of the new object.
    pub location: String,
    /// The object's revision, where it has one that is shown there.
    pub rev: Option<u64>,
    /// The object.
    pub view: T,
}

impl<T: Serialize> Created<T> {
    /// The tag that the object is answered with.
    pub(crate) fn tag(&self) -> serde_json::Result<Option<String>> {
        self.rev.map(|rev| Ok(tag(rev, &serde_json::to_vec(&self.view)?))).transpose()
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let tag = match self.tag() {
            Ok(tag) => tag.map(|tag| [(ETAG, tag)]),
            Err(error) => return Problem::internal(error.to_string()).into_response(),
        };
        (StatusCode::CREATED, [(LOCATION, self.location)], tag, axum::Json(self.view)).into_response()
    }
}

/// 202: it will be done.
pub struct Accepted;

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        StatusCode::ACCEPTED.into_response()
    }
}

/// 204: it is done.
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// 200 with a secret inside: no cache may keep it.
pub struct Secret<T>(pub T);

impl<T: Serialize> IntoResponse for Secret<T> {
    fn into_response(self) -> Response {
        ([(CACHE_CONTROL, "no-store")], axum::Json(self.0)).into_response()
    }
}

/// 200 that is the same for everybody: any cache may keep it.
pub struct Public<T> {
    /// For how many seconds.
    pub max_age: u32,
    /// The answer.
    pub answer: T,
}

impl<T: IntoResponse> IntoResponse for Public<T> {
    fn into_response(self) -> Response {
        let headers =
            [(CACHE_CONTROL, format!("public, max-age={}", self.max_age)), (VARY, "accept-encoding".to_owned())];
        (headers, self.answer).into_response()
    }
}

/// A file that is linked in, with an entity tag, so that it is sent only once to whoever keeps it.
pub struct File {
    /// The content type.
    pub content_type: &'static str,
    /// The bytes as they are sent.
    pub bytes: Cow<'static, [u8]>,
    /// Whether these are compressed by gzip.
    pub gzipped: bool,
}

impl IntoResponse for File {
    fn into_response(self) -> Response {
        let hash: String = SecretHash::of(&self.bytes).to_string().chars().take(22).collect();
        let headers = [(CONTENT_TYPE, self.content_type.to_owned()), (ETAG, format!("\"{hash}\""))];
        let encoding = self.gzipped.then_some([(CONTENT_ENCODING, "gzip")]);
        (headers, encoding, self.bytes).into_response()
    }
}

/// A page for people. It may load our own images and the one style sheet inside it, run nothing but our own script
/// where it has one, and send its forms to us only.
pub struct Html {
    /// The status.
    pub status: StatusCode,
    /// The whole document.
    pub document: String,
    /// The text of its only `<style>`, from tag to tag: the policy names its hash (Content Security Policy, level 3).
    pub style: &'static str,
    /// Whether it loads a script of ours.
    pub has_script: bool,
}

impl IntoResponse for Html {
    fn into_response(self) -> Response {
        let style_hash = STANDARD.encode(digest(&SHA256, self.style.as_bytes()));
        let script = if self.has_script { "script-src 'self'; " } else { "" };
        let policy = format!(
            "default-src 'none'; {script}style-src 'sha256-{style_hash}'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'"
        );
        let headers = [
            (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
            (HeaderName::from_static("content-security-policy"), policy),
        ];
        (self.status, headers, self.document).into_response()
    }
}

/// A problem told by a page: the status and further headers are the problem's, and its source goes to the log.
pub struct ProblemPage {
    /// What is wrong.
    pub problem: Problem,
    /// The whole document.
    pub document: String,
    /// The text of its only `<style>`; see [`Html`].
    pub style: &'static str,
}

impl IntoResponse for ProblemPage {
    fn into_response(self) -> Response {
        let Self { problem, document, style } = self;
        let mut response = Html { status: problem.status(), document, style, has_script: false }.into_response();
        response.headers_mut().extend(problem.headers().iter().cloned());
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.extensions_mut().insert(Told(problem));
        response
    }
}

/// A problem whose answer is written already: only the log still needs it.
#[derive(Debug, Clone)]
pub(crate) struct Told(pub(crate) Problem);

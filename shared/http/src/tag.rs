//! Entity tags and `If-Match` (RFC 9110, sections 8.8.3 and 13.1.1).

use crate::{App, Problem, Result};
use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use kith_crypto::SecretHash;
use serde::Serialize;
use utoipa::IntoParams;

/// An object with its revision; answered with `ETag: "<rev>-<hash of the answer>"`.
///
/// The hash makes a changed view another entity even where the revision stays (a log-in moves `login_count`, not
/// `rev`); `If-Match` compares the revision alone.
pub struct Tagged<T> {
    /// The object's revision.
    pub rev: u64,
    /// What is answered.
    pub view: T,
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let body = match serde_json::to_vec(&self.view) {
            Ok(body) => body,
            Err(error) => return Problem::internal(error.to_string()).into_response(),
        };
        let hash: String = SecretHash::of(&body).to_string().chars().take(16).collect();
        let mut response = ([(axum::http::header::CONTENT_TYPE, "application/json")], body).into_response();
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{}-{hash}\"", self.rev)) {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}

/// The header, for the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "for the contract; read by `IfMatch`")]
pub struct IfMatchHeader {
    /// The `ETag` of the object that the change is for; 412 if it is not at that revision any more.
    #[param(rename = "If-Match", max_length = 128)]
    if_match: Option<String>,
}

/// The revision that the change is for; `None` where the client does not care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub Option<u64>);

impl FromRequestParts<App> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let Some(header) = parts.headers.get(IF_MATCH) else {
            return Ok(Self(None));
        };
        // `*` asks only that there is something to change (RFC 9110, section 13.1.1); what is gone is 404 anyway.
        if header == "*" {
            return Ok(Self(None));
        }
        read(header).map(|rev| Self(Some(rev)))
    }
}

/// The revision in an `If-Match`; a tag that we never gave names no revision, so nothing matches it.
fn read(header: &HeaderValue) -> Result<u64> {
    let text = header.to_str().unwrap_or_default().trim();
    let tag = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    tag.and_then(|tag| tag.split_once('-')).and_then(|(rev, _)| rev.parse().ok()).ok_or_else(Problem::stale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_takes_the_revision_of_our_own_tags_only() {
        assert_eq!(read(&HeaderValue::from_static("\"7-abc\"")).unwrap(), 7);
        for foreign in ["7-abc", "\"abc\"", "W/\"7-abc\"", "\"-1-abc\"", ""] {
            assert!(read(&HeaderValue::from_static(foreign)).is_err(), "{foreign}");
        }
    }
}

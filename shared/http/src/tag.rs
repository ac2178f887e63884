//! Entity tags and `If-Match` (RFC 9110, sections 8.8.3 and 13.1.1).

use crate::{App, Problem, Result};
use axum::extract::FromRequestParts;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use kith_crypto::SecretHash;
use kith_store::Revisions;
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
        let tag = tag(self.rev, &body);
        ([(CONTENT_TYPE, "application/json".to_owned()), (ETAG, tag)], body).into_response()
    }
}

/// The tag of an object at a revision, answered with this body.
pub(crate) fn tag(rev: u64, body: &[u8]) -> String {
    let hash: String = SecretHash::of(body).to_string().chars().take(16).collect();
    format!("\"{rev}-{hash}\"")
}

/// The header, for the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "for the contract; read by `IfMatch`")]
pub struct IfMatchHeader {
    /// The `ETag` of the object that the change is for, or several of them; 412 if it is not at one of these revisions.
    /// `*` is any.
    #[param(rename = "If-Match", max_length = 1024)]
    if_match: Option<String>,
}

/// The revisions that the change is for; `None` where the client does not care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(pub Option<Revisions>);

impl FromRequestParts<App> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let mut lines = parts.headers.get_all(IF_MATCH).iter().peekable();
        if lines.peek().is_none() {
            return Ok(Self(None));
        }
        let lines: Vec<&str> = lines.map(|line| line.to_str().unwrap_or_default()).collect();
        read(&lines.join(",")).map(Self)
    }
}

/// The revisions in an `If-Match`. A tag that we never gave names no revision, so nothing matches it; and a weak one
/// never matches, since two answers under it may differ.
fn read(header: &str) -> Result<Option<Revisions>> {
    let tags: Vec<&str> = tags(header).collect();
    // `*` asks only that there is something to change (RFC 9110, section 13.1.1); what is gone is 404 anyway.
    if tags == ["*"] {
        return Ok(None);
    }
    let revs = tags.iter().filter_map(|tag| rev_of(tag));
    let revs: Vec<u64> = revs.collect();
    match revs.is_empty() {
        true if tags.iter().any(|tag| tag.starts_with("W/")) => Err(Problem::weak_tag()),
        true => Err(Problem::stale()),
        false => Ok(Some(revs.into_iter().collect())),
    }
}

/// The revision in a tag of ours.
fn rev_of(tag: &str) -> Option<u64> {
    let (rev, hash) = tag.strip_prefix('"')?.strip_suffix('"')?.split_once('-')?;
    if hash.contains('"') { None } else { rev.parse().ok() }
}

/// The tags of a list (RFC 9110, sections 5.6.1 and 8.8.3): a comma inside of a tag is part of it.
pub(crate) fn tags(header: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    let parts = header.split(move |c| {
        is_quoted ^= c == '"';
        c == ',' && !is_quoted
    });
    parts.map(str::trim).filter(|tag| !tag.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revs(revs: &[u64]) -> Revisions {
        revs.iter().copied().collect()
    }

    #[test]
    fn if_match_takes_the_revision_of_our_own_tags_only() {
        assert_eq!(read("\"7-abc\"").unwrap(), Some(revs(&[7])));
        for foreign in ["7-abc", "\"abc\"", "W/\"7-abc\"", "\"-1-abc\"", "", ",", "\"7-abc\" \"8-abc\""] {
            assert!(read(foreign).is_err(), "{foreign}");
        }
    }

    #[test]
    fn h19_if_match_takes_lists_and_any_revision() {
        assert_eq!(read("\"9-x\", \"2-y\"").unwrap(), Some(revs(&[9, 2])));
        assert_eq!(read(" , \"9-x\",,\"a,b\",W/\"3-x\" ,\"2-y\",").unwrap(), Some(revs(&[9, 2])));
        assert_eq!(read(" * ").unwrap(), None);
        assert_ne!(read("W/\"3-x\"").unwrap_err().detail(), read("\"x\"").unwrap_err().detail());
    }
}

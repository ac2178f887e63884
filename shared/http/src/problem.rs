//! Problem answers (RFC 9457). The only place that knows which status an error has.

use crate::expected::ONLY_IDENTITY;
use crate::limit::seconds_until;
use axum::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use kith_domain::{Amount, CREATIONS_AN_HOUR};
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// Where: a JSON Pointer (RFC 6901) into the body, or `?name` for a query parameter.
    pub pointer: String,
    /// What, in words that never repeat the value.
    pub detail: String,
}

impl Fault {
    /// A fault of one field.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }

    /// The same, short: names in a pointer may be the sender's.
    fn cut(self) -> Self {
        Self { pointer: cut(self.pointer, LONGEST_POINTER), detail: cut(self.detail, LONGEST_DETAIL) }
    }
}

/// How many faults one answer names. What each of them may take, in bytes, keeps the whole below 8 KB.
const MOST_FAULTS: usize = 20;
const LONGEST_POINTER: usize = 64;
const LONGEST_DETAIL: usize = 200;

/// A text that takes at most `most` bytes and an ellipsis. Control characters, which JSON would write six times as long,
/// are replaced where anything is cut.
fn cut(text: String, most: usize) -> String {
    if text.len() <= most && !text.contains(char::is_control) {
        return text;
    }
    let mut short = String::new();
    for c in text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }) {
        if short.len() + c.len_utf8() > most {
            short.push('…');
            break;
        }
        short.push(c);
    }
    short
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_none(count: &usize) -> bool {
    *count == 0
}

/// An answer that says what is wrong and what to do about it.
// In a box, since it travels in the Result of almost every call.
#[derive(Debug, Clone)]
pub struct Problem(Box<Telling>);

/// What a problem tells: to the client, and to the log.
#[derive(Debug, Clone)]
struct Telling {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<Fault>,
    more_errors: usize,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// For the log; never sent.
    source: Option<String>,
}

/// The body of a problem answer: `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// A URN that names the kind of problem.
    #[schema(examples("urn:kith:problem:not-found"))]
    pub r#type: String,
    /// The kind of problem in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened here and what to do next.
    pub detail: String,
    /// The request's id; quote it when you ask for help.
    pub instance: String,
    /// With status 422: every field that is wrong, up to 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 20)]
    pub errors: Vec<Fault>,
    /// With status 422: how many more are wrong.
    #[serde(skip_serializing_if = "is_none")]
    #[schema(required = false, minimum = 1)]
    pub more_errors: usize,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Telling {
            status,
            kind,
            title,
            detail: detail.into(),
            errors: Vec::new(),
            more_errors: 0,
            headers: Vec::new(),
            source: None,
        }))
    }

    fn with(mut self, name: HeaderName, value: impl TryInto<HeaderValue>) -> Self {
        if let Ok(value) = value.try_into() {
            self.0.headers.push((name, value));
        }
        self
    }

    /// 400: the request cannot be read.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read", detail)
    }

    /// 400: a mailed link does not work (any more).
    pub fn dead_link() -> Self {
        let detail = "This link is not valid, has been used, or has expired. Ask for a new one.";
        Self::new(StatusCode::BAD_REQUEST, "dead-link", "The link does not work", detail)
    }

    /// 401: no credentials, or not good ones. Everything about why is the same.
    pub fn unauthorized(credentials_given: bool) -> Self {
        let (detail, challenge) = if credentials_given {
            (
                "The access token is not valid or has ended. Refresh it or log in again.",
                r#"Bearer realm="kith", error="invalid_token""#,
            )
        } else {
            ("Send an access token: Authorization: Bearer …", r#"Bearer realm="kith""#)
        };
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Not logged in", detail).with(WWW_AUTHENTICATE, challenge)
    }

    /// 401: log-in failed, for whatever reason.
    pub fn wrong_credentials() -> Self {
        let detail = "The name or the password is wrong.";
        let problem = Self::new(StatusCode::UNAUTHORIZED, "wrong-credentials", "Not logged in", detail);
        problem.with(WWW_AUTHENTICATE, r#"Bearer realm="kith""#)
    }

    /// 401: a refresh token is not good (any more).
    pub fn wrong_refresh_token() -> Self {
        let detail = "The refresh token is not valid, has been used, or has ended. Log in again.";
        let problem = Self::new(StatusCode::UNAUTHORIZED, "wrong-refresh-token", "Not logged in", detail);
        problem.with(WWW_AUTHENTICATE, r#"Bearer realm="kith""#)
    }

    /// 403: the address is not confirmed yet.
    pub fn unconfirmed() -> Self {
        let detail = "Confirm your e-mail address first: open the link in the mail, or ask for another with \
                      POST /v1/auth/confirm/resend.";
        Self::new(StatusCode::FORBIDDEN, "unconfirmed", "The address is not confirmed", detail)
    }

    /// 403: the account is banned. Only for whoever has given its password.
    pub fn banned() -> Self {
        let detail = "The password is right, but this account has been banned. If you think that this is a mistake, ask \
                      whoever runs this Kith.";
        Self::new(StatusCode::FORBIDDEN, "banned", "The account is banned", detail)
    }

    /// 403: the account is switched off. Only for whoever has given its password.
    pub fn switched_off() -> Self {
        let detail = "The password is right, but this account has been switched off. If you think that this is a \
                      mistake, ask whoever runs this Kith.";
        Self::new(StatusCode::FORBIDDEN, "switched-off", "The account is switched off", detail)
    }

    /// 403: the caller may see it, but not do this.
    pub fn forbidden(detail: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    /// 403: the password that must be given once more is wrong.
    pub fn wrong_password() -> Self {
        Self::new(StatusCode::FORBIDDEN, "wrong-password", "Wrong password", "The password is not right.")
    }

    /// 403: a note that has a passphrase is opened without one. It was not counted as a try.
    pub fn passphrase_needed() -> Self {
        let detail = "This note has a passphrase. Send it along: nothing has been used up.";
        Self::new(StatusCode::FORBIDDEN, "passphrase-needed", "Passphrase needed", detail)
    }

    /// 403: the passphrase of a note is wrong, and so many more may be before it is locked.
    pub fn wrong_passphrase(left: usize) -> Self {
        let rest = match left {
            0 => "This was the tenth: it is locked for 15 minutes now.".to_owned(),
            1 => "One try is left before it is locked for 15 minutes.".to_owned(),
            left => format!("{left} tries are left before it is locked for 15 minutes."),
        };
        let detail = format!("The passphrase is wrong. The note is still there. {rest}");
        Self::new(StatusCode::FORBIDDEN, "wrong-passphrase", "Wrong passphrase", detail)
    }

    /// 404: unknown, or not yours.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "Not found",
            "There is nothing here, or nothing that you may see.",
        )
    }

    /// 405, with what is allowed.
    pub fn method_not_allowed(allowed: &str) -> Self {
        let detail = format!("This path takes {allowed}.");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Wrong method", detail).with(ALLOW, allowed)
    }

    /// 409: it clashes with something that exists.
    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "Conflict", detail)
    }

    /// 412: it is not at the revision that `If-Match` names.
    pub fn stale() -> Self {
        let detail = "It has changed since you read it. Read it again, then repeat your change.";
        Self::new(StatusCode::PRECONDITION_FAILED, "stale", "Changed meanwhile", detail)
    }

    /// 412: `If-Match` names weak tags, which never match (RFC 9110, section 13.1.1).
    pub fn weak_tag() -> Self {
        let detail = "A weak tag (W/…) never matches. Send the ETag as it was given, without W/.";
        Self::new(StatusCode::PRECONDITION_FAILED, "stale", "Changed meanwhile", detail)
    }

    /// 413: the body is larger than `limit` bytes.
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("The body may have at most {limit} bytes.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail)
    }

    /// 413: the text of a note is larger than `limit` bytes.
    pub fn text_too_large(limit: usize) -> Self {
        let detail = format!("The text may have at most {limit} bytes of UTF-8.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail)
    }

    /// 415: another content type is wanted.
    pub fn unsupported(wanted: &'static str) -> Self {
        let detail = format!("Send {wanted}.");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported", "Wrong content type", detail)
    }

    /// 415: the body is compressed, or encoded otherwise.
    pub fn encoded() -> Self {
        let detail = "The body is encoded (Content-Encoding). Send it as it is.";
        let (name, value) = ONLY_IDENTITY;
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "encoded", "Encoded body", detail).with(name, value)
    }

    /// 422: every fault at once, but no more than somebody reads: an answer is not much larger than its request deserves.
    pub fn invalid(mut errors: Vec<Fault>) -> Self {
        let more = errors.len().saturating_sub(MOST_FAULTS);
        let detail: Cow<'_, _> = match more {
            0 => "Some fields are not right: errors names each of them.".into(),
            1 => "Some fields are not right: errors names 20 of them, and one more is wrong.".into(),
            more => format!("Some fields are not right: errors names 20 of them, and {more} more are wrong.").into(),
        };
        errors.truncate(MOST_FAULTS);
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Not valid", detail);
        problem.0.errors = errors.into_iter().map(Fault::cut).collect();
        problem.0.more_errors = more;
        problem
    }

    /// 422: the Idempotency-Key was used for another request.
    pub fn key_reused() -> Self {
        let detail = "This Idempotency-Key was used with another body. Use a new key for a new request.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "key-reused", "Idempotency-Key used before", detail)
    }

    /// 429, with the seconds to wait.
    pub fn too_many(seconds: i64) -> Self {
        let detail = format!("Too many requests of this kind. Try again in {}.", in_words(seconds));
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many requests", detail)
            .with(RETRY_AFTER, seconds.to_string())
    }

    /// 409: there are as many as there may be.
    pub(crate) fn full(amount: Amount) -> Self {
        let limit = amount.limit();
        Self::conflict(match amount {
            Amount::Contacts => format!("You have {limit} contacts, and more cannot be kept. Delete some first."),
            Amount::Memories => {
                format!("This contact has {limit} memories, and more cannot be kept. Delete some first.")
            }
        })
    }

    /// 429: as many things were made in this hour as may be.
    pub(crate) fn too_fast(seconds: i64) -> Self {
        let wait = match (seconds + 59) / 60 {
            1 => "a minute".to_owned(),
            minutes => format!("{minutes} minutes"),
        };
        let detail = format!(
            "You have made {CREATIONS_AN_HOUR} things in this hour, which is as many as an account may. Go on in {wait}."
        );
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many requests", detail)
            .with(RETRY_AFTER, seconds.to_string())
            .with(HeaderName::from_static("ratelimit-policy"), format!("\"creations\";q={CREATIONS_AN_HOUR};w=3600"))
            .with(HeaderName::from_static("ratelimit"), format!("\"creations\";r=0;t={seconds}"))
    }

    /// 429: a note is locked after too many wrong passphrases, until `end`.
    pub fn note_locked(end: Timestamp, now: Timestamp) -> Self {
        let seconds = seconds_until(end, now);
        let wait = in_words(seconds);
        let detail = format!("Too many wrong passphrases. The note is still there: try again in {wait}.");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "note-locked", "Locked for a while", detail)
            .with(RETRY_AFTER, seconds.to_string())
    }

    /// 500: our fault. `source` is for the log.
    pub fn internal(source: impl Into<String>) -> Self {
        let detail =
            "Something went wrong on our side. Nothing is lost; try again, and tell us the instance if it stays.";
        let mut problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail);
        problem.0.source = Some(source.into());
        problem
    }

    /// 503: the deployment is so new that it has no key for `purpose`.
    pub(crate) fn no_key(purpose: &str) -> Self {
        let detail = "This place has just been set up and has no keys yet. Try again in a minute.";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Not ready yet", detail);
        let mut problem = problem.with(RETRY_AFTER, "60");
        problem.0.source = Some(format!("there is no {purpose} key: rotate-keys has not run"));
        problem
    }

    /// 503: the table is busy.
    pub(crate) fn busy(source: String) -> Self {
        let detail = "Too much is going on right now. Try again in a moment.";
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy", detail).with(RETRY_AFTER, "1");
        problem.0.source = Some(source);
        problem
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// What happened, for people.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The kind of problem in words.
    pub fn title(&self) -> &'static str {
        self.0.title
    }

    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0.headers
    }

    pub(crate) fn source(&self) -> Option<&str> {
        self.0.source.as_deref()
    }

    pub(crate) fn body(&self, request_id: &str) -> ProblemBody {
        ProblemBody {
            r#type: format!("urn:kith:problem:{}", self.0.kind),
            title: self.0.title.to_owned(),
            status: self.0.status.as_u16(),
            detail: self.0.detail.to_string(),
            instance: request_id.to_owned(),
            errors: self.0.errors.clone(),
            more_errors: self.0.more_errors,
        }
    }
}

/// A span of time as people say it, rounded up.
fn in_words(seconds: i64) -> String {
    match (seconds, (seconds + 59) / 60, (seconds + 3599) / 3600) {
        (..=1, ..) => "a second".to_owned(),
        (2..60, ..) => format!("{seconds} seconds"),
        (_, 1, _) => "a minute".to_owned(),
        (_, minutes @ 2..60, _) => format!("{minutes} minutes"),
        (.., 1) => "an hour".to_owned(),
        (.., hours) => format!("{hours} hours"),
    }
}

/// The answer without its body: that needs the request's id, so the edge writes it.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.headers_mut().extend(self.0.headers.iter().cloned());
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h36_waits_are_told_as_people_tell_them() {
        for (seconds, words) in [
            (1, "a second"),
            (59, "59 seconds"),
            (60, "a minute"),
            (61, "2 minutes"),
            (900, "15 minutes"),
            (3_540, "59 minutes"),
            (3_541, "an hour"),
            (3_600, "an hour"),
            (3_601, "2 hours"),
        ] {
            assert_eq!(in_words(seconds), words, "{seconds}");
        }
    }

    #[test]
    fn h11_the_largest_problem_is_below_8_kb() {
        for name in ["a", "\u{1F600}", "\u{1}", "\"", "\\"] {
            let fault = |_| Fault::new(format!("/{}", name.repeat(70_000)), "x".repeat(70_000));
            let body = Problem::invalid((0..1_000).map(fault).collect()).body("the request's id");
            let written = serde_json::to_vec(&body).unwrap();
            assert!(written.len() < 8_000, "{} bytes of {name}", written.len());
            assert_eq!((body.errors.len(), body.more_errors), (20, 980));
        }
    }
}

//! Problem answers (RFC 9457). The only place that knows which status an error has.

use crate::limit::seconds_until;
use axum::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use kith_domain::Nameless;
use kith_domain::rules::Refused;
use kith_store::StoreError;
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
    /// With status 422: every field that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<Fault>,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Telling {
            status,
            kind,
            title,
            detail: detail.into(),
            errors: Vec::new(),
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

    /// 403: the caller may see it, but not do this.
    pub fn forbidden(detail: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    /// 403: the password that must be given once more is wrong.
    pub fn wrong_password() -> Self {
        Self::new(StatusCode::FORBIDDEN, "wrong-password", "Wrong password", "This is not your current password.")
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

    /// 422: every fault at once.
    pub fn invalid(errors: Vec<Fault>) -> Self {
        let detail = "Some fields are not right: errors names each of them.";
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Not valid", detail);
        problem.0.errors = errors;
        problem
    }

    /// 422: the Idempotency-Key was used for another request.
    pub fn key_reused() -> Self {
        let detail = "This Idempotency-Key was used with another body. Use a new key for a new request.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "key-reused", "Idempotency-Key used before", detail)
    }

    /// 429, with the seconds to wait.
    pub fn too_many(seconds: i64) -> Self {
        let detail = format!("Too many requests of this kind. Try again in {seconds} seconds.");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many requests", detail)
            .with(RETRY_AFTER, seconds.to_string())
    }

    /// 429: a note is locked after too many wrong passphrases, until `end`.
    pub fn note_locked(end: Timestamp, now: Timestamp) -> Self {
        let seconds = seconds_until(end, now);
        let wait = match (seconds + 59) / 60 {
            1 => "a minute".to_owned(),
            minutes => format!("{minutes} minutes"),
        };
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
        Self::busy(format!("there is no {purpose} key: rotate-keys has not run"))
    }

    /// 503: the table is busy.
    fn busy(source: String) -> Self {
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
        }
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

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found(),
            StoreError::Stale => Self::stale(),
            StoreError::UsernameTaken => Self::conflict("This username belongs to somebody. Choose another."),
            StoreError::EmailTaken => Self::conflict("This e-mail address belongs to somebody. Choose another."),
            StoreError::LastAdmin => Self::conflict("Somebody must stay admin. Make another person admin first."),
            StoreError::Busy(source) => Self::busy(source),
            StoreError::Unavailable(source) | StoreError::Unreadable(source) => Self::internal(source),
            // Whoever stores an answer handles its repetition; see `Once`.
            StoreError::Repeated(_) => Self::internal("a repeated request was not replayed"),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotAllowed => Self::forbidden("You are not allowed to do this."),
            Refused::Oneself => Self::forbidden("You cannot do this to yourself."),
            Refused::AnotherAdmin => Self::forbidden("You cannot do this to an admin."),
        }
    }
}

impl From<kith_objects::ObjectError> for Problem {
    fn from(error: kith_objects::ObjectError) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<Nameless> for Problem {
    fn from(nameless: Nameless) -> Self {
        Self::invalid(crate::body::one_needed(&nameless.to_string()).collect())
    }
}

impl From<kith_crypto::PasswordError> for Problem {
    fn from(error: kith_crypto::PasswordError) -> Self {
        Self::internal(error.to_string())
    }
}

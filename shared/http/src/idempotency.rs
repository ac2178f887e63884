//! `Idempotency-Key`: a creating request repeated by a flaky client has one effect and one answer.

use crate::auth::CallerId;
use crate::repeat_key::RepeatKey;
use crate::{App, Created, Cx, Problem, Result};
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::StatusCode;
use axum::http::header::{ETAG, LOCATION};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use kith_crypto::SecretHash;
use kith_store::{Answer, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use utoipa::IntoParams;

/// How long a repeat is recognised.
pub(crate) const LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// How long a repeat waits between its looks for the first answer: some three seconds, many times what it takes.
const WAITS: [u64; 5] = [100, 200, 400, 800, 1600];
/// Separates the keys of stored answers from others.
const INFO: &str = "kith stored answer";
/// Hash of the request's body, which the edge leaves in the request where there is a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyHash(pub(crate) SecretHash);

/// The header, for the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "for the contract; read by `Once`")]
pub struct OnceHeader {
    /// Makes repeats of this request have one effect and one answer, for 24 hours. Make it up at random: the answer is
    /// kept sealed under it.
    #[param(rename = "Idempotency-Key", min_length = 16, max_length = 128)]
    idempotency_key: Option<String>,
}

/// Makes a creating request happen once. Extract it after whoever calls, since a key belongs to its caller.
pub struct Once(Option<Keyed>);

struct Keyed {
    key: String,
    key_hash: String,
    body_hash: String,
}

/// What is sealed: everything of the first answer that a repeat must get.
#[derive(Serialize, Deserialize)]
struct Kept {
    location: String,
    tag: Option<String>,
    view: Value,
}

impl FromRequestParts<App> for Once {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Some(key) = <RepeatKey as OptionalFromRequestParts<App>>::from_request_parts(parts, app).await? else {
            return Ok(Self(None));
        };
        let key = key.expose();
        let body = parts
            .extensions
            .get::<BodyHash>()
            .ok_or_else(|| Problem::internal("no body hash beside an Idempotency-Key"))?;
        let caller =
            parts.extensions.get::<CallerId>().map_or_else(|| "anonymous".to_owned(), |CallerId(id)| id.to_string());
        // With the path: the same for another thing's parts is another request.
        let scope = format!("{caller}\n{}\n{}\n{key}", app.operation(), parts.uri.path());
        Ok(Self(Some(Keyed {
            key: key.to_owned(),
            key_hash: SecretHash::of(scope.as_bytes()).to_string(),
            // With the key in it: a body may hold a password or a note, and whoever has the table could try guesses at
            // a hash of the body alone.
            body_hash: SecretHash::of(format!("{key}\n{}", body.0).as_bytes()).to_string(),
        })))
    }
}

impl Once {
    /// What repeats of this request have in common.
    pub(crate) fn mark(&self) -> Option<&str> {
        self.0.as_ref().map(|keyed| keyed.key_hash.as_str())
    }

    /// The answer to this very request, if it was given before. Asked first, so that a repeat neither counts against
    /// limits nor works for nothing; a request without a key asks nothing.
    pub async fn earlier(&self, cx: &Cx) -> Result<Option<Response>> {
        let Some(keyed) = &self.0 else { return Ok(None) };
        let earlier = cx.store.answer(&keyed.key_hash, cx.now).await?;
        earlier.map(|earlier| keyed.replay(&earlier)).transpose()
    }

    /// The same for a request whose first time is under way: waits for its answer a little. `None` where there is none,
    /// since the first time was refused or got lost.
    pub async fn awaited(&self, cx: &Cx) -> Result<Option<Response>> {
        for millis in WAITS {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            if let Some(answer) = self.earlier(cx).await? {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    /// Writes by `write`, which puts the answer given to it into its own transaction, and answers `created`; or, if
    /// this key has been answered before, answers the same again. The same key with another body is 422.
    pub async fn create<T: Serialize>(
        &self,
        cx: &Cx,
        created: Created<T>,
        write: impl AsyncFnOnce(Option<Answer>) -> kith_store::Result<()>,
    ) -> Result<Response> {
        let answer = self.0.as_ref().map(|keyed| keyed.answer(cx, &created)).transpose()?;
        match write(answer).await {
            Ok(()) => Ok(created.into_response()),
            Err(StoreError::Repeated(earlier)) => match &self.0 {
                Some(keyed) => keyed.replay(&earlier),
                None => Err(Problem::internal("a request without a key was taken for a repeat")),
            },
            Err(error) => Err(error.into()),
        }
    }
}

impl Keyed {
    fn answer<T: Serialize>(&self, cx: &Cx, created: &Created<T>) -> Result<Answer> {
        let failed = |error: &dyn std::fmt::Display| Problem::internal(error.to_string());
        let view = serde_json::to_value(&created.view).map_err(|error| failed(&error))?;
        let tag = created.tag().map_err(|error| failed(&error))?;
        let kept = Kept { location: created.location.clone(), tag, view };
        let kept = serde_json::to_vec(&kept).map_err(|error| failed(&error))?;
        let sealed = kith_crypto::seal::seal(self.key.as_bytes(), INFO, self.key_hash.as_bytes(), &kept)
            .map_err(|error| failed(&error))?;
        Ok(Answer {
            key_hash: self.key_hash.clone(),
            body_hash: self.body_hash.clone(),
            sealed: URL_SAFE_NO_PAD.encode(sealed),
            expires_at: (cx.now + LIFETIME).as_millisecond(),
        })
    }

    fn replay(&self, earlier: &Answer) -> Result<Response> {
        if SecretHash::parse(&earlier.body_hash) != SecretHash::parse(&self.body_hash) {
            return Err(Problem::key_reused());
        }
        let sealed = URL_SAFE_NO_PAD.decode(&earlier.sealed).unwrap_or_default();
        let opened = kith_crypto::seal::open(self.key.as_bytes(), INFO, self.key_hash.as_bytes(), &sealed);
        let kept = opened.and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok());
        let kept = kept.ok_or_else(|| Problem::internal("a stored answer does not open"))?;
        let tag = kept.tag.map(|tag| [(ETAG, tag)]);
        Ok((StatusCode::CREATED, [(LOCATION, kept.location)], tag, axum::Json(kept.view)).into_response())
    }
}

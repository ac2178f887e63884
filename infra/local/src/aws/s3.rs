//! S3: `s3s` reads requests and verifies their signatures; the functions' policies decide, and the objects are kept
//! beside the database.
//!
//! Only what the functions call is there: whole objects, put, got and deleted by their key.

use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt as _;
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::crypto::{Checksum, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, ETag, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput,
    PutObjectInput, PutObjectOutput, StreamingBlob,
};
use s3s::path::S3Path;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use serde_json::Value;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

use super::faults::{self, FaultKind};
use super::identity::Caller;
use super::ledger::Call;
use super::objects::{Facts, Object, Objects};
use super::policy::Need;
use super::reply::Refusal;
use super::{Rules, locked};

/// The name of the service in signatures.
pub(super) const SERVICE: &str = "s3";

/// Headers of an upload that change nothing here: they belong to its signature, its encoding, or name what is the case.
const UNDERSTOOD: [&str; 8] = [
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-expected-bucket-owner",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-security-token",
    "x-amz-trailer",
    "x-amz-user-agent",
];

/// The S3 side.
pub(super) struct Buckets {
    pub(super) objects: Arc<Objects>,
    service: S3Service,
}

/// What came of a request: an answer, or none where a fault ate it; the call, if a function made it; and who that was.
pub(super) struct Outcome {
    pub(super) answer: Option<Response<Full<Bytes>>>,
    pub(super) call: Option<(Caller, Call)>,
}

/// What is learnt about a request on its way through `s3s`.
#[derive(Clone)]
struct Journey {
    facts: Arc<Mutex<Learnt>>,
    /// Where the log goes, for what is ours.
    log: Dispatch,
}

#[derive(Default)]
struct Learnt {
    caller: Option<Caller>,
    action: String,
    /// A fault: there is no answer.
    is_dropped: bool,
    /// Whether the caller may know which objects there are.
    may_list: bool,
}

impl Buckets {
    pub(super) fn new(objects: Arc<Objects>, rules: &Rules) -> Self {
        let mut service = S3ServiceBuilder::new(Store(Arc::clone(&objects)));
        service.set_auth(Keys(rules.clone()));
        service.set_access(Guard { objects: Arc::clone(&objects), rules: rules.clone() });
        Self { objects, service: service.build() }
    }

    /// Whether a request is for S3: by its signature, or by the name of a bucket in its path.
    pub(super) fn are_meant(&self, head: &Parts) -> bool {
        let signed = head.headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match signed {
            Some(signed) => signed.contains("/s3/aws4_request"),
            None => self.objects.bucket(head.uri.path().split('/').nth(1).unwrap_or_default()).is_some(),
        }
    }

    pub(super) async fn answer(&self, head: Parts, body: Bytes, started: Instant) -> Outcome {
        let log = tracing::dispatcher::get_default(Clone::clone);
        let journey = Journey { facts: Arc::default(), log };
        let mut request = http::Request::from_parts(head, Body::from(body));
        request.extensions_mut().insert(journey.clone());
        // It logs as an error whatever it refuses. What is worth a line, such as a missing right, has one of ours.
        let answer = self.service.call(request).with_subscriber(NoSubscriber::default()).await;
        let answer = match answer {
            Ok(answer) => whole(answer).await,
            Err(_) => None,
        };
        let learnt = locked(&journey.facts);
        let outcome = match &answer {
            _ if learnt.is_dropped => "dropped".to_owned(),
            Some(answer) if answer.status().is_success() => "ok".to_owned(),
            Some(answer) => code_of(answer),
            None => "InternalError".to_owned(),
        };
        let call = learnt.caller.clone().map(|caller| {
            let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
            (caller, Call { service: SERVICE, action: learnt.action.clone(), micros, outcome, ..Call::default() })
        });
        Outcome { answer: answer.filter(|_| !learnt.is_dropped), call }
    }
}

/// An answer with its body at hand.
async fn whole(answer: Response<Body>) -> Option<Response<Full<Bytes>>> {
    let (head, body) = answer.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    Some(Response::from_parts(head, Full::new(body)))
}

/// The name of the error in an answer; its status where there is no body to name it.
fn code_of(answer: &Response<Full<Bytes>>) -> String {
    let body = answer.body().clone().into_inner().unwrap_or_default();
    let text = String::from_utf8_lossy(&body);
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map_or_else(|| answer.status().as_u16().to_string(), |(code, _)| code.to_owned())
}

/// The keys that functions sign with.
struct Keys(Rules);

#[async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        let secret = self.0.identities.secret_of(access_key);
        secret.map(SecretKey::from).ok_or_else(|| s3_error!(InvalidAccessKeyId))
    }
}

/// Permission first, then what may go wrong: after the signature and before the work.
struct Guard {
    objects: Arc<Objects>,
    rules: Rules,
}

#[async_trait]
impl S3Access for Guard {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let unknown = || s3_error!(AccessDenied, "Access Denied");
        // A link would be signed for somebody who may not call at all.
        if cx.uri().query().is_some_and(|query| query.contains("X-Amz-Signature=")) {
            return Err(s3_error!(NotImplemented, "the runner knows no links to objects"));
        }
        let caller =
            cx.credentials().and_then(|known| self.rules.identities.caller(&known.access_key)).ok_or_else(unknown)?;
        let journey = cx.extensions_mut().get::<Journey>().cloned().ok_or_else(unknown)?;
        let action = cx.s3_op().name().to_owned();
        let need = self.need(&action, cx.s3_path());
        let list = self.need("ListBucket", &S3Path::bucket(cx.s3_path().get_bucket_name().unwrap_or_default()));
        {
            let mut learnt = locked(&journey.facts);
            learnt.may_list = self.rules.policies.would_allow(&caller.operation, &list);
            learnt.action.clone_from(&action);
            learnt.caller = Some(caller.clone());
        }
        tracing::dispatcher::with_default(&journey.log, || self.rules.policies.check(&caller.operation, &[need]))
            .map_err(|refusal| error(Refusal { code: "AccessDenied".into(), ..refusal.with_status(403) }))?;
        let Some(kind) = self.rules.faults.strike(&caller.operation, SERVICE, &action) else {
            return Ok(());
        };
        locked(&journey.facts).is_dropped = matches!(kind, FaultKind::Timeout | FaultKind::AppliedAnswerLost);
        if kind == FaultKind::Timeout {
            tokio::time::sleep(faults::HANG).await;
            return Err(s3_error!(RequestTimeout));
        }
        if kind == FaultKind::Late {
            tokio::time::sleep(faults::LATE).await;
        }
        faults::refusal(kind, SERVICE, &action, &Value::Null).map_or(Ok(()), |refusal| Err(error(refusal)))
    }
}

impl Guard {
    /// The right that an operation needs, by the name that IAM has for it.
    fn need(&self, operation: &str, path: &S3Path) -> Need {
        let action = match operation {
            "HeadObject" => "GetObject",
            operation => operation,
        };
        let bucket = path.get_bucket_name().unwrap_or("*");
        let arn =
            self.objects.bucket(bucket).map_or_else(|| format!("arn:aws:s3:::{bucket}"), |known| known.arn.clone());
        let resource = path.get_object_key().map_or_else(|| arn.clone(), |key| format!("{arn}/{key}"));
        Need { action: format!("s3:{action}"), resources: vec![resource], keys: Vec::new() }
    }
}

fn error(refusal: Refusal) -> S3Error {
    let code = S3ErrorCode::from_bytes(refusal.code.as_bytes()).unwrap_or(S3ErrorCode::InternalError);
    let mut error = S3Error::with_message(code, refusal.message);
    error.set_status_code(StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    error
}

/// What is done when it may be done.
struct Store(Arc<Objects>);

impl Store {
    /// Works with the objects off the async threads: it may read and write files.
    async fn with<T: Send + 'static>(
        &self,
        bucket: &str,
        work: impl FnOnce(&Objects) -> std::io::Result<T> + Send + 'static,
    ) -> S3Result<T> {
        if self.0.bucket(bucket).is_none() {
            return Err(s3_error!(NoSuchBucket));
        }
        let objects = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || work(&objects)).await.map_err(S3Error::internal_error)?;
        done.map_err(|failure| s3_error!(InternalError, "the runner: {failure}"))
    }

    /// An object, or why there is none.
    async fn object(&self, bucket: String, key: String, extensions: &http::Extensions) -> S3Result<Object> {
        let place = bucket.clone();
        let found = self.with(&bucket, move |objects| objects.get(&place, &key)).await?;
        // Who may not list the bucket is not told what is missing in it, either.
        let may_list = extensions.get::<Journey>().is_some_and(|journey| locked(&journey.facts).may_list);
        let missing = || if may_list { s3_error!(NoSuchKey) } else { s3_error!(AccessDenied, "Access Denied") };
        found.ok_or_else(missing)
    }
}

#[async_trait]
impl S3 for Store {
    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let S3Request { mut input, headers, trailing_headers, .. } = request;
        refuse_unknown(&headers)?;
        let content = match input.body.take() {
            Some(body) => body.try_collect::<BytesMut>().await.map_err(broken_body)?.freeze(),
            None => Bytes::new(),
        };
        let trailers = trailing_headers.and_then(|trailers| trailers.take()).unwrap_or_default();
        check_sums(&content, &headers, &trailers)?;
        let e_tag = format!("{:032x}", u128::from_be_bytes(Md5::checksum(&content)));
        let facts = Facts {
            key: input.key,
            content_type: input.content_type,
            cache_control: input.cache_control,
            metadata: input.metadata.unwrap_or_default().into_iter().collect(),
            e_tag: e_tag.clone(),
            at: self.0.now(),
        };
        let bucket = input.bucket.clone();
        self.with(&input.bucket, move |objects| objects.put(&bucket, Object { facts, content })).await?;
        Ok(S3Response::new(PutObjectOutput { e_tag: Some(ETag::Strong(e_tag)), ..PutObjectOutput::default() }))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let S3Request { input, extensions, .. } = request;
        let Object { facts, content } = self.object(input.bucket, input.key, &extensions).await?;
        let length = i64::try_from(content.len()).ok();
        Ok(S3Response::new(GetObjectOutput {
            body: Some(StreamingBlob::from(Body::from(content))),
            cache_control: facts.cache_control,
            content_length: length,
            content_type: facts.content_type,
            e_tag: Some(ETag::Strong(facts.e_tag)),
            last_modified: Some(SystemTime::from(facts.at).into()),
            metadata: Some(facts.metadata.into_iter().collect()),
            ..GetObjectOutput::default()
        }))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let S3Request { input, extensions, .. } = request;
        let Object { facts, content } = self.object(input.bucket, input.key, &extensions).await?;
        Ok(S3Response::new(HeadObjectOutput {
            cache_control: facts.cache_control,
            content_length: i64::try_from(content.len()).ok(),
            content_type: facts.content_type,
            e_tag: Some(ETag::Strong(facts.e_tag)),
            last_modified: Some(SystemTime::from(facts.at).into()),
            metadata: Some(facts.metadata.into_iter().collect()),
            ..HeadObjectOutput::default()
        }))
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        let DeleteObjectInput { bucket, key, .. } = request.input;
        let place = bucket.clone();
        self.with(&bucket, move |objects| objects.delete(&place, &key)).await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }
}

fn broken_body(error: s3s::StdError) -> S3Error {
    S3Error::with_source(S3ErrorCode::IncompleteBody, error)
}

/// What the runner would have to do, and does not, is refused: it would first be missed in the cloud.
fn refuse_unknown(headers: &HeaderMap) -> S3Result<()> {
    let is_unknown = |name: &&str| match *name {
        "content-disposition" | "content-language" | "content-md5" | "expires" | "if-match" | "if-none-match" => true,
        "content-encoding" => headers.get(*name).is_some_and(|encoding| encoding != "aws-chunked"),
        name => {
            let is_taken = ["x-amz-checksum-", "x-amz-meta-"].iter().any(|taken| name.starts_with(taken));
            name.starts_with("x-amz-") && !is_taken && !UNDERSTOOD.contains(&name)
        }
    };
    match headers.keys().map(http::HeaderName::as_str).find(is_unknown) {
        Some(unknown) => Err(s3_error!(NotImplemented, "the runner does not know the header {unknown} of an upload")),
        None => Ok(()),
    }
}

/// Compares the content with every checksum that the client gave, before it or after it.
fn check_sums(content: &[u8], headers: &HeaderMap, trailers: &HeaderMap) -> S3Result<()> {
    for (name, claimed) in headers.iter().chain(trailers) {
        let Some(algorithm) = name.as_str().strip_prefix("x-amz-checksum-") else { continue };
        let actual = match algorithm {
            "crc32" => sum::<Crc32>(content),
            "crc32c" => sum::<Crc32c>(content),
            "crc64nvme" => sum::<Crc64Nvme>(content),
            "sha1" => sum::<Sha1>(content),
            "sha256" => sum::<Sha256>(content),
            _ => return Err(s3_error!(NotImplemented, "the runner does not know the checksum {algorithm}")),
        };
        if *claimed != actual {
            return Err(s3_error!(BadDigest, "the content is not that of the {algorithm} that came with it"));
        }
    }
    Ok(())
}

fn sum<C: Checksum>(content: &[u8]) -> String {
    STANDARD.encode(C::checksum(content))
}

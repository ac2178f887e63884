//! The one address that all SDK clients talk to.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::faults::{self, FaultKind};
use super::identity::Caller;
use super::ledger::Call;
use super::reply::{Answer, Dialect, Refusal, response};
use super::units::Units;
use super::{Plan, Planned, Shared, Unplanned, lambda, s3, ses};

/// The largest request of all services is DynamoDB's 16 MB; Base64 and JSON may add to it.
const LARGEST_REQUEST: usize = 24 * 1024 * 1024;

/// Ends the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection was dropped on purpose")]
struct Dropped;

/// Serves connections until the handle is aborted; that ends them all.
pub(super) fn serve(listener: TcpListener, shared: Arc<Shared>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => { connections.spawn(connection(stream, Arc::clone(&shared))); }
                    Err(error) => {
                        tracing::warn!(%error, "the AWS side could not accept a connection");
                        tokio::task::yield_now().await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
    })
}

/// A plain hyper connection, since a router has no way to close one without an answer, as lost answers need.
async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    // Without it, small answers wait for the peer's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(Arc::clone(&shared), request));
    // An error here is a client that went away or a connection that a fault ended.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Which service and action a request is for.
enum Target {
    Dynamo(String),
    Secrets(String),
    Ses,
    Invoke(String),
}

impl Target {
    fn of(head: &Parts) -> Option<Self> {
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(target) = header("x-amz-target") {
            let (service, action) = target.split_once('.')?;
            return match service {
                "DynamoDB_20120810" => Some(Self::Dynamo(action.to_owned())),
                "secretsmanager" => Some(Self::Secrets(action.to_owned())),
                _ => None,
            };
        }
        if let Some(function) = lambda::function_in(head.uri.path()) {
            return Some(Self::Invoke(function));
        }
        header("content-type")?.starts_with("application/x-www-form-urlencoded").then_some(Self::Ses)
    }

    fn service(&self) -> (&'static str, Dialect) {
        match self {
            Self::Dynamo(_) => ("dynamodb", Dialect::Json10),
            Self::Secrets(_) => ("secretsmanager", Dialect::Json11),
            Self::Ses => ("ses", Dialect::Query),
            Self::Invoke(_) => ("lambda", Dialect::Rest),
        }
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Dropped> {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    if let Some(stores) = &shared.stores
        && stores.buckets.are_meant(&head)
    {
        return objects(&shared, &stores.buckets, head, body, started).await;
    }
    let Some(target) = Target::of(&head) else {
        let message = "this endpoint serves DynamoDB, S3, Secrets Manager, SES version 1 and Lambda Invoke";
        return Ok(response(Dialect::Json10, Err(Refusal::new("UnknownOperationException", message))));
    };
    let (service, dialect) = target.service();
    let Ok(body) = Limited::new(body, LARGEST_REQUEST).collect().await else {
        let refusal =
            Refusal::new("RequestEntityTooLargeException", "the request is larger than 24 MiB").with_status(413);
        return Ok(response(dialect, Err(refusal)));
    };
    let body = body.to_bytes();
    let caller = match shared.rules.identities.authenticate(&head, &body) {
        Ok(caller) => caller,
        Err(refusal) => return Ok(response(dialect, Err(unauthenticated(dialect, refusal)))),
    };
    let action = match &target {
        Target::Dynamo(action) | Target::Secrets(action) => action.clone(),
        Target::Ses => ses::action_of(&body),
        Target::Invoke(_) => "Invoke".to_owned(),
    };
    let (outcome, mut call) = run(&shared, &caller, target, &action, &head, &body).await;
    call.service = service;
    call.action = action;
    call.micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    call.outcome = match &outcome {
        Some(Ok(_)) => "ok".to_owned(),
        Some(Err(refusal)) => refusal.code.clone(),
        None => "dropped".to_owned(),
    };
    shared.ledger.record(&caller.access_key, call);
    outcome.map(|outcome| response(dialect, outcome)).ok_or(Dropped)
}

/// S3 has a protocol of its own from the signature on.
async fn objects(
    shared: &Shared,
    buckets: &s3::Buckets,
    head: Parts,
    body: Incoming,
    started: Instant,
) -> Result<Response<Full<Bytes>>, Dropped> {
    let body = Limited::new(body, LARGEST_REQUEST).collect().await.map_err(|_| Dropped)?;
    let s3::Outcome { answer, call } = buckets.answer(head, body.to_bytes(), started).await;
    if let Some((caller, call)) = call {
        shared.ledger.record(&caller.access_key, call);
    }
    answer.ok_or(Dropped)
}

/// Permission first, then what may go wrong, then the work. `None`: no answer at all.
async fn run(
    shared: &Shared,
    caller: &Caller,
    target: Target,
    action: &str,
    head: &Parts,
    body: &[u8],
) -> (Option<Result<Answer, Refusal>>, Call) {
    let service = target.service().0;
    let (plan, needs, mut call) = match plan(shared, target, action, head, body) {
        Ok(planned) => planned,
        Err(Unplanned::Refused(refusal)) => return (Some(Err(refusal)), Call::default()),
        Err(Unplanned::Denied(need)) => {
            let refusal = shared.rules.policies.deny(&caller.operation, &need);
            return (Some(Err(denied(service, refusal))), Call::default());
        }
    };
    // Without the table here the policies cannot be enforced, and callers cannot be told apart.
    if shared.stores.is_some()
        && let Err(refusal) = shared.rules.policies.check(&caller.operation, &needs)
    {
        return (Some(Err(denied(service, refusal))), call);
    }
    let fault = shared.rules.faults.strike(&caller.operation, service, action);
    if let Some(kind) = fault {
        tracing::debug!(operation = %caller.operation, action, ?kind, "fault");
        if kind == FaultKind::Timeout {
            tokio::time::sleep(faults::HANG).await;
            return (None, call);
        }
        if kind == FaultKind::Late {
            tokio::time::sleep(faults::LATE).await;
        }
        if let Some(refusal) = faults::refusal(kind, service, action, plan.body()) {
            return (Some(Err(refusal)), call);
        }
    }
    let (outcome, units) = perform(shared, plan).await;
    call.read_units = units.read;
    call.write_units = units.write;
    (if fault == Some(FaultKind::AppliedAnswerLost) { None } else { Some(outcome) }, call)
}

fn plan(shared: &Shared, target: Target, action: &str, head: &Parts, body: &[u8]) -> Planned {
    let elsewhere = || Refusal::new("UnknownOperationException", "tables, objects and secrets are at another address");
    let stores = || shared.stores.as_ref().ok_or_else(elsewhere);
    match target {
        Target::Dynamo(_) => stores()?.dynamo.plan(action, body),
        Target::Secrets(_) => stores()?.secrets.plan(action, body, &shared.account.arn("secretsmanager", "secret:")),
        Target::Ses => ses::plan(action, body, &shared.account.arn("ses", "identity/")),
        Target::Invoke(function) => lambda::plan(head, body, function, &shared.account.arn("lambda", "function:")),
    }
}

async fn perform(shared: &Shared, plan: Plan) -> (Result<Answer, Refusal>, Units) {
    let outcome = match (plan, &shared.stores) {
        (Plan::Dynamo(request), Some(stores)) => return stores.dynamo.perform(request).await,
        (Plan::Secret(request), Some(stores)) => stores.secrets.perform(&request),
        (Plan::Mail(request), _) => shared.mails.perform(request),
        (Plan::Invoke(invoke), _) => lambda::perform(invoke, &shared.invocations),
        // Nothing is planned for a store that is not here.
        (Plan::Dynamo(_) | Plan::Secret(_), None) => Err(Refusal::new("InternalServerError", "no store here")),
    };
    (outcome, Units::default())
}

/// SES has a name and a status of its own for a missing permission.
fn denied(service: &str, refusal: Refusal) -> Refusal {
    if service == "ses" { Refusal { code: "AccessDenied".into(), ..refusal.with_status(403) } } else { refusal }
}

/// The Query protocol has names and a status of its own for a key that is not known.
fn unauthenticated(dialect: Dialect, refusal: Refusal) -> Refusal {
    match (dialect, refusal.code.as_str()) {
        (Dialect::Query, "UnrecognizedClientException") => {
            Refusal { code: "InvalidClientTokenId".into(), ..refusal.with_status(403) }
        }
        (Dialect::Query, "InvalidSignatureException") => {
            Refusal { code: "SignatureDoesNotMatch".into(), ..refusal.with_status(403) }
        }
        (Dialect::Rest, _) => refusal.with_status(403),
        _ => refusal,
    }
}

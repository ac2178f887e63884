//! The Lambda Runtime API for function processes, on loopback.
//!
//! Every process has its own path below the one listener, so that the runner knows who asks. When the runner ends,
//! however it does, the long poll of each process breaks and the process ends by itself.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::instances::{Failure, Invocation, PAYLOAD_LIMIT};

type Answer = Result<Value, Failure>;

/// The listener and its sessions.
pub(crate) struct RuntimeApi {
    address: SocketAddr,
    sessions: Mutex<HashMap<String, Arc<Shared>>>,
    server: Mutex<Option<tokio::task::AbortHandle>>,
}

/// What the listener and a session share.
struct Shared {
    arn: String,
    /// The listener takes invocations from here, one long poll at a time.
    invocations: tokio::sync::Mutex<mpsc::Receiver<(Invocation, oneshot::Sender<Answer>)>>,
    /// The invocation at work.
    current: Mutex<Option<(String, oneshot::Sender<Answer>)>>,
    /// The process has asked for its first invocation, or failed to.
    ready: Notify,
    /// Why the process ended.
    ended: Mutex<Option<String>>,
}

impl RuntimeApi {
    /// Binds a port of 127.0.0.1 and serves.
    pub(crate) async fn start() -> std::io::Result<Arc<Self>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let api =
            Arc::new(Self { address: listener.local_addr()?, sessions: Mutex::default(), server: Mutex::default() });
        let router = Router::new()
            .route("/{session}/2018-06-01/runtime/invocation/next", get(next))
            .route("/{session}/2018-06-01/runtime/invocation/{request}/response", post(response))
            .route("/{session}/2018-06-01/runtime/invocation/{request}/error", post(error))
            .route("/{session}/2018-06-01/runtime/init/error", post(init_error))
            // Above the limit for answers, so that whoever waits gets to know that there is one.
            .layer(DefaultBodyLimit::max(4 * PAYLOAD_LIMIT))
            .with_state(Arc::downgrade(&api));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the Runtime API ended");
            }
        });
        *locked(&api.server) = Some(server.abort_handle());
        Ok(api)
    }

    /// A session for one process of the function with this ARN.
    pub(crate) fn open(self: &Arc<Self>, arn: &str) -> Session {
        let (invoke, invocations) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            arn: arn.to_owned(),
            invocations: tokio::sync::Mutex::new(invocations),
            current: Mutex::default(),
            ready: Notify::new(),
            ended: Mutex::default(),
        });
        let id = uuid::Uuid::new_v4().simple().to_string();
        // A bare address cannot carry a path: the runtime reads it as a URI, which then needs its scheme.
        let address = format!("http://{}/{id}", self.address);
        locked(&self.sessions).insert(id.clone(), Arc::clone(&shared));
        Session { api: Arc::clone(self), id, address, shared, invoke }
    }

    fn session(&self, id: &str) -> Option<Arc<Shared>> {
        locked(&self.sessions).get(id).cloned()
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        if let Some(server) = locked(&self.server).take() {
            server.abort();
        }
    }
}

/// The runner's end of a session.
pub(crate) struct Session {
    api: Arc<RuntimeApi>,
    id: String,
    address: String,
    shared: Arc<Shared>,
    invoke: mpsc::Sender<(Invocation, oneshot::Sender<Answer>)>,
}

/// Tells a session that its process has ended.
pub(crate) struct Ender(Arc<Shared>);

impl Ender {
    /// The process ended; whoever waits for it gets to know.
    pub(crate) fn end(self, why: &str) {
        locked(&self.0.ended).get_or_insert_with(|| why.to_owned());
        drop(locked(&self.0.current).take());
        self.0.ready.notify_one();
    }
}

impl Session {
    /// Value of `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Whether the process has not ended.
    pub(crate) fn is_alive(&self) -> bool {
        locked(&self.shared.ended).is_none()
    }

    pub(crate) fn ender(&self) -> Ender {
        Ender(Arc::clone(&self.shared))
    }

    /// Waits for the first poll.
    pub(crate) async fn ready(&mut self) -> Result<(), Failure> {
        self.shared.ready.notified().await;
        match &*locked(&self.shared.ended) {
            None => Ok(()),
            Some(why) => Err(Failure::NotStarted(why.clone())),
        }
    }

    /// Hands over an invocation and waits for its answer.
    pub(crate) async fn invoke(&mut self, invocation: Invocation) -> Answer {
        let (answer, answered) = oneshot::channel();
        if locked(&self.shared.ended).is_some() || self.invoke.send((invocation, answer)).await.is_err() {
            return Err(self.crashed());
        }
        // An idle process that dies between the check and its next poll would never take the invocation.
        let mut answered = answered;
        loop {
            tokio::select! {
                answer = &mut answered => return answer.unwrap_or_else(|_| Err(self.crashed())),
                () = tokio::time::sleep(Duration::from_millis(200)) => {
                    if locked(&self.shared.ended).is_some() {
                        return answered.try_recv().unwrap_or_else(|_| Err(self.crashed()));
                    }
                }
            }
        }
    }

    fn crashed(&self) -> Failure {
        Failure::Crashed(locked(&self.shared.ended).clone().unwrap_or_else(|| "it went away".to_owned()))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        locked(&self.api.sessions).remove(&self.id);
    }
}

type Api = State<Weak<RuntimeApi>>;

fn find(api: &Weak<RuntimeApi>, session: &str) -> Result<Arc<Shared>, StatusCode> {
    api.upgrade().and_then(|api| api.session(session)).ok_or(StatusCode::FORBIDDEN)
}

async fn next(State(api): Api, Path(session): Path<String>) -> Result<Response, StatusCode> {
    let shared = find(&api, &session)?;
    shared.ready.notify_one();
    let taken = shared.invocations.lock().await.recv().await;
    let Some((invocation, answer)) = taken else {
        return Err(StatusCode::GONE);
    };
    let trace = format!("Root=1-{:08x}-{}", invocation.deadline.as_second(), trace_tail());
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &invocation.request_id)
        .header("lambda-runtime-deadline-ms", invocation.deadline.as_millisecond())
        .header("lambda-runtime-invoked-function-arn", &shared.arn)
        .header("lambda-runtime-trace-id", trace)
        .body(Body::from(invocation.event.to_string()))
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    *locked(&shared.current) = Some((invocation.request_id, answer));
    Ok(response)
}

/// The random part of a trace id.
pub(crate) fn trace_tail() -> String {
    let mut tail = uuid::Uuid::new_v4().simple().to_string();
    tail.truncate(24);
    tail
}

fn answer(shared: &Shared, request: &str, answer: Answer) -> StatusCode {
    match locked(&shared.current).take_if(|(current, _)| current == request) {
        // Nobody waits any more for what is answered too late.
        Some((_, waiting)) => {
            let _ = waiting.send(answer);
            StatusCode::ACCEPTED
        }
        None => StatusCode::BAD_REQUEST,
    }
}

async fn response(
    State(api): Api,
    Path((session, request)): Path<(String, String)>,
    body: Bytes,
) -> Result<StatusCode, StatusCode> {
    let shared = find(&api, &session)?;
    if body.len() > PAYLOAD_LIMIT {
        answer(&shared, &request, Err(Failure::TooLarge(body.len())));
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let value = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&body) };
    Ok(answer(&shared, &request, value.map_err(|error| Failure::Function(format!("its answer is no JSON: {error}")))))
}

async fn error(
    State(api): Api,
    Path((session, request)): Path<(String, String)>,
    body: Bytes,
) -> Result<StatusCode, StatusCode> {
    let shared = find(&api, &session)?;
    Ok(answer(&shared, &request, Err(Failure::Function(described(&body)))))
}

async fn init_error(State(api): Api, Path(session): Path<String>, body: Bytes) -> Result<StatusCode, StatusCode> {
    let shared = find(&api, &session)?;
    Ender(shared).end(&described(&body));
    Ok(StatusCode::ACCEPTED)
}

/// What an error report says.
fn described(body: &Bytes) -> String {
    let report: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| report.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
    format!("{}: {}", text("errorType"), text("errorMessage"))
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn h11_an_answer_that_lambda_would_not_pass_on_fails_at_once() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let api = RuntimeApi::start().await.unwrap();
        let mut session = api.open("arn:aws:lambda:::function:talkative");
        let base = format!("{}/2018-06-01/runtime/invocation", session.address());
        let invocation =
            Invocation { event: Value::Null, request_id: "r-1".to_owned(), deadline: jiff::Timestamp::MAX };
        let process = async {
            let client = reqwest::Client::new();
            client.get(format!("{base}/next")).send().await.unwrap();
            let body = format!("\"{}\"", "x".repeat(PAYLOAD_LIMIT - 1));
            client.post(format!("{base}/r-1/response")).body(body).send().await.unwrap().status()
        };
        let (answer, status) = tokio::join!(session.invoke(invocation), process);
        assert!(matches!(answer, Err(Failure::TooLarge(size)) if size == PAYLOAD_LIMIT + 1), "{answer:?}");
        assert_eq!(status.as_u16(), 413);
    }
}

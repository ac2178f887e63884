//! The HTTP front: what API Gateway's HTTP API does between a client and a function.

pub(crate) mod answer;
mod cors;
pub(crate) mod event;
pub(crate) mod router;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use tokio::sync::oneshot;

use crate::core::Core;
use crate::instances::{Failure, PAYLOAD_LIMIT, Run, milliseconds, size_of};
use crate::jobs::new_id;
use crate::requests::Record;
use router::RouteTable;

/// Body of a request, in bytes at most.
const BODY_LIMIT: usize = 10 * 1024 * 1024;
/// Request line and headers, in bytes at most.
const HEAD_LIMIT: usize = 10_240;
/// What is read and thrown away of a body that is too large, so that the client gets to read the answer.
const DRAIN_LIMIT: usize = 64 * 1024 * 1024;
/// How long the gateway waits for a function.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// Sets `sourceIp`, in the runner only.
const CLIENT_ADDRESS: &str = "kith-client-address";
const REQUEST_ID: &str = "apigw-requestid";

/// The gateway.
pub(crate) struct Gateway {
    core: Arc<Core>,
    routes: RouteTable,
}

/// How a request was answered.
struct Answered {
    response: Response,
    route: String,
    run: Option<Run>,
}

impl Answered {
    fn by_gateway(status: StatusCode, route: &str) -> Self {
        Self { response: answer::own(status), route: route.to_owned(), run: None }
    }
}

impl Gateway {
    pub(crate) fn new(core: Arc<Core>) -> Arc<Self> {
        let routes = RouteTable::new(&core.template.routes);
        Arc::new(Self { core, routes })
    }

    async fn answer(self: Arc<Self>, request: Request<Body>) -> Response {
        let began = Instant::now();
        let request_id = gateway_id();
        let (parts, body) = request.into_parts();
        let preflight = cors::is_preflight(&parts.method, &parts.headers);
        let cors = self.core.template.api.cors.as_ref();
        let mut answered = if preflight && cors.is_some() {
            Answered::by_gateway(StatusCode::NO_CONTENT, "OPTIONS (preflight)")
        } else {
            self.route(&parts, body, &request_id).await
        };
        if preflight && cors.is_some() {
            *answered.response.body_mut() = Body::empty();
            answered.response.headers_mut().clear();
        }
        if let Some(cors) = cors {
            cors::apply(cors, &parts.headers, preflight, answered.response.headers_mut());
        }
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            answered.response.headers_mut().insert(REQUEST_ID, value);
        }
        let Answered { response, route, run } = answered;
        let duration = milliseconds(began.elapsed());
        let egress = answer::egress_bytes(&response);
        let (status, now) = (response.status().as_u16(), self.core.clock.now());
        let record = Record::new(request_id, &route, Some(egress), status, duration, run, now);
        self.core.requests.add(record);
        response
    }

    async fn route(&self, parts: &Parts, body: Body, request_id: &str) -> Answered {
        if head_size(parts) > HEAD_LIMIT {
            return Answered::by_gateway(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "");
        }
        let path = router::path_of(parts.uri.path());
        let Some(found) = self.routes.find(parts.method.as_str(), &path) else {
            return Answered::by_gateway(StatusCode::NOT_FOUND, "");
        };
        let key = &found.route.key;
        let body = match read(&parts.headers, body).await {
            Ok(body) => body,
            Err(status) => return Answered::by_gateway(status, key),
        };
        let mut headers = parts.headers.clone();
        let source_ip =
            match headers.remove(CLIENT_ADDRESS).map(|value| value.to_str().unwrap_or_default().parse::<IpAddr>()) {
                None => "127.0.0.1".to_owned(),
                Some(Ok(address)) => address.to_string(),
                Some(Err(_)) => return Answered::by_gateway(StatusCode::BAD_REQUEST, key),
            };
        let incoming = event::Incoming {
            method: parts.method.as_str(),
            path: &path,
            query: parts.uri.query().unwrap_or_default(),
            headers: &headers,
            body: &body,
            source_ip: &source_ip,
            request_id,
            api_id: &self.core.template.api.id,
            now: self.core.clock.now(),
        };
        let event = event::build(&incoming, &found);
        // Headers and context are small beside the limit, so only large bodies are worth measuring.
        if body.len() > PAYLOAD_LIMIT / 2 && size_of(&event) > PAYLOAD_LIMIT {
            return Answered::by_gateway(StatusCode::PAYLOAD_TOO_LARGE, key);
        }
        let invocation_id = new_id();
        let (admit, admitted) = oneshot::channel();
        let invoke = self.core.pools.invoke(&found.route.operation, event, &invocation_id, Some(admit));
        let over = async {
            // Waiting for a sandbox is this machine's, not the gateway's; one that never came is answered by the invocation.
            if admitted.await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(INTEGRATION_TIMEOUT).await;
        };
        let (result, run) = tokio::select! {
            done = invoke => done,
            () = over => return Answered::by_gateway(StatusCode::SERVICE_UNAVAILABLE, key),
        };
        let response = match result {
            Ok(value) => answer::from_function(&value, parts.method == http::Method::HEAD),
            Err(Failure::Throttled) => answer::own(StatusCode::SERVICE_UNAVAILABLE),
            Err(_) => answer::own(StatusCode::INTERNAL_SERVER_ERROR),
        };
        Answered { response, route: key.clone(), run: Some(run) }
    }
}

/// Answers a request. It is finished, and recorded, also when the client goes away.
pub(crate) async fn handle(State(gateway): State<Arc<Gateway>>, request: Request<Body>) -> Response {
    tokio::spawn(gateway.answer(request)).await.unwrap_or_else(|_| answer::own(StatusCode::INTERNAL_SERVER_ERROR))
}

/// Request line and headers as they were sent, in bytes.
fn head_size(parts: &Parts) -> usize {
    let line = parts.method.as_str().len()
        + parts.uri.path_and_query().map_or(0, |path| path.as_str().len())
        + " HTTP/1.1\r\n".len()
        + 1;
    let counts = |(name, value): (&http::HeaderName, &HeaderValue)| name.as_str().len() + value.len() + ": \r\n".len();
    line + parts.headers.iter().filter(|(name, _)| *name != CLIENT_ADDRESS).map(counts).sum::<usize>()
}

/// The whole body, or the status that the gateway answers.
async fn read(headers: &HeaderMap, mut body: Body) -> Result<Bytes, StatusCode> {
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok()).unwrap_or_default();
    let mut read = Vec::with_capacity(announced.min(BODY_LIMIT));
    let mut size = 0_usize;
    while let Some(frame) = body.frame().await {
        let Some(data) = frame.map_err(|_| StatusCode::BAD_REQUEST)?.into_data().ok() else {
            continue;
        };
        size = size.saturating_add(data.len());
        if size > DRAIN_LIMIT {
            break;
        }
        if size <= BODY_LIMIT {
            read.extend_from_slice(&data);
        }
    }
    if size > BODY_LIMIT { Err(StatusCode::PAYLOAD_TOO_LARGE) } else { Ok(read.into()) }
}

/// A request id as the gateway makes them: 11 random bytes.
fn gateway_id() -> String {
    let random = uuid::Uuid::new_v4().into_bytes();
    STANDARD.encode(random.get(..11).unwrap_or_default())
}

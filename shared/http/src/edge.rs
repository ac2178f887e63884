//! Around every handler: context, body limit, panics, entity tags, headers, the request log.

use crate::answer::Told;
use crate::expected::authorization;
use crate::idempotency::BodyHash;
use crate::problem::ProblemBody;
use crate::tag::tags;
use crate::{App, Arrived, Client, Cx, Problem, repeat_key};
use axum::body::{Body, to_bytes};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    USER_AGENT, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use jiff::Timestamp;
use kith_crypto::SecretHash;
use kith_store::Spent;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::tower::{Service as _, ServiceExt as _};
use lambda_http::{Adapter, LambdaEvent, RequestExt as _, service_fn};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

/// One invocation of a route: the gateway's event in, its answer out.
pub(crate) async fn invoke(
    app: &App,
    router: &axum::Router,
    event: LambdaEvent<ApiGatewayV2httpRequest>,
) -> impl serde::Serialize + use<> {
    let LambdaEvent { mut payload, context } = event;
    payload.raw_path = payload.raw_path.map(|path| utf8_percent_encode(&path, NOT_IN_A_PATH).to_string());
    payload.raw_query_string =
        payload.raw_query_string.map(|query| utf8_percent_encode(&query, NOT_IN_A_QUERY).to_string());
    let (app, router) = (app.clone(), router.clone());
    let service = service_fn(move |request| answer(app.clone(), router.clone(), request).map(Ok::<_, Infallible>));
    let answered = Adapter::from(service).call(LambdaEvent::new(LambdaRequest::ApiGatewayV2(payload), context));
    match answered.await {
        Ok(answer) => answer,
    }
}

/// The same for a path, which the gateway has decoded already: a percent sign there is one that was sent encoded. Left as it
/// is, the router would decode what follows it a second time.
const NOT_IN_A_PATH: &AsciiSet = &NOT_IN_A_QUERY.add(b'%');

/// What the gateway lets pass in a query, and what may not stand there as it is (RFC 3986). `lambda_http` makes a URI of
/// path and query and panics where it cannot.
const NOT_IN_A_QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'\\')
    .add(b'^')
    .add(b'|');

async fn answer(app: App, router: axum::Router, mut request: lambda_http::Request) -> Response {
    let began = Instant::now();
    let (arrived, route) = arrival(&request);
    let request_id = arrived.request_id.clone();
    let store = app.store().map(|store| store.for_request(&request_id));
    let cx = store.clone().map(|store| Cx::new(app.clone(), store, arrived.clone()));
    let method = request.method().clone();
    // What is asked for with HEAD is what GET would answer, without its body (RFC 9110, section 9.3.2).
    if method == Method::HEAD && app.expected().is_known() {
        *request.method_mut() = Method::GET;
    }
    let wanted_tag = request.headers().get(IF_NONE_MATCH).cloned();
    let authorization = authorization(request.headers());

    let response = if request.body().len() > app.body_limit() {
        Problem::too_large(app.body_limit()).into_response()
    } else {
        match app.expected().refuse(request.uri(), request.headers(), !request.body().is_empty()) {
            Ok(()) => handle(router, request, arrived, cx.clone()).await,
            Err(problem) => app.expected().told(cx.as_ref(), authorization.as_ref(), problem).await.into_response(),
        }
    };
    let response = unless_over(&app, response, cx.as_ref(), authorization.as_ref()).await;
    let mut response = written(response, &request_id);
    response.headers_mut().extend(cx.map(|cx| cx.headers()).unwrap_or_default());
    add_common_headers(response.headers_mut());
    let is_read = [Method::GET, Method::HEAD].contains(&method);
    let response = if is_read { unless_unchanged(response, wanted_tag.as_ref()) } else { response };
    let response = if method == Method::HEAD { without_body(response).await } else { response };
    log(&app, &request_id, &route, &response, store.map(|store| store.spent()).unwrap_or_default(), began);
    response
}

/// 401 instead of an answer that a caller got before anybody looked at the session: what the route itself made of the
/// path, or the router, which knows no path with a slash in a parameter.
async fn unless_over(app: &App, response: Response, cx: Option<&Cx>, authorization: Option<&HeaderValue>) -> Response {
    if let Some((cx, caller)) = cx.and_then(|cx| Some((cx, cx.unadmitted()?))) {
        return caller.member(cx).await.map_or_else(Problem::into_response, |_| response);
    }
    let is_unrouted = response.status() == StatusCode::NOT_FOUND
        && response.extensions().get::<Problem>().is_none()
        && response.extensions().get::<Told>().is_none();
    if is_unrouted {
        app.expected().told(cx, authorization, Problem::not_found()).await.into_response()
    } else {
        response
    }
}

async fn handle(router: axum::Router, request: lambda_http::Request, arrived: Arrived, cx: Option<Cx>) -> Response {
    let body_hash =
        request.headers().contains_key(repeat_key::HEADER).then(|| BodyHash(SecretHash::of(request.body())));
    let mut request = request.map(|body| Body::from(body.to_vec()));
    if let Some(body_hash) = body_hash {
        request.extensions_mut().insert(body_hash);
    }
    request.extensions_mut().insert(arrived);
    if let Some(cx) = cx {
        request.extensions_mut().insert(cx);
    }
    match AssertUnwindSafe(router.oneshot(request)).catch_unwind().await {
        Ok(Ok(response)) => response,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            Problem::internal(format!("panic: {}", text.unwrap_or("without a message"))).into_response()
        }
    }
}

/// What the gateway tells of a request, and the key of the route that it took.
fn arrival(request: &lambda_http::Request) -> (Arrived, String) {
    let lambda_id = request.lambda_context_ref().map(|context| context.request_id.clone()).unwrap_or_default();
    let device = request
        .headers()
        .get(USER_AGENT)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).chars().take(256).collect());
    let (time, id, route, address) = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => {
            (context.time_epoch, context.request_id.clone(), context.route_key.clone(), context.http.source_ip.clone())
        }
        _ => (0, None, None, None),
    };
    let arrived = Arrived {
        now: Timestamp::from_millisecond(time).unwrap_or(Timestamp::UNIX_EPOCH),
        request_id: id.unwrap_or(lambda_id).into(),
        client: Client { address: address.unwrap_or_default(), device: device.unwrap_or_default() },
    };
    (arrived, route.unwrap_or_default())
}

/// Writes the body of a problem, which needs the request's id. What axum itself refuses becomes a problem, too; a page that
/// tells of a problem stays.
fn written(response: Response, request_id: &str) -> Response {
    if response.extensions().get::<Told>().is_some() {
        return response;
    }
    let problem = response.extensions().get::<Problem>().cloned().or_else(|| match response.status() {
        StatusCode::NOT_FOUND => Some(Problem::not_found()),
        StatusCode::METHOD_NOT_ALLOWED => {
            Some(Problem::internal("the gateway sent a method that the route does not take"))
        }
        _ => None,
    });
    let Some(problem) = problem else { return response };
    let mut answer = (problem.status(), axum::Json::<ProblemBody>(problem.body(request_id))).into_response();
    answer.headers_mut().extend(
        response.headers().iter().filter(|(name, _)| *name != CONTENT_LENGTH).map(|(n, v)| (n.clone(), v.clone())),
    );
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.extensions_mut().insert(problem);
    answer
}

/// Headers that every answer has, unless the handler said otherwise.
fn add_common_headers(headers: &mut HeaderMap) {
    let defaults = [
        (CACHE_CONTROL, "private, no-cache"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
        (REFERRER_POLICY, "no-referrer"),
        // For what is no page nothing may load and nobody may frame it.
        (HeaderName::from_static("content-security-policy"), "default-src 'none'; frame-ancestors 'none'"),
        (VARY, "authorization, accept"),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// 304 without a body where the client has this very answer (RFC 9110, section 13.1.2).
fn unless_unchanged(mut response: Response, wanted: Option<&HeaderValue>) -> Response {
    let tag = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let (Some(tag), Some(wanted)) = (tag, wanted.and_then(|wanted| wanted.to_str().ok())) else {
        return response;
    };
    let is_same = |candidate: &str| candidate == "*" || candidate.trim_start_matches("W/") == tag;
    if response.status() == StatusCode::OK && tags(wanted).any(is_same) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(CONTENT_TYPE);
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    response
}

/// The answer to HEAD: the same headers, and how long the body would have been.
async fn without_body(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let length = to_bytes(body, usize::MAX).await.map(|bytes| bytes.len()).unwrap_or_default();
    if parts.status != StatusCode::NOT_MODIFIED {
        parts.headers.insert(CONTENT_LENGTH, length.into());
    }
    Response::from_parts(parts, Body::empty())
}

/// One event per request: the route key, never path, query, body, token or address.
fn log(app: &App, request_id: &str, route: &str, response: &Response, spent: Spent, began: Instant) {
    let status = response.status().as_u16();
    let millis = began.elapsed().as_secs_f64() * 1000.0;
    let database = spent.time.as_secs_f64() * 1000.0;
    let told = response.extensions().get::<Told>().map(|told| &told.0);
    let source = response.extensions().get::<Problem>().or(told).and_then(Problem::source);
    macro_rules! request {
        ($level:ident, $($more:tt)*) => {
            tracing::$level!(
                name = app.operation(), request_id, route, status, millis,
                database_millis = database, database_calls = spent.calls, read_units = spent.read_units,
                write_units = spent.write_units, $($more)* "request"
            )
        };
    }
    match source {
        Some(error) if status == 500 => request!(error, error,),
        Some(error) => request!(warn, error,),
        None => request!(info,),
    }
}

/// The bytes of a body that the handler's extractors read.
pub(crate) async fn bytes(body: Body, limit: usize) -> crate::Result<axum::body::Bytes> {
    to_bytes(body, limit).await.map_err(|_| Problem::too_large(limit))
}

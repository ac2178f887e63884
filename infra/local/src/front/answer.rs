//! Answers: what a function's answer becomes, and what the gateway says itself.

use axum::body::{Body, HttpBody as _};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

/// An answer in the gateway's own words.
pub(super) fn own(status: StatusCode) -> Response {
    let message = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "Request Entity Too Large",
        other => other.canonical_reason().unwrap_or("Internal Server Error"),
    };
    let mut response = Response::new(Body::from(json!({"message": message}).to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// What goes out to the client: status line, headers and body, in bytes.
pub(crate) fn egress_bytes(response: &Response) -> u64 {
    let status = "HTTP/1.1 200 \r\n".len() + response.status().canonical_reason().map_or(0, str::len);
    let line = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + ": \r\n".len();
    let head = status + response.headers().iter().map(line).sum::<usize>() + "\r\n".len();
    u64::try_from(head).unwrap_or(u64::MAX).saturating_add(response.body().size_hint().lower())
}

/// The HTTP answer for what a function answered; 500 where the gateway cannot read it. With HEAD the function says how long
/// the body would be.
pub(crate) fn from_function(answer: &Value, is_head: bool) -> Response {
    parse(answer, is_head).unwrap_or_else(|| own(StatusCode::INTERNAL_SERVER_ERROR))
}

fn parse(answer: &Value, is_head: bool) -> Option<Response> {
    let Some(status) = answer.get("statusCode") else {
        // The gateway takes an answer without a status for the body.
        let body = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
        let mut response = Response::new(Body::from(body));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        return Some(response);
    };
    let status =
        status.as_u64().and_then(|status| u16::try_from(status).ok()).or_else(|| status.as_str()?.parse().ok())?;
    let status = StatusCode::from_u16(status).ok()?;
    let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    let is_base64 = answer.get("isBase64Encoded").and_then(Value::as_bool).unwrap_or_default();
    let body = if is_base64 { STANDARD.decode(body).ok()? } else { body.as_bytes().to_vec() };

    let mut headers = HeaderMap::new();
    for (name, value) in answer.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        headers.insert(name.parse::<HeaderName>().ok()?, HeaderValue::from_str(&value).ok()?);
    }
    for (name, values) in answer.get("multiValueHeaders").and_then(Value::as_object).into_iter().flatten() {
        let name = name.parse::<HeaderName>().ok()?;
        let values = values.as_array().into_iter().flatten().filter_map(Value::as_str);
        // Format 2.0 has no list of values: the gateway joins them.
        let joined = values.collect::<Vec<_>>().join(",");
        if !headers.contains_key(&name) && !joined.is_empty() {
            headers.insert(name, HeaderValue::from_str(&joined).ok()?);
        }
    }
    for cookie in answer.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        headers.append(SET_COOKIE, HeaderValue::from_str(cookie.as_str()?).ok()?);
    }
    if !is_head {
        headers.remove(CONTENT_LENGTH);
    }
    if !body.is_empty() && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_cookies_and_status_are_taken_over() {
        let response = from_function(
            &json!({
                "statusCode": 201,
                "headers": {"location": "/x", "content-type": "application/json", "content-length": "99"},
                "cookies": ["a=1", "b=2"],
                "body": "e30=",
                "isBase64Encoded": true,
            }),
            false,
        );
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()["location"], "/x");
        assert!(!response.headers().contains_key("content-length"));
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    }

    #[test]
    fn what_the_gateway_cannot_read_is_an_internal_error() {
        for answer in [
            json!({"statusCode": "no"}),
            json!({"statusCode": 200, "body": "?", "isBase64Encoded": true}),
            json!({"statusCode": 200, "headers": {"a b": "c"}}),
        ] {
            assert_eq!(from_function(&answer, false).status(), StatusCode::INTERNAL_SERVER_ERROR, "{answer}");
        }
        assert_eq!(from_function(&json!({"x": 1}), false).status(), StatusCode::OK);
    }
}

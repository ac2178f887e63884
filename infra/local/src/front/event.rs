//! The event that the HTTP API hands to a function: payload format 2.0.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, COOKIE};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::router::Found;
use crate::runtime_api::trace_tail;
use crate::template::ACCOUNT;

/// What an event is made of.
pub(crate) struct Incoming<'a> {
    pub(crate) method: &'a str,
    /// Path, decoded: the HTTP API hands it on so, unlike other sources of the same format.
    pub(crate) path: &'a str,
    /// Query as sent, without the question mark.
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    pub(crate) source_ip: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) api_id: &'a str,
    /// By the moved clock.
    pub(crate) now: Timestamp,
}

/// The event for `incoming` on the route `found`.
pub(crate) fn build(incoming: &Incoming<'_>, found: &Found<'_>) -> Value {
    let text =
        |name: &str| incoming.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let host = text("host").unwrap_or_default();
    let domain = host.rsplit_once(':').map_or(host.as_str(), |(domain, _)| domain);
    let path = incoming.path;
    let mut event = json!({
        "version": "2.0",
        "routeKey": found.route.key,
        "rawPath": path,
        "rawQueryString": incoming.query,
        "headers": headers(incoming, &host),
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": incoming.api_id,
            "domainName": domain,
            "domainPrefix": domain.split('.').next().unwrap_or_default(),
            "http": {
                "method": incoming.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": incoming.source_ip,
                "userAgent": text("user-agent").unwrap_or_default(),
            },
            "requestId": incoming.request_id,
            "routeKey": found.route.key,
            "stage": "$default",
            "time": incoming.now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": incoming.now.as_millisecond(),
        },
        "isBase64Encoded": false,
    });
    let Some(map) = event.as_object_mut() else { return event };
    let cookies: Vec<String> = incoming
        .headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|value| {
            String::from_utf8_lossy(value.as_bytes())
                .split(';')
                .map(|cookie| cookie.trim().to_owned())
                .collect::<Vec<_>>()
        })
        .filter(|cookie| !cookie.is_empty())
        .collect();
    if !cookies.is_empty() {
        map.insert("cookies".to_owned(), json!(cookies));
    }
    if !incoming.query.is_empty() {
        map.insert("queryStringParameters".to_owned(), query_parameters(incoming.query));
    }
    if !found.parameters.is_empty() {
        map.insert("pathParameters".to_owned(), json!(found.parameters));
    }
    if !incoming.body.is_empty() {
        let as_text = is_text(incoming.headers).then(|| std::str::from_utf8(incoming.body).ok()).flatten();
        map.insert("isBase64Encoded".to_owned(), json!(as_text.is_none()));
        map.insert(
            "body".to_owned(),
            as_text.map_or_else(|| json!(STANDARD.encode(incoming.body)), |text| json!(text)),
        );
    }
    event
}

/// Headers in lower case, repeated ones joined by commas, with what the gateway adds.
fn headers(incoming: &Incoming<'_>, host: &str) -> Map<String, Value> {
    let mut headers = Map::new();
    let mut add = |name: &str, value: &str| match headers.get_mut(name) {
        Some(Value::String(known)) => {
            known.push(',');
            known.push_str(value);
        }
        _ => {
            headers.insert(name.to_owned(), json!(value));
        }
    };
    for (name, value) in incoming.headers {
        if name != COOKIE && name != "connection" && name != "transfer-encoding" {
            add(name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
        }
    }
    let forwarded = match headers.get("x-forwarded-for").and_then(Value::as_str) {
        Some(before) => format!("{before}, {}", incoming.source_ip),
        None => incoming.source_ip.to_owned(),
    };
    headers.insert("x-forwarded-for".to_owned(), json!(forwarded));
    let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
    headers.insert("x-forwarded-port".to_owned(), json!(port));
    headers.insert("x-forwarded-proto".to_owned(), json!("http"));
    headers.insert(
        "x-amzn-trace-id".to_owned(),
        json!(format!("Root=1-{:08x}-{}", incoming.now.as_second(), trace_tail())),
    );
    if !incoming.body.is_empty() {
        headers.insert("content-length".to_owned(), json!(incoming.body.len().to_string()));
    }
    headers
}

/// Decoded parameters, repeated ones joined by commas.
fn query_parameters(query: &str) -> Value {
    let mut parameters: Map<String, Value> = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match parameters.get_mut(name.as_ref()) {
            Some(Value::String(known)) => {
                known.push(',');
                known.push_str(&value);
            }
            _ => {
                parameters.insert(name.into_owned(), json!(value));
            }
        }
    }
    Value::Object(parameters)
}

/// Whether the gateway passes a body of this type on as text. Forms are not among them.
fn is_text(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE) else {
        return true;
    };
    let kind = String::from_utf8_lossy(kind.as_bytes()).to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/")
        || matches!(kind, "application/json" | "application/javascript" | "application/xml")
        || kind.starts_with("application/") && (kind.ends_with("+json") || kind.ends_with("+xml"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::router::RouteTable;
    use crate::template::RouteSpec;

    fn event(path: &str, query: &str, headers: &[(&'static str, &'static str)], body: &[u8]) -> Value {
        let table = RouteTable::new(&[RouteSpec {
            key: "POST /v1/things/{thing_id}".to_owned(),
            operation: "make-thing".to_owned(),
        }]);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, http::HeaderValue::from_static(value));
        }
        let incoming = Incoming {
            method: "POST",
            path,
            query,
            headers: &map,
            body,
            source_ip: "203.0.113.7",
            request_id: "JKJaXmPLvHcESHA=",
            api_id: "kith-HttpApi",
            now: "2026-11-05T09:08:07.123Z".parse().unwrap(),
        };
        build(&incoming, &table.find("POST", path).unwrap())
    }

    #[test]
    fn an_event_has_the_shape_of_payload_2_0() {
        let headers = [
            ("host", "127.0.0.1:3000"),
            ("content-type", "application/json"),
            ("cookie", "a=1; b=2"),
            ("cookie", "c=3"),
            ("accept", "text/html"),
            ("accept", "application/json"),
            ("x-forwarded-for", "198.51.100.1"),
            ("user-agent", "test"),
        ];
        let mut event = event("/v1/things/t ä", "q=a%20b&q=c&empty=", &headers, b"{\"x\":1}");
        event["headers"].as_object_mut().unwrap().remove("x-amzn-trace-id").unwrap();
        insta::assert_json_snapshot!(event);
    }

    #[test]
    fn what_is_not_text_is_base64() {
        for (kind, body, base64) in [
            ("application/json", &b"{}"[..], false),
            ("application/problem+json; charset=utf-8", b"{}", false),
            ("text/plain", b"x", false),
            ("text/plain", b"\xff", true),
            ("application/x-www-form-urlencoded", b"a=b", true),
            ("image/png", b"x", true),
            ("image/svg+xml", b"x", true),
        ] {
            let event = event("/v1/things/1", "", &[("content-type", kind)], body);
            assert_eq!(event["isBase64Encoded"], base64, "{kind}");
        }
        assert_eq!(event("/v1/things/1", "", &[], b"\xff")["body"], "/w==");
        assert_eq!(event("/v1/things/1", "", &[], b"plain")["isBase64Encoded"], false);
    }

    #[test]
    fn what_is_empty_is_absent() {
        let event = event("/v1/things/1", "", &[], b"");
        for absent in ["body", "cookies", "queryStringParameters"] {
            assert!(event.get(absent).is_none(), "{absent}");
        }
    }
}

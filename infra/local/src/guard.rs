//! Who may talk to the runner: only this machine's own names reach it, and only its own pages change anything under
//! `/_kith/`.
//!
//! The runner listens on the loopback interface, but so do browsers: any page there can send requests to it, and read the
//! answers once its own name leads to 127.0.0.1 (DNS rebinding). A page cannot change the `Host` and `Origin` that its
//! browser sends. Whoever sends no `Origin` is no page: curl, a suite, a client.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{HOST, HeaderName, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};

use crate::kith_api::problem;

/// Where the helpers are.
const HELPERS: &str = "/_kith";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Passes a request on, or refuses it with a word.
pub(crate) async fn check(request: Request<Body>, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match refusal(&parts) {
        Some((status, detail)) => problem(status, detail).into_response(),
        None => next.run(Request::from_parts(parts, body)).await,
    }
}

fn refusal(parts: &Parts) -> Option<(StatusCode, &'static str)> {
    let Some(host) = only(&parts.headers, &HOST) else {
        return Some((StatusCode::BAD_REQUEST, "A request has one Host header."));
    };
    // A request to a proxy names its host in the first line, too.
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    if !is_local(host) || !authority.is_none_or(is_local) {
        let detail = "The runner answers to 127.0.0.1, localhost, *.localhost and [::1] only, and this request is for \
                      another host.";
        return Some((StatusCode::MISDIRECTED_REQUEST, detail));
    }
    let path = parts.uri.path();
    let is_helper = path.strip_prefix(HELPERS).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    if is_helper && !reads && !is_from_own_page(&parts.headers, host) {
        return Some((StatusCode::FORBIDDEN, "The runner's helpers take this from the runner's own pages only."));
    }
    None
}

/// The header's value, if it is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

/// Whether `host`, with or without a port, is a name that nobody but this machine can give to itself.
fn is_local(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        // The last colon of an IPv6 address is within its brackets.
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    };
    if port.is_some_and(|port| !port.bytes().all(|digit| digit.is_ascii_digit())) {
        return false;
    }
    if let Some(address) = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        return address.parse() == Ok(Ipv6Addr::LOCALHOST);
    }
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let is_a_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.parse() == Ok(Ipv4Addr::LOCALHOST)
        || name == "localhost"
        || name.strip_suffix(".localhost").is_some_and(|labels| labels.split('.').all(is_a_label))
}

/// Whether the request comes from no page at all, or from one that came from the same host and port.
fn is_from_own_page(headers: &HeaderMap, host: &str) -> bool {
    let same_site = match headers.get(SEC_FETCH_SITE) {
        None => true,
        Some(site) => site == "same-origin" || site == "none",
    };
    let same_origin = match only(headers, &ORIGIN) {
        None => !headers.contains_key(ORIGIN),
        Some(origin) => origin.strip_prefix("http://").is_some_and(|origin| origin.eq_ignore_ascii_case(host)),
    };
    same_site && same_origin
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: Method, uri: &str, headers: &[(&str, &str)]) -> Option<StatusCode> {
        let mut request = http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        refusal(&request.body(()).unwrap().into_parts().0).map(|(status, _)| status)
    }

    #[test]
    fn h24_only_names_of_this_machine_are_answered() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:3000",
            "localhost",
            "LocalHost:3000",
            "localhost.",
            "localhost.:3000",
            "[::1]",
            "[::1]:3000",
            "[0:0:0:0:0:0:0:1]:3000",
            "kith.localhost:3000",
            "a.b.LOCALHOST.",
            "localhost:",
        ] {
            assert_eq!(asked(Method::GET, "/", &[("host", host)]), None, "{host}");
        }
        for host in [
            "",
            ":3000",
            "evil.example",
            "evil.example:3000",
            "localhost.evil.example",
            "evillocalhost",
            ".localhost",
            "a..localhost",
            "127.0.0.1.evil.example",
            "127.0.0.1.nip.io",
            "127.1",
            "0.0.0.0",
            "0",
            "2130706433",
            "0x7f.1",
            "127.0.0.2",
            "192.168.1.2:3000",
            "[::]",
            "[::2]",
            "[::ffff:192.168.1.2]",
            "::1",
            "[::1",
            "[::1]evil.example",
            "[::1].localhost.evil.example",
            "localhost..",
            "localhost:3000:3000",
            "localhost:evil",
            "localhost@evil.example",
            "evil.example@localhost",
            "localhost/evil",
            "evil.example#.localhost",
            "evil.example/.localhost",
            "localhost,evil.example",
            "metadata",
            "host.docker.internal",
        ] {
            assert_eq!(asked(Method::GET, "/", &[("host", host)]), Some(StatusCode::MISDIRECTED_REQUEST), "{host:?}");
        }
        for headers in [&[][..], &[("host", "localhost"), ("host", "localhost")]] {
            assert_eq!(asked(Method::GET, "/", headers), Some(StatusCode::BAD_REQUEST), "{headers:?}");
        }
        let proxied = |uri: &str| asked(Method::GET, uri, &[("host", "localhost:3000")]);
        assert_eq!(proxied("http://localhost:3000/health"), None);
        assert_eq!(proxied("http://evil.example/health"), Some(StatusCode::MISDIRECTED_REQUEST));
    }

    #[test]
    fn h24_helpers_change_something_for_their_own_pages_only() {
        const PATH: &str = "/_kith/clock";
        let from = |headers: &[(&str, &str)]| {
            let host = [("host", "127.0.0.1:3000")];
            asked(Method::POST, PATH, &host.iter().chain(headers).copied().collect::<Vec<_>>())
        };
        for headers in [&[][..], &[("origin", "http://127.0.0.1:3000"), ("sec-fetch-site", "same-origin")]] {
            assert_eq!(from(headers), None, "{headers:?}");
        }
        for headers in [
            &[("origin", "null")][..],
            &[("origin", "")],
            &[("origin", "http://evil.example")],
            &[("origin", "http://127.0.0.1:3001")],
            &[("origin", "http://127.0.0.1")],
            &[("origin", "https://127.0.0.1:3000")],
            &[("origin", "http://localhost:3000")],
            &[("origin", "http://[::1]:3000")],
            &[("origin", "http://127.0.0.1:3000.evil.example")],
            &[("origin", "http://127.0.0.1:3000"), ("origin", "http://evil.example")],
            &[("origin", "http://127.0.0.1:3000"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("content-type", "text/plain"), ("origin", "http://evil.example")],
        ] {
            assert_eq!(from(headers), Some(StatusCode::FORBIDDEN), "{headers:?}");
        }
        // What reads, and what is no helper, is judged by the host alone: a browser shows no answer to another's page.
        let foreign = [("host", "127.0.0.1:3000"), ("origin", "http://evil.example")];
        assert_eq!(asked(Method::GET, PATH, &foreign), None);
        assert_eq!(asked(Method::POST, "/v1/auth/login", &foreign), None);
        assert_eq!(asked(Method::POST, "/_kithes", &foreign), None);
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            assert_eq!(asked(method.clone(), "/_kith/faults", &foreign), Some(StatusCode::FORBIDDEN), "{method}");
        }
    }
}

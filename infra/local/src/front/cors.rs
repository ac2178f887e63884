//! CORS as the gateway answers it, from the template's configuration.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::{HeaderMap, Method};

use crate::template::Cors;

/// Whether the gateway answers this request itself.
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Puts the gateway's CORS headers into an answer; those of a function are replaced.
pub(super) fn apply(cors: &Cors, request: &HeaderMap, preflight: bool, answer: &mut HeaderMap) {
    let own = [
        ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_ALLOW_CREDENTIALS,
        ACCESS_CONTROL_ALLOW_METHODS,
        ACCESS_CONTROL_ALLOW_HEADERS,
        ACCESS_CONTROL_EXPOSE_HEADERS,
        ACCESS_CONTROL_MAX_AGE,
    ];
    for name in own {
        answer.remove(name);
    }
    let Some(origin) = request.get(ORIGIN).and_then(|origin| origin.to_str().ok()) else {
        return;
    };
    let Some(allowed) = cors.allow_origins.iter().find(|allowed| matches_origin(allowed, origin)) else {
        return;
    };
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            answer.insert(name, value);
        }
    };
    set(ACCESS_CONTROL_ALLOW_ORIGIN, if allowed == "*" { "*" } else { origin });
    if allowed != "*" {
        set(VARY, "origin");
    }
    if cors.allow_credentials {
        set(ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    }
    if !cors.expose_headers.is_empty() {
        set(ACCESS_CONTROL_EXPOSE_HEADERS, &cors.expose_headers.join(","));
    }
    if preflight {
        if !cors.allow_methods.is_empty() {
            set(ACCESS_CONTROL_ALLOW_METHODS, &cors.allow_methods.join(","));
        }
        if !cors.allow_headers.is_empty() {
            set(ACCESS_CONTROL_ALLOW_HEADERS, &cors.allow_headers.join(","));
        }
        if let Some(seconds) = cors.max_age {
            set(ACCESS_CONTROL_MAX_AGE, &seconds.to_string());
        }
    }
}

/// Whether an allowed origin (`*`, `https://*` or exact) covers `origin`.
fn matches_origin(allowed: &str, origin: &str) -> bool {
    match allowed.strip_suffix('*') {
        Some(prefix) => origin.starts_with(prefix),
        None => allowed.eq_ignore_ascii_case(origin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(origin: &'static str, preflight: bool) -> HeaderMap {
        let cors = Cors {
            allow_origins: vec!["https://app.example.org".to_owned()],
            allow_methods: vec!["GET".to_owned(), "POST".to_owned()],
            allow_headers: vec!["authorization".to_owned()],
            expose_headers: vec!["etag".to_owned()],
            max_age: Some(600),
            allow_credentials: false,
        };
        let request = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(origin))]);
        let mut answer = HeaderMap::from_iter([(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))]);
        apply(&cors, &request, preflight, &mut answer);
        answer
    }

    #[test]
    fn an_allowed_origin_is_named_and_a_preflight_says_more() {
        let answer = answered("https://app.example.org", false);
        assert_eq!(answer[ACCESS_CONTROL_ALLOW_ORIGIN], "https://app.example.org");
        assert_eq!(answer[ACCESS_CONTROL_EXPOSE_HEADERS], "etag");
        assert!(!answer.contains_key(ACCESS_CONTROL_ALLOW_METHODS));
        let answer = answered("https://app.example.org", true);
        assert_eq!(answer[ACCESS_CONTROL_ALLOW_METHODS], "GET,POST");
        assert_eq!(answer[ACCESS_CONTROL_MAX_AGE], "600");
    }

    #[test]
    fn another_origin_gets_nothing_and_a_functions_headers_are_dropped() {
        assert!(answered("https://evil.example", true).is_empty());
    }
}

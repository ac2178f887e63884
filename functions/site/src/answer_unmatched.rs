//! `$default`: answers what no route takes, by 404, or by 405 where the path takes other methods.

use crate::contract::CONTRACT;
use askama::Template;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse as _, Response};
use kith_http::{Function, Problem, Result};
use kith_pages::problem_page;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The function.
pub fn function() -> Function {
    Function::unmatched("answer-unmatched", &[], || axum::Router::new().fallback(answer_unmatched))
}

/// The paths of the contract, read once per process: they are part of the program.
static PATHS: LazyLock<Paths> = LazyLock::new(|| Paths::of(CONTRACT).unwrap_or_default());

#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFound;

/// Answers a request that no route takes: a problem, or a page where a browser asks for one.
pub async fn answer_unmatched(method: Method, uri: Uri, headers: HeaderMap) -> Result<Response> {
    let allowed = PATHS.methods_of(uri.path());
    if !allowed.is_empty() && !allowed.contains(method.as_str()) {
        return Err(Problem::method_not_allowed(&Vec::from_iter(allowed).join(", ")));
    }
    let is_api = uri.path() == "/v1" || uri.path().starts_with("/v1/");
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_api && prefers_a_page(accepted) {
        Ok(problem_page(Problem::not_found(), &NotFound)?.into_response())
    } else {
        Err(Problem::not_found())
    }
}

/// Whether whoever sends this `Accept` would rather have a page than a problem (RFC 9110, section 12.5.1). Who takes
/// anything is a program.
fn prefers_a_page(accepted: &str) -> bool {
    let weight_of = |kinds: &[&str]| {
        let ranges = accepted.split(',').map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            (kind, weight.map_or(1.0, |weight| weight.trim().parse::<f32>().unwrap_or_default()))
        });
        ranges.filter(|(kind, _)| kinds.contains(&kind.as_str())).map(|(_, weight)| weight).fold(0.0, f32::max)
    };
    let page = weight_of(&["text/html", "application/xhtml+xml"]);
    page > 0.0 && page >= weight_of(&["application/problem+json", "application/json"])
}

/// Which methods the paths of a contract take.
#[derive(Debug, Default)]
struct Paths(Vec<(Vec<Segment>, BTreeSet<&'static str>)>);

/// One part of a path, between slashes.
#[derive(Debug)]
enum Segment {
    Is(String),
    Any,
}

/// What of a contract matters here.
#[derive(Deserialize)]
struct Contract {
    paths: BTreeMap<String, PathItem>,
}

/// One path. What else there is, such as `parameters`, is skipped.
#[derive(Deserialize)]
struct PathItem {
    get: Option<Operation>,
    post: Option<IgnoredAny>,
    put: Option<IgnoredAny>,
    patch: Option<IgnoredAny>,
    delete: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Operation {
    #[serde(default)]
    security: Vec<BTreeMap<String, Vec<String>>>,
}

impl PathItem {
    /// Its methods. Whatever anybody may get, anybody may ask the head of.
    fn methods(&self) -> BTreeSet<&'static str> {
        let is_public = |get: &Operation| get.security.is_empty() || get.security.iter().any(BTreeMap::is_empty);
        let methods = [
            ("GET", self.get.is_some()),
            ("HEAD", self.get.as_ref().is_some_and(is_public)),
            ("POST", self.post.is_some()),
            ("PUT", self.put.is_some()),
            ("PATCH", self.patch.is_some()),
            ("DELETE", self.delete.is_some()),
        ];
        methods.into_iter().filter(|(_, is_there)| *is_there).map(|(method, _)| method).collect()
    }
}

impl Paths {
    fn of(contract: &str) -> serde_json::Result<Self> {
        let Contract { paths } = serde_json::from_str(contract)?;
        let entries = paths.into_iter();
        Ok(Self(entries.map(|(path, item)| (segments(&path), item.methods())).collect()))
    }

    /// All methods that are routed for a path: the gateway looks at method and path together, so every template that
    /// the path fits counts.
    fn methods_of(&self, path: &str) -> BTreeSet<&'static str> {
        let fits = |template: &[Segment]| {
            let mut parts = path.split('/');
            template.iter().all(|segment| match (segment, parts.next()) {
                (Segment::Is(own), Some(part)) => own == part,
                (Segment::Any, Some(part)) => !part.is_empty(),
                (_, None) => false,
            }) && parts.next().is_none()
        };
        let fitting = self.0.iter().filter(|(template, _)| fits(template));
        fitting.flat_map(|(_, methods)| methods.iter().copied()).collect()
    }
}

fn segments(path: &str) -> Vec<Segment> {
    let segment = |part: &str| {
        if part.starts_with('{') { Segment::Any } else { Segment::Is(part.to_owned()) }
    };
    path.split('/').map(segment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(path: &str) -> String {
        let contract = r#"{"paths": {
            "/": {"get": {}},
            "/v1/notes": {"get": {"security": [{"bearer": []}]}, "post": {}, "parameters": []},
            "/v1/notes/{token}": {"get": {}},
            "/v1/notes/purge": {"post": {}},
            "/v1/notes/{token}/open": {"post": {}}
        }}"#;
        Vec::from_iter(Paths::of(contract).unwrap().methods_of(path)).join(", ")
    }

    #[test]
    fn a_parameter_is_one_part_of_a_path() {
        assert_eq!(allowed("/v1/notes/abc"), "GET, HEAD");
        assert_eq!(allowed("/v1/notes/abc/open"), "POST");
        assert_eq!(allowed("/v1/notes/abc/def/open"), "");
        assert_eq!(allowed("/v1/notes//open"), "");
    }

    #[test]
    fn methods_of_all_fitting_paths_are_allowed() {
        assert_eq!(allowed("/v1/notes/purge"), "GET, HEAD, POST");
    }

    #[test]
    fn whole_paths_fit_and_nothing_less() {
        assert_eq!(allowed("/"), "GET, HEAD");
        assert_eq!(allowed("/v1/notes"), "GET, POST");
        for path in ["", "/v1", "/v1/notes/", "//", "/V1/notes", "v1/notes"] {
            assert_eq!(allowed(path), "", "{path}");
        }
    }

    #[test]
    fn h18_weights_count() {
        for page in
            ["text/html", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "application/json;q=0.1, text/html;q=0.5"]
        {
            assert!(prefers_a_page(page), "{page}");
        }
        for problem in
            ["", "*/*", "text/html;q=0", "text/html; q=0.0, */*", "application/json, text/html;q=0.9", "text/html;q=x"]
        {
            assert!(!prefers_a_page(problem), "{problem}");
        }
    }

    #[test]
    fn the_committed_contract_is_read() {
        assert!(Paths::of(CONTRACT).is_ok());
    }
}

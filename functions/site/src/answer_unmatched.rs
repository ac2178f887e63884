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
    // HEAD is among the refused: the gateway routes by method and knows no HEAD of a GET route.
    if !allowed.is_empty() && !allowed.contains(method.as_str()) {
        return Err(Problem::method_not_allowed(&Vec::from_iter(allowed).join(", ")));
    }
    let is_for_people = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accepted| accepted.contains("text/html"));
    if is_for_people {
        Ok(problem_page(Problem::not_found(), &NotFound)?.into_response())
    } else {
        Err(Problem::not_found())
    }
}

/// Which methods the paths of a contract take.
#[derive(Debug, Default)]
struct Paths(Vec<(Vec<Segment>, BTreeSet<String>)>);

/// One part of a path, between slashes.
#[derive(Debug)]
enum Segment {
    Is(String),
    Any,
}

/// What of a contract matters here.
#[derive(Deserialize)]
struct Contract {
    // What is behind the methods' names is skipped, not read.
    #[expect(clippy::zero_sized_map_values, reason = "a set would refuse the values")]
    paths: BTreeMap<String, BTreeMap<String, IgnoredAny>>,
}

impl Paths {
    fn of(contract: &str) -> serde_json::Result<Self> {
        let Contract { paths } = serde_json::from_str(contract)?;
        let entries = paths.into_iter();
        Ok(Self(entries.map(|(path, item)| (segments(&path), methods(item.into_keys()))).collect()))
    }

    /// All methods that are routed for a path: the gateway looks at method and path together, so every template that
    /// the path fits counts.
    fn methods_of(&self, path: &str) -> BTreeSet<&str> {
        let fits = |template: &[Segment]| {
            let mut parts = path.split('/');
            template.iter().all(|segment| match (segment, parts.next()) {
                (Segment::Is(own), Some(part)) => own == part,
                (Segment::Any, Some(part)) => !part.is_empty(),
                (_, None) => false,
            }) && parts.next().is_none()
        };
        let fitting = self.0.iter().filter(|(template, _)| fits(template));
        fitting.flat_map(|(_, methods)| methods.iter().map(String::as_str)).collect()
    }
}

/// The methods among the entries of a path, which may have others, such as `parameters`.
fn methods(names: impl Iterator<Item = String>) -> BTreeSet<String> {
    let names = names.map(|name| name.to_ascii_uppercase());
    names.filter(|name| ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&name.as_str())).collect()
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
            "/v1/notes": {"get": {}, "post": {}, "parameters": []},
            "/v1/notes/{token}": {"get": {}},
            "/v1/notes/purge": {"post": {}},
            "/v1/notes/{token}/open": {"post": {}}
        }}"#;
        Vec::from_iter(Paths::of(contract).unwrap().methods_of(path)).join(", ")
    }

    #[test]
    fn a_parameter_is_one_part_of_a_path() {
        assert_eq!(allowed("/v1/notes/abc"), "GET");
        assert_eq!(allowed("/v1/notes/abc/open"), "POST");
        assert_eq!(allowed("/v1/notes/abc/def/open"), "");
        assert_eq!(allowed("/v1/notes//open"), "");
    }

    #[test]
    fn methods_of_all_fitting_paths_are_allowed() {
        assert_eq!(allowed("/v1/notes/purge"), "GET, POST");
    }

    #[test]
    fn whole_paths_fit_and_nothing_less() {
        assert_eq!(allowed("/"), "GET");
        assert_eq!(allowed("/v1/notes"), "GET, POST");
        for path in ["", "/v1", "/v1/notes/", "//", "/V1/notes", "v1/notes"] {
            assert_eq!(allowed(path), "", "{path}");
        }
    }

    #[test]
    fn the_committed_contract_is_read() {
        assert!(Paths::of(CONTRACT).is_ok());
    }
}

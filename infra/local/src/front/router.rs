//! Which route a request takes, as the HTTP API chooses it.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use crate::template::RouteSpec;

/// The routes of the API, most specific first.
pub(crate) struct RouteTable {
    routes: Vec<Route>,
    default: Option<RouteSpec>,
}

struct Route {
    spec: RouteSpec,
    /// `None` for `ANY`.
    method: Option<String>,
    segments: Vec<Segment>,
}

/// Part of a path; the order is that of precedence.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Exact(String),
    Parameter(String),
    Greedy(String),
}

/// A request's route.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found<'a> {
    /// Route key and function.
    pub(crate) route: &'a RouteSpec,
    /// Path parameters.
    pub(crate) parameters: BTreeMap<String, String>,
}

impl RouteTable {
    pub(crate) fn new(specs: &[RouteSpec]) -> Self {
        let mut routes: Vec<Route> = specs.iter().filter_map(Route::new).collect();
        // An exact segment beats a parameter, a parameter a greedy one, a method beats ANY.
        routes.sort_by(|left, right| {
            (&left.segments, left.method.is_none()).cmp(&(&right.segments, right.method.is_none()))
        });
        Self { routes, default: specs.iter().find(|spec| spec.key == "$default").cloned() }
    }

    /// The route for a request with this method and path, as [`path_of`] gives it.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<Found<'_>> {
        let segments: Vec<String> = split(path).map(str::to_owned).collect();
        let mut matching =
            self.routes.iter().filter(|route| route.method.as_deref().is_none_or(|wanted| wanted == method));
        let found =
            matching.find_map(|route| Some(Found { parameters: route.matches(&segments)?, route: &route.spec }));
        found.or_else(|| self.default.as_ref().map(|route| Found { route, parameters: BTreeMap::new() }))
    }
}

impl Route {
    fn new(spec: &RouteSpec) -> Option<Self> {
        let (method, path) = spec.key.split_once(' ')?;
        let segment = |text: &str| match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some(name) => name
                .strip_suffix('+')
                .map_or_else(|| Segment::Parameter(name.to_owned()), |name| Segment::Greedy(name.to_owned())),
            None => Segment::Exact(text.to_owned()),
        };
        Some(Self {
            spec: spec.clone(),
            method: (method != "ANY").then(|| method.to_owned()),
            segments: split(path).map(segment).collect(),
        })
    }

    fn matches(&self, path: &[String]) -> Option<BTreeMap<String, String>> {
        let mut parameters = BTreeMap::new();
        let mut rest = path;
        for segment in &self.segments {
            let (first, others) = rest.split_first()?;
            match segment {
                Segment::Exact(text) if text == first => {}
                Segment::Parameter(name) if !first.is_empty() => {
                    parameters.insert(name.clone(), first.clone());
                }
                Segment::Greedy(name) if !first.is_empty() || !others.is_empty() => {
                    parameters.insert(name.clone(), rest.join("/"));
                    return Some(parameters);
                }
                _ => return None,
            }
            rest = others;
        }
        rest.is_empty().then_some(parameters)
    }
}

fn split(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

/// What the HTTP API makes of a path before it looks for a route: decoded, once and as a whole, so that an encoded slash
/// separates like any other, and cut at a question mark that was encoded. What is no UTF-8 becomes the replacement
/// character. The query is left as it was sent.
pub(crate) fn path_of(sent: &str) -> String {
    let path = percent_decode_str(sent).decode_utf8_lossy();
    path.split('?').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> RouteTable {
        let keys = [
            "$default",
            "ANY /v1/{proxy+}",
            "GET /v1/users/{user_id}",
            "ANY /v1/users/{user_id}",
            "GET /v1/users/me",
            "GET /v1/users/{user_id}/photo",
            "GET /",
            "POST /v1",
        ];
        RouteTable::new(&keys.map(|key| RouteSpec { key: key.to_owned(), operation: key.to_owned() }))
    }

    #[test]
    fn the_most_specific_route_wins() {
        let table = table();
        for (method, path, key) in [
            ("GET", "/", "GET /"),
            ("POST", "/v1", "POST /v1"),
            ("GET", "/v1", "$default"),
            ("GET", "/v1/users/me", "GET /v1/users/me"),
            ("GET", "/v1/users/usr_1", "GET /v1/users/{user_id}"),
            ("PUT", "/v1/users/usr_1", "ANY /v1/users/{user_id}"),
            ("PUT", "/v1/users/me", "ANY /v1/users/{user_id}"),
            ("GET", "/v1/users/usr_1/photo", "GET /v1/users/{user_id}/photo"),
            ("POST", "/v1/users/usr_1/photo", "ANY /v1/{proxy+}"),
            ("GET", "/v1/users/", "ANY /v1/{proxy+}"),
            ("HEAD", "/", "$default"),
            ("GET", "/v1/", "$default"),
            ("GET", "/elsewhere", "$default"),
        ] {
            assert_eq!(table.find(method, path).unwrap().route.key, key, "{method} {path}");
        }
    }

    #[test]
    fn h21_a_path_is_decoded_once_and_cut_at_an_encoded_question_mark() {
        let table = table();
        for (sent, key, name, value) in [
            ("/v1/users/b%20%C3%A4", "GET /v1/users/{user_id}", "user_id", "b ä"),
            ("/v1/users/%2566ive", "GET /v1/users/{user_id}", "user_id", "%66ive"),
            ("/v1/users/a+b%2Bc", "GET /v1/users/{user_id}", "user_id", "a+b+c"),
            ("/v1/users/ada%3Fx=1", "GET /v1/users/{user_id}", "user_id", "ada"),
            ("/v1/users/ada%253Fx", "GET /v1/users/{user_id}", "user_id", "ada%3Fx"),
            ("/v1/users/ada%23x", "GET /v1/users/{user_id}", "user_id", "ada#x"),
            ("/v1/users/ada%2Fphoto", "GET /v1/users/{user_id}/photo", "user_id", "ada"),
            ("/v1/users/a%2Fb", "ANY /v1/{proxy+}", "proxy", "users/a/b"),
            ("/v1/x/y%20z", "ANY /v1/{proxy+}", "proxy", "x/y z"),
        ] {
            let path = path_of(sent);
            let found = table.find("GET", &path).unwrap();
            assert_eq!((found.route.key.as_str(), found.parameters[name].as_str()), (key, value), "{sent}");
        }
        assert_eq!(path_of("/v1/users/%FF%3F%3F"), "/v1/users/\u{fffd}");
    }

    #[test]
    fn without_a_default_route_nothing_is_found() {
        let table = RouteTable::new(&[RouteSpec { key: "GET /a".to_owned(), operation: "a".to_owned() }]);
        assert!(table.find("GET", "/b").is_none());
    }
}

//! What the code says: all functions, their routes, and the contract they make together.

use std::collections::BTreeMap;
use std::fmt;

use kith_http::{Function, Kind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::finishing;
use crate::template::{RouteSpec, Template};

/// Packages with function binaries.
pub(crate) const PACKAGES: [&str; 7] =
    ["kith-accounts", "kith-users", "kith-contacts", "kith-notes", "kith-photos", "kith-site", "kith-jobs"];

/// Every function of every area.
pub fn functions() -> Vec<Function> {
    let areas = [
        kith_accounts::functions(),
        kith_users::functions(),
        kith_contacts::functions(),
        kith_notes::functions(),
        kith_photos::functions(),
        kith_site::functions(),
        kith_jobs::functions(),
    ];
    areas.into_iter().flatten().collect()
}

/// One operation of the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRoute {
    /// Method in capitals.
    pub method: String,
    /// Path with parameters in braces.
    pub path: String,
    /// Function.
    pub operation: String,
    /// `public`, or what the caller needs.
    pub who: String,
}

impl CodeRoute {
    /// The route key that the template has to have.
    pub fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The route by which the head of a public `GET` is asked for: the same function.
    pub fn head(&self) -> Option<Self> {
        let is_public = self.method == "GET" && self.who == "public";
        is_public.then(|| Self { method: "HEAD".to_owned(), ..self.clone() })
    }
}

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

/// The routes that `functions` declare in their contracts, in order of their paths.
pub fn code_routes(functions: &[Function]) -> Vec<CodeRoute> {
    let mut routes = Vec::new();
    for function in functions {
        let contract = function.openapi().and_then(|contract| serde_json::to_value(contract).ok()).unwrap_or_default();
        for (path, item) in contract.get("paths").and_then(Value::as_object).into_iter().flatten() {
            for (method, operation) in
                item.as_object().into_iter().flatten().filter(|(method, _)| METHODS.contains(&method.as_str()))
            {
                routes.push(CodeRoute {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    operation: function.operation().to_owned(),
                    who: who(operation),
                });
            }
        }
        if function.kind() == Kind::Unmatched {
            routes.push(CodeRoute {
                method: "*".to_owned(),
                path: "*".to_owned(),
                operation: function.operation().to_owned(),
                who: "public".to_owned(),
            });
        }
    }
    routes.sort_by(|left, right| (&left.path, &left.method).cmp(&(&right.path, &right.method)));
    routes
}

/// The security requirement of an operation in words.
fn who(operation: &Value) -> String {
    let requirements =
        operation.get("security").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    let alternatives: Vec<String> = requirements
        .map(|requirement| {
            let scheme = |(name, scopes): (&String, &Value)| {
                let scopes: Vec<&str> = scopes.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                if scopes.is_empty() { name.clone() } else { scopes.join(" ") }
            };
            requirement.iter().map(scheme).collect::<Vec<_>>().join(" and ")
        })
        .map(|alternative| if alternative.is_empty() { "public".to_owned() } else { alternative })
        .collect();
    if alternatives.is_empty() { "public".to_owned() } else { alternatives.join(" or ") }
}

/// A row of the route table: code and template side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteRow {
    /// From the code, or from the template's route key where the code has no such route.
    pub route: CodeRoute,
    /// What is wrong, if anything.
    pub fault: Option<&'static str>,
}

impl fmt::Display for RouteRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CodeRoute { method, path, operation, who } = &self.route;
        write!(f, "{method:<7} {path:<44} {operation:<24} {who}")?;
        self.fault.map_or(Ok(()), |fault| write!(f, "   <- {fault}"))
    }
}

/// All routes of code and template, with what one has and the other has not.
pub fn route_table(functions: &[Function], template: &Template) -> Vec<RouteRow> {
    let key = |route: &CodeRoute| {
        if route.method == "*" { "$default".to_owned() } else { route.key() }
    };
    let code = code_routes(functions);
    let mut rows: Vec<RouteRow> = code
        .iter()
        .map(|route| {
            let fault = match template.routes.iter().find(|spec| spec.key == key(route)) {
                None => Some("not in the template"),
                Some(spec) if spec.operation != route.operation => Some("another function in the template"),
                Some(_) => None,
            };
            RouteRow { route: route.clone(), fault }
        })
        .collect();
    // Whatever anybody may get, anybody may ask the head of.
    let heads: Vec<CodeRoute> = code.iter().filter_map(CodeRoute::head).collect();
    for head in &heads {
        if !template.routes.iter().any(|spec| spec.key == head.key() && spec.operation == head.operation) {
            rows.push(RouteRow { route: head.clone(), fault: Some("not in the template") });
        }
    }
    let known =
        |spec: &&RouteSpec| !code.iter().map(key).chain(heads.iter().map(CodeRoute::key)).any(|k| k == spec.key);
    for spec in template.routes.iter().filter(known) {
        // A page outside the contract may be routed by the template alone, if the code has the function.
        let known = functions.iter().any(|function| function.operation() == spec.operation);
        let (method, path) = spec.key.split_once(' ').unwrap_or(("*", "*"));
        let route = CodeRoute {
            method: method.to_owned(),
            path: path.to_owned(),
            operation: spec.operation.clone(),
            who: "?".to_owned(),
        };
        rows.push(RouteRow {
            route,
            fault: Some(if known { "not in the contract of the code" } else { "no such function in the code" }),
        });
    }
    rows
}

/// What holds for every route, for whoever reads the contract.
const DESCRIPTION: &str = "\
Keeps the people you meet.

JSON is `snake_case`, times are RFC 3339 in UTC, ids are prefixed and never secret. Send `Authorization: Bearer …` with \
an access token from `POST /v1/auth/login`.

**Errors** are `application/problem+json` (RFC 9457); with status 422 `errors` names every field that is wrong, up to 20, \
and `more_errors` counts the others. Unknown fields and query parameters are wrong. What the \
gateway itself answers (413 over 6 MB, 429 and 503 under load, 504) has its own body: `{\"message\": …}`.

**Repeats**: send an `Idempotency-Key` of 16 to 128 characters with a POST that creates, and repeat it as often as you \
need within 24 hours.

**Races**: send the `ETag` of an object as `If-Match` with a change; 412 means that somebody was faster.

**Heads**: whatever anybody may `GET` anybody may ask the `HEAD` of.

**Lists** take `limit` and `cursor`; `next_cursor` and the `Link` header lead on. A page ends at a megabyte.

**Limits** are told by the `RateLimit` headers; 429 says in `Retry-After` how long to wait.";

/// The areas of the contract, in the order in which people get to know them.
const TAGS: [(&str, &str); 6] = [
    ("accounts", "Registering, logging in, sessions, and one's own profile and preferences"),
    ("users", "Other people: found, shown, invited and, by those who may, run"),
    ("contacts", "Calling cards of the people one meets, with memories, follow-ups and search"),
    ("notes", "Sealed notes that expire and are read through a link"),
    ("photos", "Pictures of profiles and of contacts"),
    ("site", "Pages for browsers, this contract, and what other programs look for at a host"),
];

/// Two functions describe the same thing differently.
#[derive(Debug, thiserror::Error)]
#[error("{operation} describes {what} differently from another function")]
pub struct ContractError {
    operation: String,
    what: String,
}

/// The contract of the whole API: an OpenAPI 3.1 document, in the order in which people read one.
#[derive(Clone, Debug, Serialize)]
pub struct Contract {
    openapi: &'static str,
    info: Value,
    servers: Value,
    tags: Vec<Value>,
    paths: BTreeMap<String, Map<String, Value>>,
    components: BTreeMap<String, BTreeMap<String, Value>>,
}

/// What finishing changes of a contract.
#[derive(Deserialize)]
struct Finished {
    paths: BTreeMap<String, Map<String, Value>>,
    components: BTreeMap<String, BTreeMap<String, Value>>,
}

/// The contract of all functions as one OpenAPI document, as it is kept in `openapi.json`.
pub fn contract(functions: &[Function]) -> Result<Contract, ContractError> {
    let mut document = Contract {
        openapi: "3.1.0",
        info: json!({
            "title": "Kith",
            "description": DESCRIPTION,
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT or Apache-2.0, at your choice", "identifier": "MIT OR Apache-2.0"},
        }),
        servers: json!([{"url": "/"}]),
        tags: TAGS.iter().map(|(name, description)| json!({"name": name, "description": description})).collect(),
        paths: BTreeMap::new(),
        components: BTreeMap::new(),
    };
    for function in functions {
        let Some(part) = function.openapi().and_then(|part| serde_json::to_value(part).ok()) else {
            continue;
        };
        let conflict = |what: String| ContractError { operation: function.operation().to_owned(), what };
        for (path, item) in part.get("paths").and_then(Value::as_object).into_iter().flatten() {
            let known = document.paths.entry(path.clone()).or_default();
            for (method, operation) in item.as_object().into_iter().flatten() {
                if known.insert(method.clone(), operation.clone()).is_some_and(|other| other != *operation) {
                    return Err(conflict(format!("{method} {path}")));
                }
            }
        }
        for (kind, items) in part.get("components").and_then(Value::as_object).into_iter().flatten() {
            let known = document.components.entry(kind.clone()).or_default();
            for (name, item) in items.as_object().into_iter().flatten() {
                if known.insert(name.clone(), item.clone()).is_some_and(|other| other != *item) {
                    return Err(conflict(format!("{kind}/{name}")));
                }
            }
        }
    }
    // Operations name the scheme; what it is stands here once.
    let uses_bearer = document.paths.values().flat_map(Map::values).any(|operation| who(operation).contains("bearer"));
    if uses_bearer {
        let schemes = document.components.entry("securitySchemes".to_owned()).or_default();
        schemes
            .entry("bearer".to_owned())
            .or_insert_with(|| json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}));
    }
    let unreadable = |_| ContractError { operation: "the whole".to_owned(), what: "itself".to_owned() };
    let mut finished = serde_json::to_value(&document).map_err(unreadable)?;
    finishing::finish(&mut finished);
    let Finished { paths, components } = serde_json::from_value(finished).map_err(unreadable)?;
    Ok(Contract { paths, components, ..document })
}

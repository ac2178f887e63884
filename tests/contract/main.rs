//! The API's contract: what the code says, what is committed, and what a client may rely on.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test a panic is the message")]

mod clients;
mod operations;
mod schemas;

use kith_local::{contract, functions};
use serde_json::Value;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The contract as the code makes it.
fn code_contract() -> Value {
    serde_json::to_value(contract(&functions()).unwrap()).unwrap()
}

/// One operation of the contract.
struct Operation {
    /// Such as `POST /v1/auth/login`.
    key: String,
    method: String,
    id: String,
    spec: Value,
}

/// Every operation, in order of paths.
fn operations() -> Vec<Operation> {
    let contract = code_contract();
    let mut all = Vec::new();
    for (path, item) in contract["paths"].as_object().unwrap() {
        for (method, spec) in item.as_object().unwrap().iter().filter(|(method, _)| METHODS.contains(&method.as_str()))
        {
            let key = format!("{} {path}", method.to_uppercase());
            let id = spec["operationId"].as_str().unwrap_or_default().to_owned();
            all.push(Operation { key, method: method.clone(), id, spec: spec.clone() });
        }
    }
    assert!(!all.is_empty());
    all
}

#[test]
fn e02_the_committed_contract_is_what_the_code_says() {
    let file = kith_local::project_root().unwrap().join("openapi.json");
    let committed = std::fs::read(&file).expect("openapi.json is not there: run `cargo kith openapi`");
    let committed: Value = serde_json::from_slice(&committed).unwrap();
    // The whole of two such documents says nothing; the first difference does.
    let (path, difference) = first_difference("", &committed, &code_contract()).unwrap_or_default();
    assert!(difference.is_empty(), "openapi.json at {path}: {difference}; run `cargo kith openapi`");
}

/// Where two documents differ first, and how.
fn first_difference(path: &str, committed: &Value, code: &Value) -> Option<(String, String)> {
    match (committed, code) {
        (Value::Object(left), Value::Object(right)) => {
            let names = left.keys().chain(right.keys());
            let of = |map: &serde_json::Map<String, Value>, name: &str| map.get(name).cloned().unwrap_or(Value::Null);
            names
                .into_iter()
                .find_map(|name| first_difference(&format!("{path}/{name}"), &of(left, name), &of(right, name)))
        }
        _ if committed == code => None,
        _ => Some((path.to_owned(), format!("{committed} is committed, the code says {code}"))),
    }
}

#[test]
fn e02_the_contract_is_openapi_3_1_with_the_bearer_scheme() {
    let contract = code_contract();
    assert!(contract["openapi"].as_str().unwrap().starts_with("3.1."), "{}", contract["openapi"]);
    assert_eq!(contract["info"]["title"], "Kith");
    assert_eq!(contract["info"]["version"], env!("CARGO_PKG_VERSION"));
    let schemes = &contract["components"]["securitySchemes"];
    assert_eq!(schemes["bearer"]["type"], "http");
    assert_eq!(schemes["bearer"]["scheme"], "bearer");
}

#[test]
fn e02_every_route_of_the_template_is_in_the_contract_and_the_other_way_round() {
    let template = kith_local::project_template().unwrap();
    // Whatever anybody may get, anybody may ask the head of; the contract says so once for all.
    let is_head = |key: &str| key.starts_with("HEAD ");
    let routed: Vec<&str> = template
        .routes
        .iter()
        .map(|route| route.key.as_str())
        .filter(|key| *key != "$default" && !is_head(key))
        .collect();
    let operations = operations();
    let missing: Vec<&&str> =
        routed.iter().filter(|key| !operations.iter().any(|operation| operation.key == **key)).collect();
    assert!(missing.is_empty(), "in the template and not in the contract: {missing:?}");
    for operation in &operations {
        assert!(
            routed.contains(&operation.key.as_str()),
            "{} is in the contract and not in the template",
            operation.key
        );
    }
}

#[test]
fn nothing_in_the_contract_refers_to_what_is_not_there() {
    let contract = code_contract();
    let mut references = Vec::new();
    collect_references(&contract, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} is outside the document"));
        assert!(contract.pointer(pointer).is_some(), "{reference} is not there");
    }
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|value| collect_references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        _ => {}
    }
}

//! What the contract says about bodies.

use serde_json::Value;

use crate::{Operation, code_contract, operations};

/// Schemas of times that need not be moments.
const PEOPLES_TIMES: [&str; 2] = ["schemas/PartialDate", "schemas/Moment"];

/// A schema with references followed.
fn resolved<'a>(contract: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => resolved(contract, contract.pointer(reference.trim_start_matches('#')).unwrap()),
        None => schema,
    }
}

/// Whether `schema` takes a value of `kind`.
fn takes(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|own| own == kind))
}

/// Every schema within `schema`, with where it is.
fn within<'a>(contract: &'a Value, path: &str, schema: &'a Value, found: &mut Vec<(String, &'a Value)>) {
    let schema = resolved(contract, schema);
    found.push((path.to_owned(), schema));
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        within(contract, &format!("{path}/{name}"), property, found);
    }
    if schema["items"].is_object() {
        within(contract, &format!("{path}/-"), &schema["items"], found);
    }
    for group in ["oneOf", "anyOf", "allOf"] {
        for part in schema[group].as_array().into_iter().flatten() {
            within(contract, path, part, found);
        }
    }
}

/// Every schema of every request body, with operation and path.
fn of_requests(contract: &Value, check: impl Fn(&str, &Value)) {
    for Operation { key, spec, .. } in operations() {
        for (kind, body) in spec["requestBody"]["content"].as_object().into_iter().flatten() {
            let mut found = Vec::new();
            within(contract, "", &body["schema"], &mut found);
            assert!(!found.is_empty(), "{key}");
            for (path, schema) in found {
                check(&format!("{key} {kind} {path}"), schema);
            }
        }
    }
}

#[test]
fn x08_every_text_that_a_client_sends_is_bounded() {
    let contract = code_contract();
    of_requests(&contract, |place, schema| {
        if takes(schema, "string") {
            let is_bounded = schema["maxLength"].is_u64() || schema["enum"].is_array() || schema["pattern"].is_string();
            assert!(is_bounded, "{place} has no maxLength: {schema}");
        }
    });
}

#[test]
fn e11_every_object_that_a_client_sends_refuses_unknown_fields() {
    let contract = code_contract();
    of_requests(&contract, |place, schema| {
        // What a form has beyond its fields is the browser's or an extension's, and is passed over.
        if place.contains(" application/json ") && takes(schema, "object") {
            assert_eq!(schema["additionalProperties"], false, "{place}");
        }
    });
}

#[test]
fn names_of_fields_are_snake_case_and_times_say_that_they_are() {
    let contract = code_contract();
    let is_snake = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    for (name, schema) in contract["components"]["schemas"].as_object().unwrap() {
        // Its field names are those of RFC 9728's relatives: JWK Sets have their own.
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            assert!(is_snake(field), "{name}/{field}");
            let is_time = field.ends_with("_at") || field == "at";
            // What people write as exactly as they know, or by the clock on their wall.
            let is_by_people =
                field == "local_at" || PEOPLES_TIMES.iter().any(|kind| property.to_string().contains(kind));
            let is_of_ours = property.to_string().contains("\"#/components/schemas/Time\"");
            assert!(!is_time || is_by_people || is_of_ours, "{name}/{field}: {property}");
        }
    }
    assert_eq!(contract["components"]["schemas"]["Time"]["format"], "date-time");
}

#[test]
fn c01_no_answer_has_a_field_for_a_password_or_a_hash() {
    let contract = code_contract();
    for Operation { key, spec, .. } in operations() {
        for response in spec["responses"].as_object().unwrap().values() {
            for body in response["content"].as_object().into_iter().flatten().map(|(_, body)| body) {
                let mut found = Vec::new();
                within(&contract, "", &body["schema"], &mut found);
                for (path, _) in found {
                    assert!(!path.contains("password") && !path.contains("hash"), "{key} answers {path}");
                }
            }
        }
    }
}

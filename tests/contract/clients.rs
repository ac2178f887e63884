//! What generated clients need of the contract.

use serde_json::{Value, json};

use crate::{Operation, code_contract, operations};

fn schema<'a>(contract: &'a Value, name: &str) -> &'a Value {
    let schema = &contract["components"]["schemas"][name];
    assert!(!schema.is_null(), "no schema {name}");
    schema
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn h23_pictures_are_bytes() {
    let mut seen = 0;
    for Operation { key, spec, .. } in operations() {
        let answers = spec["responses"].as_object().into_iter().flatten().map(|(_, answer)| answer);
        for content in answers.chain([&spec["requestBody"]]).filter_map(|body| body["content"].as_object()) {
            for (kind, body) in content.iter().filter(|(kind, _)| kind.starts_with("image/") || kind.contains("octet"))
            {
                assert_eq!(body["schema"]["format"], "binary", "{key} {kind}: {body}");
                seen += 1;
            }
            if let Some(form) = content.get("multipart/form-data") {
                let properties = form["schema"]["properties"].as_object().unwrap();
                assert!(properties.len() == 1 && properties.values().all(|part| part["format"] == "binary"), "{key}");
            }
        }
    }
    assert!(seen >= 13, "{seen}");
}

#[test]
fn h23_what_only_some_may_see_may_be_left_out_and_all_else_is_always_there() {
    let contract = code_contract();
    let user = schema(&contract, "UserView");
    assert!(user["allOf"].is_null() && user["properties"]["email"].is_object(), "{user}");
    let required = names(&user["required"]);
    assert!(required.contains(&"bio") && !required.contains(&"email") && !required.contains(&"banned_at"), "{user}");
    for (name, fields) in
        [("ContactView", ["company", "photo", "follow_up"]), ("Me", ["location", "last_login", "bio"])]
    {
        let view = schema(&contract, name);
        let is_always_there = |field: &&str| names(&view["required"]).contains(field);
        assert!(fields.iter().filter(|field| !view["properties"][**field].is_null()).all(is_always_there), "{view}");
    }
    let page = schema(&contract, "Page_ContactView");
    assert_eq!(page["required"], json!(["items", "next_cursor"]));
    assert_eq!(page["properties"]["items"]["items"]["$ref"], "#/components/schemas/ContactView");
}

#[test]
fn h23_an_event_is_one_of_several_told_by_its_action() {
    let contract = code_contract();
    let event = schema(&contract, "AuditView");
    assert_eq!(event["discriminator"]["propertyName"], "action");
    for (action, reference) in event["discriminator"]["mapping"].as_object().unwrap() {
        let variant = contract.pointer(reference.as_str().unwrap().trim_start_matches('#')).unwrap();
        assert_eq!(variant["properties"]["action"]["enum"], json!([action]));
        for field in ["id", "at", "actor_id", "user_id", "action"] {
            assert!(names(&variant["required"]).contains(&field), "{action}: {variant}");
        }
    }
    assert_eq!(event["oneOf"].as_array().unwrap().len(), event["discriminator"]["mapping"].as_object().unwrap().len());
}

#[test]
fn h23_what_any_operation_may_answer_is_declared_with_its_headers() {
    let contract = code_contract();
    let response = |name: &str| contract["components"]["responses"][name].clone();
    assert!(response("Unauthorized")["headers"]["WWW-Authenticate"].is_object());
    assert!(response("TooMany")["headers"]["Retry-After"].is_object());
    for name in ["TooMany", "Busy", "TooLarge"] {
        let content = response(name)["content"].clone();
        assert!(content["application/problem+json"].is_object() && content["application/json"].is_object(), "{name}");
    }
    for Operation { key, method, spec, .. } in operations() {
        let has = |status: &str| spec["responses"].get(status).is_some();
        assert!(has("429") && has("503") && has("504"), "{key}");
        let asks_who = spec["security"].as_array().unwrap().iter().any(|one| one["bearer"].is_array());
        assert_eq!(has("401"), asks_who || key == "POST /notes/new", "{key}");
        assert!(has("413") || spec["requestBody"].is_null(), "{key}");
        let parameters = spec["parameters"].as_array().cloned().unwrap_or_default();
        let takes = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
        if method == "get" && spec["responses"]["200"]["headers"]["ETag"].is_object() {
            assert!(has("304") && takes("If-None-Match"), "{key}");
        }
        assert_eq!(takes("cursor"), spec["responses"]["200"]["headers"]["Link"].is_object(), "{key}");
    }
}

#[test]
fn h23_requests_are_named_after_their_operations_and_demand_nothing_that_has_a_default() {
    let contract = code_contract();
    for name in ["LogInRequest", "DeleteMeRequest", "OpenNoteRequest", "RequestPasswordResetRequest", "SealNoteRequest"]
    {
        let properties = schema(&contract, name)["properties"].as_object().unwrap();
        assert!(properties.values().all(|property| property["default"].is_null()), "{name}");
    }
    for old in ["Farewell", "Forgotten", "Acceptance", "Address", "Attempt", "Reset"] {
        assert!(contract["components"]["schemas"][old].is_null(), "{old} says nothing to a client");
    }
    for Operation { key, spec, .. } in operations() {
        for parameter in spec["parameters"].as_array().into_iter().flatten() {
            assert!(!parameter["schema"]["type"].is_array(), "{key}: {parameter}");
        }
    }
}

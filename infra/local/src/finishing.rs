//! What the derived contract lacks for those who generate clients from it: what holds for every operation is said of
//! each, and schemas have the forms that generators read alike.

#![expect(
    clippy::indexing_slicing,
    reason = "of JSON: what is not there reads as null, and our own contract is an object throughout"
)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

const SCHEMAS: &str = "#/components/schemas/";
/// Statuses with which any operation may be refused, and the component that describes each.
const BY_THE_GATEWAY_TOO: [(&str, &str); 3] = [("429", "TooMany"), ("503", "Busy"), ("504", "TooLate")];

/// Finishes a document.
pub(crate) fn finish(document: &mut Value) {
    each_operation(document, binary_bodies);
    each_operation(document, plain_parameters);
    each_operation(document, answers_of_all);
    add_components(document);
    pages_name_their_items(document);
    merge_what_is_flattened(document);
    let sent = sent_by_clients(document);
    require_what_is_always_there(document, &sent);
    drop_defaults(document, &sent);
    name_requests(document);
}

fn each_operation(document: &mut Value, change: impl Fn(&mut Map<String, Value>)) {
    let items = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in items.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        if let Some(operation) = operation.as_object_mut() {
            change(operation);
        }
    }
}

/// Pictures are bytes, not lists of numbers; in a form they are its only part.
fn binary_bodies(operation: &mut Map<String, Value>) {
    // The picture itself may have 4 MiB.
    let bytes = json!({"type": "string", "format": "binary", "maxLength": 4 * 1024 * 1024});
    let form = json!({"type": "object", "properties": {"photo": bytes}, "required": ["photo"]});
    let mut body = operation.get_mut("requestBody").and_then(|body| body.get_mut("content")).map(Value::take);
    let answers = operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut);
    let mut contents: Vec<&mut Value> = answers.filter_map(|answer| answer.get_mut("content")).collect();
    contents.extend(body.as_mut());
    for (kind, content) in contents.into_iter().filter_map(Value::as_object_mut).flatten() {
        match kind.as_str() {
            "multipart/form-data" => content["schema"] = form.clone(),
            kind if kind.starts_with("image/") || kind == "application/octet-stream" => {
                content["schema"] = bytes.clone();
            }
            _ => {}
        }
    }
    if let (Some(body), Some(place)) = (body, operation.get_mut("requestBody")) {
        place["content"] = body;
    }
}

/// A parameter that may be left out is left out, not null.
fn plain_parameters(operation: &mut Map<String, Value>) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let kinds = parameter["schema"]["type"].as_array().cloned().unwrap_or_default();
        if let [kind] = kinds.iter().filter(|kind| *kind != "null").collect::<Vec<_>>().as_slice() {
            parameter["schema"]["type"] = (*kind).clone();
        }
    }
}

/// Answers that follow from what an operation is, beside those that it names.
fn answers_of_all(operation: &mut Map<String, Value>) {
    let alternatives = operation.get("security").and_then(Value::as_array).cloned().unwrap_or_default();
    let asks_who = alternatives.iter().any(|alternative| alternative.get("bearer").is_some());
    if !asks_who {
        operation.insert("security".to_owned(), json!([]));
    }
    let takes_body = operation.contains_key("requestBody");
    let is_list = has_parameter(operation, "cursor");
    let answers = operation.entry("responses").or_insert_with(|| json!({}));
    let is_page =
        answers["200"]["content"].get("text/html").is_some() || answers["201"]["content"].get("text/html").is_some();
    let has_tag = answers["200"]["headers"].get("ETag").is_some();
    if is_list {
        let link =
            json!({"description": "The next page (rel=\"next\"), if there is one", "schema": {"type": "string"}});
        answers["200"]["headers"]["Link"] = link;
    }
    if is_page {
        answers["default"]["content"]["text/html"] = json!({"schema": {"type": "string"}});
    }
    let Some(answers) = answers.as_object_mut() else { return };
    let mut add = |status: &str, component: &str| {
        let reference = json!({"$ref": format!("#/components/responses/{component}")});
        answers.entry(status).or_insert(reference);
    };
    for (status, component) in BY_THE_GATEWAY_TOO {
        add(status, component);
    }
    if asks_who {
        add("401", "Unauthorized");
    }
    if takes_body {
        add("413", "TooLarge");
    }
    // Only reads have a tag and no body.
    if has_tag && !takes_body {
        let tag = json!({"description": "Its tag", "schema": {"type": "string"}});
        let same = json!({"description": "It is still the one of If-None-Match", "headers": {"ETag": tag}});
        answers.entry("304").or_insert(same);
        let parameter = json!({
            "name": "If-None-Match", "in": "header", "required": false, "schema": {"type": "string", "maxLength": 1024},
            "description": "The `ETag` of what you have, or several of them: 304 where it is still the same.",
        });
        if let Some(parameters) = operation.entry("parameters").or_insert_with(|| json!([])).as_array_mut() {
            parameters.push(parameter);
        }
    }
}

fn has_parameter(operation: &Map<String, Value>, name: &str) -> bool {
    let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    parameters.into_iter().any(|parameter| parameter["name"] == name)
}

fn add_components(document: &mut Value) {
    let text = |description: &str| json!({"description": description, "schema": {"type": "string"}});
    let number = |description: &str| json!({"description": description, "schema": {"type": "integer"}});
    let problem = json!({"schema": {"$ref": format!("{SCHEMAS}Problem")}});
    let message = json!({"schema": {"$ref": format!("{SCHEMAS}GatewayMessage")}});
    let either = json!({"application/problem+json": problem, "application/json": message});
    let wait = number("Seconds to wait");
    let components = &mut document["components"];
    components["schemas"]["GatewayMessage"] = json!({
        "type": "object", "description": "What the gateway answers where no function ran, or none in time.",
        // Not required: generated clients read the problem of the same status with this schema, too.
        "properties": {"message": {"type": "string"}},
    });
    components["responses"] = json!({
        "Unauthorized": {
            "description": "No access token, or one that is not good (any more)",
            "headers": {"WWW-Authenticate": text("What to send")},
            "content": {"application/problem+json": problem},
        },
        "TooLarge": {"description": "The body is too large", "content": either},
        "TooMany": {
            "description": "Too many requests of this kind",
            "headers": {
                "Retry-After": wait, "RateLimit": text("What is left of the limits that this counts in"),
                "RateLimit-Policy": text("These limits"),
            },
            "content": either,
        },
        "Busy": {"description": "Too much is going on: try again in a moment", "headers": {"Retry-After": wait}, "content": either},
        "TooLate": {"description": "It took too long", "content": {"application/json": message}},
    });
}

fn schemas(document: &mut Value) -> Option<&mut Map<String, Value>> {
    document["components"]["schemas"].as_object_mut()
}

/// A page names the schema of its items instead of repeating it.
fn pages_name_their_items(document: &mut Value) {
    let Some(schemas) = schemas(document) else { return };
    let known: BTreeSet<String> = schemas.keys().cloned().collect();
    for (name, page) in schemas.iter_mut() {
        if let Some(item) = name.strip_prefix("Page_").filter(|item| known.contains(*item)) {
            page["properties"]["items"]["items"] = json!({"$ref": format!("{SCHEMAS}{item}")});
        }
    }
}

/// An object that has another one's fields, too, is one object: with the other's fields where they are always there or
/// never, and as one of several where they depend on a field that tells which.
fn merge_what_is_flattened(document: &mut Value) {
    let Some(schemas) = schemas(document) else { return };
    for name in schemas.keys().cloned().collect::<Vec<_>>() {
        let Some([other, own]) = schemas[&name]["allOf"].as_array().map(Vec::as_slice) else { continue };
        let (own, other) = (own.clone(), resolved(schemas, other));
        let description = schemas[&name]["description"].clone();
        let choices = other["oneOf"].as_array().cloned().unwrap_or_default();
        let there: Vec<Value> = choices.iter().filter(|choice| choice["type"] != "null").cloned().collect();
        if let ([only], true) = (there.as_slice(), there.len() < choices.len()) {
            let mut merged = own;
            extend(&mut merged["properties"], &resolved(schemas, only)["properties"]);
            merged["description"] = description;
            schemas.insert(name, merged);
        } else {
            let mut mapping = Map::new();
            for choice in &there {
                let Some(action) = choice["properties"]["action"]["enum"][0].as_str() else { continue };
                let variant = format!("{}Event", pascal_case(action, '_'));
                let mut merged = own.clone();
                extend(&mut merged["properties"], &choice["properties"]);
                let required = merged["required"].as_array_mut().into_iter();
                required
                    .for_each(|required| required.extend(choice["required"].as_array().cloned().unwrap_or_default()));
                merged["description"] = choice["description"].clone();
                schemas.insert(variant.clone(), merged);
                mapping.insert(action.to_owned(), format!("{SCHEMAS}{variant}").into());
            }
            let one_of: Vec<Value> = mapping.values().map(|reference| json!({"$ref": reference})).collect();
            let discriminator = json!({"propertyName": "action", "mapping": mapping});
            schemas.insert(name, json!({"description": description, "oneOf": one_of, "discriminator": discriminator}));
        }
    }
    let used = references(document);
    if let Some(schemas) = self::schemas(document) {
        // What only was a part of something has gone into it.
        schemas.retain(|name, _| used.contains(name) || !["Act", "PrivateView"].contains(&name.as_str()));
    }
}

fn extend(properties: &mut Value, others: &Value) {
    if let (Some(properties), Some(others)) = (properties.as_object_mut(), others.as_object()) {
        properties.extend(others.clone());
    }
}

fn resolved(schemas: &Map<String, Value>, schema: &Value) -> Value {
    let name = schema["$ref"].as_str().and_then(|name| name.strip_prefix(SCHEMAS));
    name.and_then(|name| schemas.get(name)).unwrap_or(schema).clone()
}

/// Names of all schemas that something names.
fn references(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        if let Some(name) = value["$ref"].as_str().and_then(|name| name.strip_prefix(SCHEMAS)) {
            found.insert(name.to_owned());
        }
        left.extend(value.as_object().into_iter().flat_map(Map::values));
        left.extend(value.as_array().into_iter().flatten());
    }
    found
}

/// Names of all schemas that are part of a request.
fn sent_by_clients(document: &mut Value) -> BTreeSet<String> {
    let mut left: Vec<String> = Vec::new();
    let items = document["paths"].as_object().into_iter().flat_map(Map::values);
    for operation in items.filter_map(Value::as_object).flat_map(Map::values) {
        left.extend(references(&operation["requestBody"]));
    }
    let mut sent = BTreeSet::new();
    while let Some(name) = left.pop() {
        let schema = &document["components"]["schemas"][&name];
        if sent.insert(name) {
            left.extend(references(schema));
        }
    }
    sent
}

/// What an answer has is always there, if as null; what only some may see is not null where it is there.
fn require_what_is_always_there(document: &mut Value, sent: &BTreeSet<String>) {
    let Some(schemas) = schemas(document) else { return };
    for (_, schema) in schemas.iter_mut().filter(|(name, _)| !sent.contains(*name) && *name != "UserView") {
        let properties = schema["properties"].as_object().into_iter().flatten();
        let nullable: Vec<Value> =
            properties.filter(|(_, property)| may_be_null(property)).map(|(name, _)| name.clone().into()).collect();
        if nullable.is_empty() {
            continue;
        }
        let known = schema["required"].as_array().cloned().unwrap_or_default();
        let missing = nullable.into_iter().filter(|name| !known.contains(name)).collect::<Vec<_>>();
        schema["required"] = known.into_iter().chain(missing).collect();
    }
    let own = ["name", "first_name", "last_name", "bio"];
    if let Some(required) = schemas.get_mut("UserView").and_then(|view| view["required"].as_array_mut()) {
        required.extend(own.map(Value::from));
    }
}

fn may_be_null(property: &Value) -> bool {
    let is_null = |kind: &Value| *kind == "null";
    property["type"].as_array().is_some_and(|kinds| kinds.iter().any(is_null))
        || property["oneOf"].as_array().is_some_and(|choices| choices.iter().any(|choice| is_null(&choice["type"])))
}

/// What may be left out has no default in the schema: generators demand what has one. The words beside it say it.
fn drop_defaults(document: &mut Value, sent: &BTreeSet<String>) {
    let Some(schemas) = schemas(document) else { return };
    for (_, schema) in schemas.iter_mut().filter(|(name, _)| sent.contains(*name)) {
        // By `get_mut`: an index would make what is not there.
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for property in properties.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
            property.remove("default");
        }
    }
}

/// A body that one operation alone takes is named after it.
fn name_requests(document: &mut Value) {
    let mut takers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let items = document["paths"].as_object().into_iter().flat_map(Map::values);
    for operation in items.filter_map(Value::as_object).flat_map(Map::values) {
        let content = operation["requestBody"]["content"].as_object().into_iter().flat_map(Map::values);
        let names: BTreeSet<String> = content.flat_map(|body| references(&body["schema"])).collect();
        for name in names {
            takers.entry(name).or_default().push(operation["operationId"].as_str().unwrap_or_default().to_owned());
        }
    }
    for (name, takers) in takers {
        let [taker] = takers.as_slice() else { continue };
        let (old, new) = (format!("{SCHEMAS}{name}"), format!("{}Request", pascal_case(taker, '-')));
        rename(document, &old, &format!("{SCHEMAS}{new}"));
        if let Some(schemas) = schemas(document)
            && let Some(schema) = schemas.remove(&name)
        {
            schemas.insert(new, schema);
        }
    }
}

fn rename(value: &mut Value, old: &str, new: &str) {
    match value {
        Value::Object(fields) => {
            if fields.get("$ref").is_some_and(|reference| reference == old) {
                fields.insert("$ref".to_owned(), new.into());
            }
            fields.values_mut().for_each(|value| rename(value, old, new));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, old, new)),
        _ => {}
    }
}

fn pascal_case(name: &str, between: char) -> String {
    let capitalised = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    name.split(between).map(capitalised).collect()
}

//! What stands in a path is decoded once.

use std::fmt::Write as _;

use kith_tests::{Actor, Kith};
use serde_json::{Value, json};

/// Every byte as `%XX`.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        write!(encoded, "%{byte:02x}").unwrap();
    }
    encoded
}

/// Encoded once more.
fn twice(text: &str) -> String {
    encoded(text).replace('%', "%25")
}

/// Operations with a parameter in their path: method and path, as the contract has them.
async fn operations(kith: &Kith) -> Vec<(String, String)> {
    let contract = kith.visitor().get("/openapi.json").await.json();
    let paths = contract["paths"].as_object().unwrap().iter().filter(|(path, _)| path.contains('{'));
    let methods = ["get", "put", "post", "patch", "delete"];
    paths
        .flat_map(|(path, item)| {
            let there = methods.into_iter().filter(|method| item.get(method).is_some());
            there.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
        })
        .collect()
}

/// The path with `fill` of each parameter's value.
fn filled(path: &str, values: &Value, fill: impl Fn(&str) -> String) -> String {
    let mut path = path.to_owned();
    while let Some((before, rest)) = path.clone().split_once('{') {
        let (name, after) = rest.split_once('}').unwrap();
        let value = values[name].as_str().unwrap_or_else(|| panic!("give {name} a value in this test"));
        path = format!("{before}{}{after}", fill(value));
    }
    path
}

/// One of everything that a path can name.
async fn everything(owner: &Actor) -> Value {
    let card = json!({"first_name": "Zoe", "last_name": "Brand", "met_at": "2026-01"});
    let card = owner.post("/v1/contacts").json(card).await.assert_status(201).text_at("/id");
    let memory = owner.post(&format!("/v1/contacts/{card}/memories")).json(json!({"text": "Sourdough."})).await;
    let note = owner.seal(json!({"text": "The key.", "max_views": 5})).await;
    let sessions = owner.get("/v1/auth/sessions").await.assert_status(200).json();
    let photo = crate::photos::upload(owner, crate::photos::PROFILE, 30, 20).await;
    let address: Vec<&str> = photo["url"].as_str().unwrap().rsplit('/').collect();
    json!({
        "user_id": owner.id(),
        "username": owner.person.username,
        "session_id": sessions["items"][0]["id"],
        "contact_id": card,
        "memory_id": memory.assert_status(201).text_at("/id"),
        "note_id": note.text_at("/id"),
        "token": note.assert_status(201).text_at("/token"),
        "kind": "profile-photo",
        "file": "swagger-ui.css",
        "photo": address[3],
        "size": address[2],
        "day": address[1],
        "code": address[0],
    })
}

/// What reads nothing but what the path names, and so can be asked again.
fn is_harmless(method: &str) -> bool {
    method == "GET"
}

#[tokio::test]
async fn h21_a_parameter_in_a_path_is_decoded_once_on_every_route() {
    let kith = Kith::shared().await;
    let owner = kith.registered("paths").await;
    let values = everything(&owner).await;
    for (method, path) in operations(&kith).await {
        let again = owner.request(&method, &filled(&path, &values, twice)).await;
        assert!((400..500).contains(&again.status()), "decoded twice: {method} {path}: {again}");
        if is_harmless(&method) {
            let plain = owner.get(&filled(&path, &values, str::to_owned)).await;
            let once = owner.get(&filled(&path, &values, encoded)).await;
            assert_eq!(once.status(), plain.status(), "not decoded: {path}: {once}");
        }
    }
}

#[tokio::test]
async fn h21_percent_slash_plus_and_question_mark_name_nothing_on_any_route() {
    let kith = Kith::shared().await;
    let owner = kith.registered("paths").await;
    let values = everything(&owner).await;
    for (method, path) in operations(&kith).await {
        for odd in ["%25", "%2F", "+", "%2B", "%3Fa=b", "%23", "%00", "%FF", "%252F", "%253F", "%5C", "%25%32%35"] {
            let before = owner.request(&method, &filled(&path, &values, |value| format!("{odd}{value}"))).await;
            assert!((400..500).contains(&before.status()), "{method} {path} with {odd}: {before}");
            if odd != "%3Fa=b" {
                let after = owner.request(&method, &filled(&path, &values, |value| format!("{value}{odd}"))).await;
                assert!((400..500).contains(&after.status()), "{method} {path} with {odd}: {after}");
            }
        }
    }
    // Nothing of it was lost.
    owner.get(&filled("/v1/contacts/{contact_id}", &values, str::to_owned)).await.assert_status(200);
}

#[tokio::test]
async fn h21_a_username_is_found_in_any_spelling_that_is_decoded_once_and_no_other() {
    let kith = Kith::shared().await;
    let ada = kith.registered("fieldtwo").await;
    let name = &ada.person.username;
    let first = format!("%{:02x}{}", name.as_bytes()[0], &name[1..]);
    for (spelling, status) in [
        (name.clone(), 200),
        (first.clone(), 200),
        (encoded(name), 200),
        (first.replace('%', "%25"), 404),
        (twice(name), 404),
        (format!("{name}%2F"), 404),
        (format!("{name}%20"), 404),
    ] {
        let answer = ada.get(&format!("/v1/users/by-username/{spelling}")).await;
        assert_eq!(answer.status(), status, "{spelling}: {answer}");
    }
}

#[tokio::test]
async fn h21_the_path_ends_at_an_encoded_question_mark_and_the_query_stays_as_it_was_sent() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("paths").await;
    // As API Gateway hands it on; what follows is no query.
    ada.get(&format!("/v1/users/by-username/{}%3Fa=b", ada.person.username)).await.assert_status(200);
    let audit = ada.get("/v1/me/audit%3Flimit=nonsense").await;
    audit.assert_status(200);
    // Decoded once, by the function: what was typed with a percent sign is looked for with one.
    let card = json!({"first_name": "Zoe", "last_name": "Brand", "met_at": "2026-01", "place": "Bar 100%25"});
    ada.post("/v1/contacts").json(card).await.assert_status(201);
    let found = async |query: &str| {
        let list = ada.get(&format!("/v1/contacts?{query}")).await;
        list.assert_status(200).json()["items"].as_array().unwrap().len()
    };
    assert_eq!(found("place=bar+100%2525").await, 1);
    assert_eq!(found("place=bar%20100%252525").await, 0);
}

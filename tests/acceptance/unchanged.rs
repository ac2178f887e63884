//! What changes nothing: no revision moves, nothing is written, nobody is told.

use kith_tests::{Actor, Answer, Kith};
use serde_json::{Value, json};

/// Sends a change that changes nothing to what is at `path`, and sees that nothing has changed.
async fn assert_nothing_changes(kith: &Kith, actor: &Actor, path: &str, method: &str, change: &Value) -> Answer {
    let before = actor.get(path).await;
    before.assert_status(200);
    let answer = actor.request(method, path).json(change).await;
    answer.assert_status(200);
    let after = actor.get(path).await;
    assert_eq!(after.header("etag"), before.header("etag"), "{change} to {path}");
    assert_eq!(after.json(), before.json(), "{change} to {path}");
    assert_eq!(answer.json()["updated_at"], before.json()["updated_at"], "{change} to {path}");
    // Counting what a limit counts is no change.
    let record = kith.record_of(&answer).await;
    let wrote = record.calls.iter().filter(|call| call.write_units > 0.0 && call.key_prefixes != ["rate#"]);
    assert_eq!(wrote.count(), 0, "{change} to {path}: {:?}", record.calls);
    answer
}

#[tokio::test]
async fn h22_a_card_and_a_memory_stay_as_they_are() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let card = json!({
        "first_name": "Zoë", "last_name": "B", "email": "zoe@example.org", "company": "Boats", "position": "Head",
        "social_media": "@zoe", "phone": "+46 1", "event": "Days", "place": "Harbour", "met_at": "2026-09",
        "spark": "Draws", "tags": ["boats", "sails"], "introduced_by": {"name": "Eve"},
    });
    let path = ada.post("/v1/contacts").json(&card).await.header("location").unwrap().to_owned();
    assert_nothing_changes(&kith, &ada, &path, "PATCH", &json!({})).await;
    assert_nothing_changes(&kith, &ada, &path, "PATCH", &card).await;
    // The same letters, composed otherwise.
    assert_nothing_changes(&kith, &ada, &path, "PATCH", &json!({"first_name": " Zoe\u{308} "})).await;
    for (name, value) in card.as_object().unwrap() {
        assert_nothing_changes(&kith, &ada, &path, "PATCH", &json!({name: value})).await;
    }
    let tag = ada.get(&path).await.header("etag").unwrap().to_owned();
    ada.patch(&path).header("if-match", &tag).json(json!({})).await.assert_status(200);
    ada.patch(&path).header("if-match", "\"9-x\"").json(json!({})).await.assert_problem(412, "stale");
    ada.patch(&path).json(json!({"phone": null})).await.assert_status(200);
    assert_ne!(ada.get(&path).await.header("etag").unwrap(), tag);
    assert_nothing_changes(&kith, &ada, &path, "PATCH", &json!({"phone": null})).await;

    let memory = json!({"text": "Takes no sugar", "happened_at": "2026-09-21"});
    let memory_path = ada.post(&format!("{path}/memories")).json(&memory).await.header("location").unwrap().to_owned();
    for change in [json!({}), memory, json!({"text": "Takes no sugar"}), json!({"happened_at": "2026-09-21"})] {
        assert_nothing_changes(&kith, &ada, &memory_path, "PATCH", &change).await;
    }

    let plan = json!({"at": "2999-12-01T15:00", "what": "Tea", "place": "Harbour"});
    let plan_path = format!("{path}/follow-up");
    ada.put(&plan_path).json(&plan).await.assert_status(200);
    let tag = ada.get(&path).await.header("etag").unwrap().to_owned();
    ada.put(&plan_path).json(&plan).await.assert_status(200);
    assert_eq!(ada.get(&path).await.header("etag").unwrap(), tag);
}

#[tokio::test]
async fn h22_an_account_and_its_wishes_stay_as_they_are() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let profile = json!({
        "bio": "Counts", "location": {"city": "London", "state": "Greater London", "country": "UK"}, "first_name": "Ada",
        "last_name": "Lovelace",
    });
    ada.patch("/v1/me").json(&profile).await.assert_status(200);
    let mails = ada.mails().await.len();
    for change in [json!({}), profile, json!({"username": ada.person.username})] {
        assert_nothing_changes(&kith, &ada, "/v1/me", "PATCH", &change).await;
    }
    // One's own address, as it is and in other capitals, changes nothing, and so needs no password.
    let capitals = ada.person.email.to_uppercase();
    for email in [&ada.person.email, &capitals] {
        assert_nothing_changes(&kith, &ada, "/v1/me", "PATCH", &json!({"email": email})).await;
    }
    let wishes = ada.get("/v1/me/preferences").await.json();
    for change in [json!({}), wishes] {
        assert_nothing_changes(&kith, &ada, "/v1/me/preferences", "PATCH", &change).await;
    }
    assert_eq!(ada.mails().await.len(), mails);
}

#[tokio::test]
async fn h22_an_admin_who_changes_nothing_leaves_no_trace() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, root) = (kith.registered("ada").await, kith.admin("root").await);
    let path = format!("/v1/users/{}", ada.id());
    let mails = ada.mails().await.len();
    let events = async || ada.get("/v1/me/audit").await.json()["items"].as_array().unwrap().len();
    let before = events().await;
    let same = json!({
        "email": ada.person.email, "username": ada.person.username, "first_name": ada.person.first_name,
        "last_name": ada.person.last_name, "active": true,
    });
    for change in [json!({}), same, json!({"email": ada.person.email.to_uppercase()})] {
        assert_nothing_changes(&kith, &root, &path, "PATCH", &change).await;
    }
    let role = root.get(&format!("{path}/role")).await.json();
    assert_nothing_changes(&kith, &root, &format!("{path}/role"), "PUT", &json!({"role": role["role"]})).await;
    let permissions = json!({"permissions": role["permissions"]});
    let answer = root.put(&format!("{path}/permissions")).json(permissions).await;
    answer.assert_status(200);
    assert_eq!(events().await, before);
    assert_eq!(ada.mails().await.len(), mails);
}

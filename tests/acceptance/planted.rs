//! What somebody plants in the table who has one function's rights, and no more, does nothing.

use kith_tests::{Actor, Kith};
use serde_json::{Value, json};

/// Puts an item into the table of a runner of our own.
fn plant(kith: &Kith, item: &Value) {
    let runner = kith.runner();
    let request = json!({"TableName": runner.template().table.name, "Item": item});
    runner.aws().database().unwrap().put_item(serde_json::from_value(request).unwrap()).unwrap();
}

/// A task as the function that does it finds it.
fn task(worker: &str, work: &Value) -> Value {
    let id = "tsk_01a318c1400074aab4a3b5b6a7a8b9c2";
    let text = |text: &str| json!({"S": text});
    let fields = work.as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value.as_str().unwrap())));
    json!({
        "pk": text(&format!("outbox-{worker}#{id}")), "sk": text("task"), "kind": text("task"), "v": {"N": "1"},
        "id": text(id), "work": {"M": fields.collect::<serde_json::Map<_, _>>()}, "created_at": {"N": "1800000000000"},
        "gsi1pk": text("outbox"), "gsi1sk": text("2027-01-15T08:00:00.000Z"),
    })
}

async fn card_with_a_memory(ada: &Actor) -> String {
    let card = ada.post("/v1/contacts").json(json!({"first_name": "Grace"})).await;
    let path = card.assert_status(201).header("location").unwrap().to_owned();
    ada.post(&format!("{path}/memories")).json(json!({"text": "Nanoseconds"})).await.assert_status(201);
    path
}

#[tokio::test]
async fn h13_a_planted_erasure_of_an_account_that_nobody_gave_up_does_nothing() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let ada = kith.registered("ada").await;
    let path = card_with_a_memory(&ada).await;
    let before = kith.table().await.len();
    plant(&kith, &task("erase-account", &json!({"do": "erase_account", "user": ada.id()})));
    kith.settle().await;
    assert_eq!(kith.table().await.len(), before, "nothing is gone, and the task is");
    ada.get("/v1/me").await.assert_status(200);
    ada.get(&path).await.assert_status(200);
    kith.shut_down().await;
}

#[tokio::test]
async fn h13_a_planted_clean_up_of_what_is_still_there_does_nothing() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let ada = kith.registered("ada").await;
    let path = card_with_a_memory(&ada).await;
    let contact = path.rsplit('/').next().unwrap();
    let picture = kith_tests::pictures::png(30, 30);
    for place in ["/v1/me/profile-photo", "/v1/me/cover-photo", &format!("{path}/photo")] {
        ada.put(place).body("image/png", picture.clone()).await.assert_status(200);
    }
    kith.settle().await;
    let objects = kith.objects("").await;
    assert_eq!(objects.len(), 6);
    let erase = json!({"do": "erase_contact", "user": ada.id(), "contact": contact});
    plant(&kith, &task("clean-up", &erase));
    kith.settle().await;
    for object in objects.iter().filter_map(|object| object.strip_suffix("/large")) {
        plant(&kith, &task("clean-up", &json!({"do": "remove_photo", "path": object})));
        kith.settle().await;
    }
    for path in ["", "users", "users/..", &format!("contacts/{}", ada.id())] {
        plant(&kith, &task("clean-up", &json!({"do": "remove_photo", "path": path})));
        kith.settle().await;
    }
    assert_eq!(kith.objects("").await, objects);
    assert_eq!(ada.get(&format!("{path}/memories")).await.json()["items"].as_array().unwrap().len(), 1);
    kith.shut_down().await;
}

#[tokio::test]
async fn h13_a_planted_registration_for_an_admins_address_opens_by_no_link_that_was_not_mailed_there() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    // What `register-account` may put, with whatever it likes in it: hashes of links are not looked for there.
    let thief = kith.pending("thief").await;
    let token = thief.newest_link_token().await;
    let (record, secret) = token.split_once('.').unwrap();
    let mut items = kith.items("pending#").await;
    let other = "usr_01a318c1400074aab4a3b5b6a7a8b9c0";
    let planted = items.remove(0);
    let text = |text: &str| json!({"S": text});
    let of = |name: &str| text(planted[name].as_str().unwrap());
    plant(
        &kith,
        &json!({
            "pk": text(&format!("pending#{other}")), "sk": text("pending"), "kind": text("registration"), "v": {"N": "1"},
            "id": text(other), "email": text("admin@example.org"), "username": text("planted"),
            "first_name": of("first_name"), "last_name": of("last_name"), "password_hash": of("password_hash"),
            "link_hashes": {"L": [text(secret)]},
            "created_at": {"N": planted["created_at"].to_string()}, "expires_at": {"N": planted["expires_at"].to_string()},
        }),
    );
    assert_ne!(record, other);
    thief.confirm(&format!("{other}.{secret}")).await.assert_problem(400, "dead-link");
    thief.confirm(&token).await.assert_status(204);
    kith.shut_down().await;
}

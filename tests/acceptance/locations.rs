//! Where something new is: every `Location` can be read.

use kith_tests::{Actor, Answer, Kith};
use serde_json::{Value, json};

/// Every operation that answers 201, from the contract.
async fn makers(kith: &Kith) -> Vec<String> {
    let contract = kith.visitor().get("/openapi.json").await.json();
    let items = contract["paths"].as_object().unwrap().values();
    let operations = items.flat_map(|item| item.as_object().unwrap().values());
    let makes = |operation: &&Value| operation["responses"].get("201").is_some();
    operations.filter(makes).map(|operation| operation["operationId"].as_str().unwrap().to_owned()).collect()
}

/// Does what an operation does, and says who may look at what came of it.
async fn make(kith: &Kith, operation: &str, ada: &Actor, root: &Actor) -> (Answer, Actor) {
    match operation {
        "create-contact" => (ada.post("/v1/contacts").json(json!({"first_name": "Grace"})).await, ada.clone()),
        "add-memory" => {
            let card = ada.post("/v1/contacts").json(json!({"first_name": "Grace"})).await;
            let memories = format!("{}/memories", card.header("location").unwrap());
            (ada.post(&memories).json(json!({"text": "Takes no sugar"})).await, ada.clone())
        }
        "create-user" => {
            let email = kith.newcomer("guest").person.email;
            (root.post("/v1/users").json(json!({"email": email})).await, root.clone())
        }
        "register-account" => {
            // Until it is confirmed a registration is shown to nobody.
            let newcomer = kith.newcomer("newcomer");
            let made = newcomer.register().await;
            newcomer.confirm(&newcomer.newest_link_token().await).await.assert_status(204);
            (made, newcomer.logged_in().await)
        }
        "seal-note" => (kith.visitor().seal(json!({"text": "a note"})).await, kith.visitor()),
        "submit-new-note-page" => {
            let visitor = kith.visitor();
            (visitor.post("/notes/new").form(&[("text", "a note")]).await, kith.visitor())
        }
        other => panic!("{other} makes something: add how, and who may look at it"),
    }
}

#[tokio::test]
async fn h10_every_location_can_be_read() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, root) = (kith.registered("ada").await, kith.admin("root").await);
    let makers = makers(&kith).await;
    assert!(makers.len() >= 6, "{makers:?}");
    for operation in makers {
        let (made, reader) = make(&kith, &operation, &ada, &root).await;
        let location = made.assert_status(201).header("location").unwrap_or_else(|| panic!("no location: {made}"));
        let found = reader.get(location).await;
        found.assert_status(200);
        if found.header("content-type") == Some("application/json") {
            assert_eq!(found.json()["id"], made.json()["id"], "{operation}");
        }
    }
}

#[tokio::test]
async fn h10_a_memory_is_shown_to_whoever_keeps_its_card_and_to_nobody_else() {
    let kith = Kith::shared().await;
    let (ada, eve) = (kith.registered("ada").await, kith.registered("eve").await);
    let card = ada.post("/v1/contacts").json(json!({"first_name": "Grace"})).await;
    let card = card.header("location").unwrap();
    let other = ada.post("/v1/contacts").json(json!({"first_name": "Other"})).await;
    let made = ada.post(&format!("{card}/memories")).json(json!({"text": "Takes no sugar"})).await;
    let path = made.header("location").unwrap();
    assert_eq!(ada.get(path).await.assert_status(200).json(), made.json());
    eve.get(path).await.assert_problem(404, "not-found");
    kith.visitor().get(path).await.assert_problem(401, "unauthorized");
    let id = made.text_at("/id");
    ada.get(&format!("{}/memories/{id}", other.header("location").unwrap())).await.assert_problem(404, "not-found");
    ada.get(&format!("{card}/memories/mem_01a318c1400074aab4a3b5b6a7a8b9c0")).await.assert_problem(404, "not-found");
    ada.delete(card).await.assert_status(204);
    ada.get(path).await.assert_problem(404, "not-found");
}

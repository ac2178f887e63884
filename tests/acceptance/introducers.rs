//! Who introduced whom, and cards of other people, of which one learns nothing.

use crate::cards::{PATH, add, found, full, list, path, show};
use kith_tests::{Answer, Kith};
use serde_json::{Value, json};

/// Everything of an answer that may depend on what was asked for.
fn told(answer: &Answer) -> (u16, Vec<(String, String)>, Value) {
    let volatile = ["apigw-requestid", "date"];
    let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let mut headers: Vec<_> = headers.filter(|(name, _)| !volatile.contains(&name.as_str())).collect();
    headers.sort();
    let mut body = answer.json();
    body["instance"].take();
    (answer.status(), headers, body)
}

#[tokio::test]
async fn a04_an_introducer_is_shown_by_the_name_on_the_card() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let grace = add(&ada, json!({"first_name": "Grace", "last_name": "Hopper", "company": "Navy"})).await;
    let acme = add(&ada, json!({"company": "Acme"})).await;
    let named = |id: &str, name: &str| json!({"contact_id": id, "name": name});
    let by = |introducer: Value| json!({"first_name": "Howard", "introduced_by": introducer});

    let howard = add(&ada, by(json!({"contact_id": grace}))).await;
    assert_eq!(show(&ada, &howard).await["introduced_by"], named(&grace, "Grace Hopper"));
    // What is sent as the name of a card is not believed.
    let changed = ada.patch(&path(&howard)).json(json!({"introduced_by": named(&acme, "Somebody Else")})).await;
    assert_eq!(changed.assert_status(200).json()["introduced_by"], named(&acme, "Acme"));
    let just_named = ada.patch(&path(&howard)).json(json!({"introduced_by": {"name": " Grace "}})).await;
    assert_eq!(just_named.assert_status(200).json()["introduced_by"], json!({"name": "Grace"}));
    let nobody = ada.patch(&path(&howard)).json(json!({"introduced_by": null})).await;
    assert_eq!(nobody.assert_status(200).json()["introduced_by"], Value::Null);
    // It is no text of the card's own: a search for it finds who it is.
    add(&ada, by(json!({"contact_id": grace}))).await;
    assert_eq!(found(&ada, &[("q", "hopper")]).await, [grace]);
}

#[tokio::test]
async fn a04_a_card_remembers_its_introducer_whose_card_has_been_deleted() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let grace = add(&ada, json!({"first_name": "Grace"})).await;
    let howard = add(&ada, json!({"first_name": "Howard", "introduced_by": {"contact_id": grace}})).await;
    let renamed = ada.patch(&path(&grace)).json(json!({"first_name": "Amazing Grace"})).await;
    renamed.assert_status(200);
    // What is written again is looked up again.
    let card = show(&ada, &howard).await;
    assert_eq!(card["introduced_by"]["name"], "Grace");
    let again = ada.patch(&path(&howard)).json(json!({"introduced_by": card["introduced_by"]})).await;
    assert_eq!(again.assert_status(200).json()["introduced_by"]["name"], "Amazing Grace");

    ada.delete(&path(&grace)).await.assert_status(204);
    let by = json!({"contact_id": grace, "name": "Amazing Grace"});
    assert_eq!(show(&ada, &howard).await["introduced_by"], by);
    // Sent back as it was, it is no reason to refuse the rest.
    let changed = ada.patch(&path(&howard)).json(json!({"phone": "1", "introduced_by": by})).await;
    assert_eq!(changed.assert_status(200).json()["introduced_by"], by);
    let elsewhere = json!({"first_name": "Jean", "introduced_by": {"contact_id": grace}});
    ada.post(PATH).json(elsewhere).await.assert_faults(&["/introduced_by/contact_id"]);
}

#[tokio::test]
async fn a06_nobody_introduces_themselves() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let id = add(&ada, json!({"first_name": "Grace"})).await;
    let change = json!({"phone": "1", "introduced_by": {"contact_id": id}});
    ada.patch(&path(&id)).json(change).await.assert_faults(&["/introduced_by/contact_id"]);
    assert_eq!(show(&ada, &id).await["phone"], Value::Null);
}

#[tokio::test]
async fn a14_a_strangers_card_is_like_none_on_every_route() {
    let kith = Kith::shared().await;
    let (ada, eve) = (kith.registered("ada").await, kith.registered("eve").await);
    let root = kith.admin("root").await;
    let card = add(&ada, full()).await;
    let memories = format!("{}/memories", path(&card));
    let memory = ada.post(&memories).json(json!({"text": "Secret"})).await.text_at("/id");
    ada.put(&format!("{}/follow-up", path(&card))).json(json!({"at": "2099-12-01"})).await.assert_status(200);
    let before = ada.get(&path(&card)).await;
    // As alike as ids can be.
    let absent = |id: &str| {
        let last = if id.ends_with('0') { '1' } else { '0' };
        format!("{}{last}", &id[..id.len() - 1])
    };
    for stranger in [&eve, &root] {
        for (method, of, body) in [
            ("GET", "", Value::Null),
            ("PATCH", "", json!({"phone": "666"})),
            ("PATCH", "", json!({"company": "Evil"})),
            ("DELETE", "", Value::Null),
            ("GET", "/memories", Value::Null),
            ("POST", "/memories", json!({"text": "Evil"})),
            ("PATCH", "/memories/{memory}", json!({"text": "Evil"})),
            ("DELETE", "/memories/{memory}", Value::Null),
            ("PUT", "/follow-up", json!({"at": "2098-12-01"})),
            ("DELETE", "/follow-up", Value::Null),
        ] {
            let ask = async |card: &str, memory: &str, tag: Option<&str>| {
                let request = stranger.request(method, &format!("{}{}", path(card), of.replace("{memory}", memory)));
                let request = if body.is_null() { request } else { request.json(&body) };
                match tag {
                    Some(tag) => request.header("if-match", tag).await,
                    None => request.await,
                }
            };
            let answer = ask(&card, &memory, None).await;
            answer.assert_problem(404, "not-found");
            assert_eq!(told(&answer), told(&ask(&absent(&card), &absent(&memory), None).await), "{method} {of}");
            // Not even whether a revision is right.
            for tag in [before.header("etag").unwrap(), "\"99-x\""] {
                let tagged = ask(&card, &memory, Some(tag)).await;
                assert_eq!(told(&tagged), told(&ask(&absent(&card), &memory, Some(tag)).await), "{method} {of}");
            }
        }
        for parameters in [&[][..], &[("q", "kierkegard")], &[("place", "kobenhavn")], &[("met_from", "2000")]] {
            assert!(found(stranger, parameters).await.is_empty());
        }
    }
    let after = ada.get(&path(&card)).await;
    assert_eq!((after.json(), after.header("etag")), (before.json(), before.header("etag")));
    assert_eq!(ada.get(&memories).await.json()["items"][0]["text"], "Secret");
}

#[tokio::test]
async fn a14_a_strangers_card_is_no_introducer_and_not_told_from_none() {
    let kith = Kith::shared().await;
    let (ada, eve) = (kith.registered("ada").await, kith.registered("eve").await);
    let foreign = add(&ada, full()).await;
    let gone = add(&eve, full()).await;
    eve.delete(&path(&gone)).await.assert_status(204);
    let own = add(&eve, json!({"first_name": "Mallory"})).await;
    let absent = "con_01a318c1400074aab4a3b5b6a7a8b9c1";
    let mut answers = Vec::new();
    for id in [foreign.as_str(), &gone, absent] {
        let by = json!({"contact_id": id, "name": "Kierkegård"});
        let created = eve.post(PATH).json(json!({"first_name": "X", "introduced_by": by})).await;
        created.assert_faults(&["/introduced_by/contact_id"]);
        let changed = eve.patch(&path(&own)).json(json!({"introduced_by": by})).await;
        changed.assert_faults(&["/introduced_by/contact_id"]);
        answers.push((told(&created), told(&changed)));
    }
    assert!(answers.iter().all(|told| *told == answers[0]));
    assert_eq!(found(&eve, &[]).await, [own]);
}

#[tokio::test]
async fn a14_a_memory_is_found_under_its_own_card_only() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let (one, other) = (add(&ada, full()).await, add(&ada, full()).await);
    let memories = |card: &str| format!("{}/memories", path(card));
    let memory = ada.post(&memories(&one)).json(json!({"text": "Tea"})).await.text_at("/id");
    let elsewhere = format!("{}/{memory}", memories(&other));
    ada.patch(&elsewhere).json(json!({"text": "Coffee"})).await.assert_problem(404, "not-found");
    ada.delete(&elsewhere).await.assert_problem(404, "not-found");
    assert!(ada.get(&memories(&other)).await.json()["items"].as_array().unwrap().is_empty());
    assert_eq!(ada.get(&memories(&one)).await.json()["items"][0]["text"], "Tea");
    ada.get(&list(&[("q", "tea")])).await.assert_status(200);
}

//! Creating requests for cards and memories that a flaky client repeats.

use crate::cards::{PATH, add, found, full, ids, path, show};
use futures::future::join_all;
use kith_tests::{Actor, Answer, Kith, Request};
use serde_json::{Value, json};

/// A key that only this person has.
fn key_of(actor: &Actor, name: &str) -> String {
    format!("{name}-{}-{:-<16}", actor.person.username, "")
}

fn same(one: &Answer, other: &Answer) {
    other.assert_status(one.status());
    assert_eq!(one.json(), other.json());
    assert_eq!(one.header("location"), other.header("location"));
}

#[tokio::test]
async fn g09_a_card_is_added_once_however_often_the_request_comes() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let create = |card: Value| ada.post(PATH).header("idempotency-key", key_of(&ada, "one")).json(card);
    let answers = join_all((0..12).map(|_| create(full()).into_future())).await;
    for answer in &answers {
        same(&answers[0], answer);
    }
    let id = answers[0].assert_status(201).text_at("/id");
    assert_eq!(found(&ada, &[]).await, [id.as_str()]);
    assert_eq!(found(&ada, &[("q", "kierkegard")]).await, [id.as_str()]);

    let mut other = full();
    other["phone"] = json!("1");
    create(other).await.assert_problem(422, "key-reused");
    // The first answer is the answer, whatever has become of the card.
    ada.patch(&path(&id)).json(json!({"first_name": "Changed"})).await.assert_status(200);
    same(&answers[0], &create(full()).await);
    assert_eq!(show(&ada, &id).await["first_name"], "Changed");
    ada.delete(&path(&id)).await.assert_status(204);
    same(&answers[0], &create(full()).await);
    assert!(found(&ada, &[]).await.is_empty());

    // A key is its caller's, and without one everything is new.
    let eve = kith.registered("eve").await;
    let foreign = eve.post(PATH).header("idempotency-key", key_of(&ada, "one")).json(full()).await;
    assert_ne!(foreign.assert_status(201).text_at("/id"), id);
    add(&ada, full()).await;
    add(&ada, full()).await;
    assert_eq!(found(&ada, &[]).await.len(), 2);
}

#[tokio::test]
async fn g09_of_different_cards_with_one_key_at_once_one_is_added() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let create = |n: usize| {
        let card = json!({"first_name": format!("Friend {}", n % 3)});
        ada.post(PATH).header("idempotency-key", key_of(&ada, "many")).json(card).into_future()
    };
    let answers = join_all((0..12).map(create)).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status() == 201);
    assert_eq!((won.len(), lost.len()), (4, 8));
    for answer in &lost {
        answer.assert_problem(422, "key-reused");
    }
    for answer in &won {
        same(won[0], answer);
    }
    assert_eq!(found(&ada, &[]).await, [won[0].text_at("/id")]);
}

#[tokio::test]
async fn g09_a_refused_card_does_not_use_its_key_up() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let create = |card: Value| ada.post(PATH).header("idempotency-key", key_of(&ada, "refused")).json(card);
    create(json!({})).await.assert_status(422);
    let absent = json!({"contact_id": "con_01a318c1400074aab4a3b5b6a7a8b9c1"});
    create(json!({"first_name": "X", "introduced_by": absent})).await.assert_status(422);
    create(json!({"first_name": "X"})).await.assert_status(201);
    ada.post(PATH).header("idempotency-key", "short").json(full()).await.assert_problem(400, "bad-request");
    assert_eq!(found(&ada, &[]).await.len(), 1);
}

#[tokio::test]
async fn g09_a_memory_is_added_once_to_each_card_however_often_the_request_comes() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let cards = [add(&ada, full()).await, add(&ada, full()).await];
    let memories = cards.each_ref().map(|card| format!("{}/memories", path(card)));
    let remember = |to: &str, text: &str| -> Request {
        ada.post(to).header("idempotency-key", key_of(&ada, "memory")).json(json!({"text": text}))
    };
    // The same key for another card is another request.
    for to in &memories {
        let answers = join_all((0..10).map(|_| remember(to, "Tea").into_future())).await;
        for answer in &answers {
            same(&answers[0], answer);
        }
        remember(to, "Coffee").await.assert_problem(422, "key-reused");
        assert_eq!(ids(&ada.get(to).await), [answers[0].assert_status(201).text_at("/id")]);
    }
    let first = remember(&memories[0], "Tea").await;
    ada.delete(&path(&cards[0])).await.assert_status(204);
    same(&first, &remember(&memories[0], "Tea").await);
    // What was not found was not done.
    let late = ada.post(&memories[0]).header("idempotency-key", key_of(&ada, "late")).json(json!({"text": "x"}));
    late.await.assert_status(404);
}

#[tokio::test]
async fn g09_what_is_kept_of_a_card_for_repeats_is_sealed() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let tag = format!("canary {}", ada.person.username);
    let card = json!({"first_name": "Grace", "spark": tag});
    ada.post(PATH).header("idempotency-key", key_of(&ada, "sealed")).json(card).await.assert_status(201);
    let kept = kith.items("idem#").await;
    assert!(!kept.is_empty() && kept.iter().all(|item| !item.to_string().contains(&tag)));
}

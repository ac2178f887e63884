//! `Idempotency-Key` on sealing: a client that did not hear the answer gets the same link, not another note.

use futures::future::join_all;
use kith_tests::{Actor, Answer, Kith, Request};
use serde_json::json;

/// 32 characters, as unique as the person.
fn key_of(actor: &Actor) -> String {
    format!("{:-<32}", actor.person.username)
}

fn seal(by: &Actor) -> Request {
    by.seal(json!({"text": "once", "passphrase": "open sesame"})).header("idempotency-key", key_of(by))
}

fn same(one: &Answer, other: &Answer) {
    other.assert_status(201);
    assert_eq!(one.json(), other.json());
    for header in ["location", "content-type", "cache-control", "x-robots-tag"] {
        assert_eq!(one.header(header), other.header(header), "{header}");
    }
}

async fn notes_of(author: &Actor) -> usize {
    author.get("/v1/notes").await.assert_status(200).json()["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn g09_a_repeat_gets_the_same_link_and_seals_no_second_note() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    for writer in [&ada, &kith.visitor()] {
        let first = seal(writer).await;
        // Also from another network; and with a passphrase it works no second time.
        for repeat in [seal(writer).await, seal(&writer.moved()).await] {
            same(&first, &repeat);
            let record = kith.record_of(&repeat).await;
            assert!(record.write_units == 0.0, "{record:?}");
        }
        let right = json!({"passphrase": "open sesame"});
        writer.open(&first.text_at("/token")).json(&right).await.assert_status(200);
        // Its answer is still the same when the note is used up, and when it is destroyed.
        same(&first, &seal(writer).await);
        writer.open(&first.text_at("/token")).json(&right).await.assert_problem(404, "not-found");
        writer.destroy(&first.text_at("/id"), Some(&first.text_at("/manage_token"))).await.assert_status(204);
        same(&first, &seal(writer).await);
        writer.peek(&first.text_at("/token")).await.assert_problem(404, "not-found");
    }
    assert_eq!(notes_of(&ada).await, 0);
}

#[tokio::test]
async fn g09_repeats_in_flight_get_one_note_and_count_once() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let places: Vec<Actor> = (0..4).map(|n| if n == 0 { ada.clone() } else { ada.moved() }).collect();
    let answers = join_all((0..20).map(|n| {
        let place = &places[n % 4];
        async move { seal(place).await }
    }))
    .await;
    for answer in &answers {
        same(&answers[0], answer);
    }
    assert_eq!(notes_of(&ada).await, 1);
    let next = ada.seal(json!({"text": "another"})).await;
    assert!(next.header("ratelimit").unwrap().contains("r=28;"), "{next}");
    let right = json!({"passphrase": "open sesame"});
    ada.open(&answers[7].text_at("/token")).json(&right).await.assert_status(200);
}

#[tokio::test]
async fn g09_more_repeats_than_an_hour_has_notes_are_answered() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let writer = kith.visitor();
    let first = seal(&writer).await;
    for _ in 0..35 {
        same(&first, &seal(&writer).await);
    }
    for _ in 0..29 {
        writer.seal(json!({"text": "a"})).await.assert_status(201);
    }
    writer.seal(json!({"text": "a"})).await.assert_status(429);
    same(&first, &seal(&writer).await);
}

#[tokio::test]
async fn g09_the_same_key_with_anything_else_in_the_body_is_refused() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    seal(&ada).await.assert_status(201);
    for other in [
        json!({"text": "other", "passphrase": "open sesame"}),
        json!({"text": "once", "passphrase": "open barley"}),
        json!({"text": "once"}),
        json!({"text": "once", "passphrase": "open sesame", "max_views": 2}),
        json!({"text": "once", "passphrase": "open sesame", "expires_in": 60}),
    ] {
        let answer = ada.seal(&other).header("idempotency-key", key_of(&ada)).await;
        answer.assert_problem(422, "key-reused");
    }
    let form = ada.post("/v1/notes").form(&[("text", "once")]).header("idempotency-key", key_of(&ada));
    form.await.assert_problem(422, "key-reused");
    assert_eq!(notes_of(&ada).await, 1);
}

#[tokio::test]
async fn g09_a_key_belongs_to_its_caller() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob, visitor) = (kith.registered("ada").await, kith.registered("bob").await, kith.visitor());
    let mut tokens = Vec::new();
    for by in [&ada, &bob, &visitor] {
        let answer = by.seal(json!({"text": "the same"})).header("idempotency-key", key_of(&ada)).await;
        tokens.push(answer.assert_status(201).text_at("/token"));
    }
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 3);
}

#[tokio::test]
async fn g09_a_form_is_repeated_alike_and_a_bad_key_is_refused() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let writer = kith.visitor();
    let post = || writer.post("/v1/notes").form(&[("text", "a form")]);
    let first = post().header("idempotency-key", key_of(&writer)).await;
    same(&first, &post().header("idempotency-key", key_of(&writer)).await);
    for bad in ["", "short", "with a space in it", &"x".repeat(129)] {
        post().header("idempotency-key", bad).await.assert_problem(400, "bad-request");
    }
    // What is refused does not use its key up.
    let key = format!("{}x", key_of(&writer));
    writer.seal(json!({"text": ""})).header("idempotency-key", &key).await.assert_faults(&["/text"]);
    writer.seal(json!({"text": "a"})).header("idempotency-key", &key).await.assert_status(201);
}

#[tokio::test]
async fn g09_after_24_hours_a_key_seals_anew_whatever_became_of_its_note() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let writer = kith.visitor();
    let seal = || writer.seal(json!({"text": "a", "expires_in": 60})).header("idempotency-key", key_of(&writer));
    let first = seal().await;
    clock.advance("23h59m").await;
    kith.job("expire-items").await;
    same(&first, &seal().await);
    writer.open(&first.text_at("/token")).await.assert_problem(404, "not-found");
    clock.advance("1m").await;
    let second = seal().await;
    assert_ne!(second.assert_status(201).text_at("/token"), first.text_at("/token"));
    writer.open(&second.text_at("/token")).await.assert_status(200);
    kith.shut_down().await;
}

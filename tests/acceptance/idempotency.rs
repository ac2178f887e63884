//! `Idempotency-Key`: a creating request that a flaky client repeats has one effect.

use futures::future::join_all;
use kith_tests::{Actor, Answer, Kith, Request};
use serde_json::Value;

/// 24 characters, as unique as the person.
fn key_of(actor: &Actor) -> String {
    format!("{:-<24.24}", actor.person.username.chars().rev().collect::<String>())
}

fn register(actor: &Actor) -> Request {
    actor.register().header("idempotency-key", key_of(actor))
}

fn same(one: &Answer, other: &Answer) {
    other.assert_status(one.status());
    assert_eq!(one.json(), other.json());
    for header in ["location", "content-type", "cache-control"] {
        assert_eq!(one.header(header), other.header(header), "{header}");
    }
}

#[tokio::test]
async fn g09_a_repeat_gets_the_same_answer_and_has_no_effect() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    let first = register(&ada).await;
    first.assert_status(201);
    let repeat = register(&ada).await;
    same(&first, &repeat);
    // From another network, too: the client has moved.
    let mut moved = ada.elsewhere();
    moved.person = ada.person.clone();
    same(&first, &register(&moved).await);
    assert_eq!(ada.mails().await.len(), 1);
    assert_eq!(kith.items(&format!("email#{}", ada.person.email)).await.len(), 1);
}

#[tokio::test]
async fn g09_repeats_do_not_count_against_any_limit() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    let first = register(&ada).await;
    // More than the mails to one recipient and the registrations from one network that an hour has.
    for _ in 0..12 {
        same(&first, &register(&ada).await);
    }
    assert_eq!(ada.mails().await.len(), 1);
}

#[tokio::test]
async fn g09_without_a_key_a_repeat_is_a_new_request() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    register(&ada).await.assert_status(201);
    ada.register().await.assert_problem(409, "conflict");
}

#[tokio::test]
async fn g09_a_key_used_with_another_body_is_refused() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    register(&ada).await.assert_status(201);
    let mut body = ada.person.registration();
    body["first_name"] = "Augusta".into();
    let other = ada.bare_request("POST", "/v1/auth/register").header("idempotency-key", key_of(&ada)).json(&body);
    other.await.assert_problem(422, "key-reused");
    let somebody = kith.newcomer("other");
    let other = somebody.register().header("idempotency-key", key_of(&ada));
    other.await.assert_problem(422, "key-reused");
    assert!(somebody.mails().await.is_empty());
}

#[tokio::test]
async fn g09_repeats_while_the_first_is_in_flight_get_its_answer() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    let answers = join_all((0..20).map(|_| async { register(&ada).await })).await;
    for answer in &answers {
        same(&answers[0], answer);
    }
    assert_eq!(answers[0].status(), 201);
    assert_eq!(ada.mails().await.len(), 1);
    let token = ada.newest_link_token().await;
    ada.confirm(&token).await.assert_status(204);
}

#[tokio::test]
async fn g09_after_24_hours_a_key_is_free_again() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.newcomer("ada");
    let first = register(&ada).await;
    first.assert_status(201);
    clock.advance("23h59m").await;
    same(&first, &register(&ada).await);
    clock.advance("1m").await;
    let second = register(&ada).await;
    second.assert_status(201);
    assert_ne!(first.json()["id"], second.json()["id"]);
    assert_eq!(ada.mails().await.len(), 2);
}

#[tokio::test]
async fn g09_a_refused_request_does_not_use_its_key_up() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    let mut bad = ada.person.registration();
    bad["username"] = "a:b".into();
    let refused =
        ada.bare_request("POST", "/v1/auth/register").header("idempotency-key", key_of(&ada)).json(&bad).await;
    refused.assert_faults(&["/username"]);
    let taken = kith.pending("taken").await;
    bad["username"] = taken.person.username.clone().into();
    let refused =
        ada.bare_request("POST", "/v1/auth/register").header("idempotency-key", key_of(&ada)).json(&bad).await;
    refused.assert_status(409);
    register(&ada).await.assert_status(201);
}

#[tokio::test]
async fn g09_a_key_has_16_to_128_visible_characters() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    let with = |key: &str| ada.register().header("idempotency-key", key);
    for bad in [
        "",
        "short",
        &"k".repeat(15),
        &"k".repeat(129),
        "sixteen and spaces",
        "k\u{e9}yk\u{e9}yk\u{e9}yk\u{e9}yk\u{e9}y",
    ] {
        with(bad).await.assert_problem(400, "bad-request");
    }
    assert!(ada.mails().await.is_empty());
    let tag = key_of(&ada);
    with(&tag[..16]).await.assert_status(201);
    let bob = kith.newcomer("bob");
    bob.register().header("idempotency-key", format!("{tag:k<128}")).await.assert_status(201);
}

#[tokio::test]
async fn g09_what_is_stored_of_an_answer_is_sealed() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    let before: Vec<Value> = kith.items("idem#").await;
    let answer = register(&ada).await;
    answer.assert_status(201);
    let stored: Vec<Value> = kith.items("idem#").await.into_iter().filter(|item| !before.contains(item)).collect();
    assert!(!stored.is_empty());
    let secrets = [
        key_of(&ada),
        ada.person.password.clone(),
        ada.person.email.clone(),
        ada.person.username.clone(),
        answer.text_at("/id"),
        "first_name".to_owned(),
    ];
    for item in &stored {
        let text = item.to_string();
        for secret in &secrets {
            assert!(!text.contains(secret), "{secret} can be read in {text}");
        }
        assert!(item["ttl"].is_i64(), "it stays for ever: {text}");
    }
}

#[tokio::test]
async fn logging_in_and_refreshing_take_no_key() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let key = key_of(&ada);
    let one = ada.with_tokens_of(&ada.log_in().header("idempotency-key", &key).await);
    let two = ada.with_tokens_of(&ada.log_in().header("idempotency-key", &key).await);
    assert_ne!(one.access(), two.access());
    let next = one.refresh(one.refresh_token()).header("idempotency-key", &key).await;
    next.assert_status(200);
    // Another session's token under the same key gets what is its own.
    let other = two.refresh(two.refresh_token()).header("idempotency-key", &key).await;
    assert_ne!(other.assert_status(200).text_at("/refresh_token"), next.text_at("/refresh_token"));
}

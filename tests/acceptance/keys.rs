//! Signing keys that are out of use. Each test has a runner of its own: a retired key ends everybody's tokens.

use kith_tests::{Actor, Jwt, Kith};
use serde_json::json;

async fn published(actor: &Actor) -> Vec<String> {
    let set = actor.bare_request("GET", "/.well-known/jwks.json").await.assert_status(200).json();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(actor: &Actor) -> String {
    Jwt::parse(actor.access()).kid().to_owned()
}

#[tokio::test]
async fn c08_a_leaked_key_is_retired_at_once_and_everybody_stays_logged_in() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let leaked = kid(&ada);
    ada.get("/v1/me").await.assert_status(200);
    kith.job_with("rotate-keys", json!({"retire": leaked})).await;
    // Instances read the keys again within a minute.
    clock.advance("61s").await;
    assert!(!published(&ada).await.contains(&leaked));
    ada.get("/v1/me").await.assert_problem(401, "unauthorized");
    // Refresh tokens are no JWTs: the session goes on with a token under the new key, and log-ins work.
    for next in [ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await), ada.logged_in().await] {
        assert_ne!(kid(&next), leaked);
        assert!(published(&ada).await.contains(&kid(&next)));
        next.get("/v1/me").await.assert_status(200);
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn c08_retiring_one_key_leaves_the_others_alone() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let old = ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await);
    let rotated = kith.job("rotate-keys").await;
    clock.advance("61s").await;
    let new = old.with_tokens_of(&old.refresh(old.refresh_token()).await);
    assert_ne!(kid(&new), kid(&old));
    assert_eq!(rotated["signing"]["changed"]["in_use"], kid(&new));
    for actor in [&old, &new] {
        actor.get("/v1/me").await.assert_status(200);
    }
    kith.job_with("rotate-keys", json!({"retire": kid(&old)})).await;
    clock.advance("61s").await;
    old.get("/v1/me").await.assert_problem(401, "unauthorized");
    new.get("/v1/me").await.assert_status(200);
    new.logged_in().await.get("/v1/me").await.assert_status(200);
    kith.shut_down().await;
}

#[tokio::test]
async fn o8_c08_retiring_a_key_that_nobody_knows_is_refused_and_changes_nothing() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let ada = kith.registered("ada").await;
    let before = (published(&ada).await, kith.items("keys#").await);
    let notes = json!({"retire": before.0[0], "retire_note_key": "nobody-knows-it"});
    for call in [json!({"retire": "nobody-knows-it"}), json!({"retire": ""}), json!({"retire": 7}), notes] {
        let answer = kith.visitor().post("/_kith/jobs/rotate-keys").json(&call).await;
        assert_eq!(answer.status(), 422, "{call}: {answer}");
        assert!(!answer.json()["detail"].as_str().unwrap().is_empty(), "{answer}");
    }
    assert_eq!((published(&ada).await, kith.items("keys#").await), before);
    ada.get("/v1/me").await.assert_status(200);
    ada.logged_in().await.get("/v1/me").await.assert_status(200);
    kith.shut_down().await;
}

#[tokio::test]
async fn g03_rotating_again_and_again_ends_no_session_and_keeps_few_keys() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let mut ada = kith.registered("ada").await;
    for _ in 0..4 {
        kith.job("rotate-keys").await;
        // The same event twice rotates once.
        kith.job("rotate-keys").await;
        for _ in 0..5 {
            clock.advance("6d").await;
            ada = ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await);
            ada.get("/v1/me").await.assert_status(200);
        }
        // One signs and one stands by.
        let published = published(&ada).await;
        assert!(published.len() == 2 && published.contains(&kid(&ada)), "{published:?}");
    }
    kith.shut_down().await;
}

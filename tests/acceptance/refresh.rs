//! Refreshing tokens.

use kith_tests::{Jwt, Kith};
use serde_json::json;

#[tokio::test]
async fn c06_e09_refreshing_gives_a_new_pair_of_the_same_session() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let answer = ada.refresh(ada.refresh_token()).await;
    assert_eq!(answer.assert_status(200).header("cache-control"), Some("no-store"));
    let next = ada.with_tokens_of(&answer);
    assert_ne!(next.access(), ada.access());
    assert_ne!(next.refresh_token(), ada.refresh_token());
    assert_eq!(Jwt::parse(next.access()).claims["sid"], Jwt::parse(ada.access()).claims["sid"]);
    assert_eq!((&answer.json()["expires_in"], &answer.json()["refresh_expires_in"]), (&json!(900), &json!(604_800)));
    next.get("/v1/me").await.assert_status(200);
    // The access token before it is good until it ends.
    ada.get("/v1/me").await.assert_status(200);
}

#[tokio::test]
async fn c06_using_a_refresh_token_twice_at_once_is_refused_and_harmless() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let next = ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await);
    ada.refresh(ada.refresh_token()).await.assert_problem(401, "wrong-refresh-token");
    next.get("/v1/me").await.assert_status(200);
    let third = next.with_tokens_of(&next.refresh(next.refresh_token()).await);
    third.get("/v1/me").await.assert_status(200);
}

#[tokio::test]
async fn c06_using_it_a_minute_later_ends_the_session() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let other = ada.elsewhere().logged_in().await;
    let next = ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await);
    clock.advance("1m").await;
    ada.refresh(ada.refresh_token()).await.assert_problem(401, "wrong-refresh-token");
    next.get("/v1/me").await.assert_problem(401, "unauthorized");
    next.refresh(next.refresh_token()).await.assert_problem(401, "wrong-refresh-token");
    // Other devices stay logged in.
    other.get("/v1/me").await.assert_status(200);
}

#[tokio::test]
async fn c06_a_token_replaced_twice_is_theft_at_once() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let second = ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await);
    let third = second.with_tokens_of(&second.refresh(second.refresh_token()).await);
    ada.refresh(ada.refresh_token()).await.assert_status(401);
    third.get("/v1/me").await.assert_status(401);
}

#[tokio::test]
async fn c06_the_kinds_of_tokens_are_not_interchangeable() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    ada.refresh(ada.access()).await.assert_problem(401, "wrong-refresh-token");
    ada.bare_request("GET", "/v1/me").bearer(ada.refresh_token()).await.assert_problem(401, "unauthorized");
    let bob = kith.pending("bob").await;
    let link = bob.newest_link_token().await;
    bob.refresh(&link).await.assert_problem(401, "wrong-refresh-token");
    bob.confirm(ada.refresh_token()).await.assert_problem(400, "dead-link");
    // Trying has not hurt.
    ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await).get("/v1/me").await.assert_status(200);
}

#[tokio::test]
async fn c06_a_made_up_refresh_token_is_refused_and_ends_nothing() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, eve) = (kith.registered("ada").await, kith.registered("eve").await);
    let token = ada.refresh_token();
    // The ids are the first 32 bytes: Ada's ids with Eve's secrets.
    let mixed = format!("{}{}", &token[..42], &eve.refresh_token()[42..]);
    let (shorter, longer) = (token[1..].to_owned(), format!("{token}A"));
    for bad in [mixed, shorter, longer, format!("{token}="), String::new(), "x".into(), "A".repeat(107), "ä".into()] {
        ada.refresh(&bad).await.assert_problem(401, "wrong-refresh-token");
    }
    ada.refresh(token).await.assert_status(200);
    eve.refresh(eve.refresh_token()).await.assert_status(200);
}

#[tokio::test]
async fn c04_c06_a_session_lives_7_days_from_its_last_refresh() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let mut ada = kith.registered("ada").await;
    for _ in 0..2 {
        clock.advance("6d23h59m").await;
        ada = ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await);
        ada.get("/v1/me").await.assert_status(200);
    }
    clock.advance("7d").await;
    ada.refresh(ada.refresh_token()).await.assert_problem(401, "wrong-refresh-token");
    ada.logged_in().await.get("/v1/me").await.assert_status(200);
}

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
async fn c06_a_lost_answer_is_given_again_and_costs_nothing() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let first = ada.refresh(ada.refresh_token()).await;
    // The very same answer, whoever asks again within half a minute.
    for wait in ["1s", "10s", "10s"] {
        clock.advance(wait).await;
        let again = ada.moved().refresh(ada.refresh_token()).await;
        assert_eq!(again.assert_status(200).json(), first.json(), "{wait}");
        assert_eq!(again.header("cache-control"), Some("no-store"));
    }
    let next = ada.with_tokens_of(&first);
    next.get("/v1/me").await.assert_status(200);
    let third = next.with_tokens_of(&next.refresh(next.refresh_token()).await);
    assert_ne!(third.refresh_token(), next.refresh_token());
    third.get("/v1/me").await.assert_status(200);
    assert_eq!(
        ada.elsewhere().logged_in().await.get("/v1/auth/sessions").await.json()["items"].as_array().unwrap().len(),
        2
    );
}

#[tokio::test]
async fn c06_giving_an_answer_again_writes_nothing_and_a_refresh_writes_one_unit() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    for units in [1.0, 0.0] {
        let answer = ada.refresh(ada.refresh_token()).await;
        let record = kith.record_of(answer.assert_status(200)).await;
        assert!((record.write_units - units).abs() < 0.1, "{}", record.write_units);
    }
}

#[tokio::test]
async fn c06_three_tabs_that_wake_together_all_stay_logged_in() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    for _ in 0..5 {
        let ada = ada.elsewhere().logged_in().await;
        let answers = futures::future::join_all((0..8).map(|_| async { ada.refresh(ada.refresh_token()).await })).await;
        for answer in &answers {
            assert_eq!(answer.assert_status(200).json(), answers[0].json());
        }
        let next = ada.with_tokens_of(&answers[0]);
        next.get("/v1/me").await.assert_status(200);
        next.refresh(next.refresh_token()).await.assert_status(200);
    }
}

#[tokio::test]
async fn c06_a_tab_that_is_two_steps_behind_gets_the_newest_pair() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let second = ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await);
    clock.advance("12s").await;
    let third = second.refresh(second.refresh_token()).await;
    for behind in [&ada, &second] {
        assert_eq!(behind.refresh(behind.refresh_token()).await.assert_status(200).json(), third.json());
    }
    // Each has half a minute from its own replacement, not from the last one.
    clock.advance("19s").await;
    assert_eq!(second.refresh(second.refresh_token()).await.assert_status(200).json(), third.json());
    ada.refresh(ada.refresh_token()).await.assert_problem(401, "wrong-refresh-token");
    ada.with_tokens_of(&third).get("/v1/me").await.assert_problem(401, "unauthorized");
}

#[tokio::test]
async fn c06_refreshing_on_and_on_ends_nothing() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let mut newest = ada.logged_in().await;
    let first = newest.refresh_token().to_owned();
    let mut seen = std::collections::BTreeSet::from([first.clone()]);
    for _ in 0..8 {
        newest = newest.with_tokens_of(&newest.refresh(newest.refresh_token()).await);
        seen.insert(newest.refresh_token().to_owned());
    }
    // After three in half a minute the newest stays, so that none before it is forgotten.
    assert_eq!(seen.len(), 4);
    assert_eq!(newest.refresh(&first).await.assert_status(200).text_at("/refresh_token"), newest.refresh_token());
    newest.get("/v1/me").await.assert_status(200);
}

#[tokio::test]
async fn c06_however_often_a_thief_refreshes_the_owners_old_token_ends_the_session() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let owner = kith.registered("ada").await.logged_in().await;
    let mut thief = owner.elsewhere().with_tokens_of(&owner.refresh(owner.refresh_token()).await);
    for _ in 0..6 {
        clock.advance("9s").await;
        thief = thief.with_tokens_of(&thief.refresh(thief.refresh_token()).await);
    }
    owner.refresh(owner.refresh_token()).await.assert_problem(401, "wrong-refresh-token");
    thief.get("/v1/me").await.assert_status(401);
    thief.refresh(thief.refresh_token()).await.assert_status(401);
}

#[tokio::test]
async fn c06_what_the_table_has_of_a_session_makes_no_token() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let next = ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await);
    let sid = Jwt::parse(next.access()).claims["sid"].as_str().unwrap().to_owned();
    let items = kith.table().await;
    let session = items.iter().find(|item| item["kind"] == "session" && item["id"] == *sid).unwrap();
    assert_eq!(session["replaced"].as_array().unwrap().len(), 1);
    let stored = session.to_string();
    for token in [ada.refresh_token(), next.refresh_token()] {
        // The two secrets are the last 48 of 80 bytes.
        assert!(!stored.contains(&token[64..]) && !stored.contains(&token[43..64]), "{stored}");
    }
}

#[tokio::test]
async fn h09_a_refresh_beside_a_log_out_is_200_or_401() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    for _ in 0..20 {
        let ada = ada.elsewhere().logged_in().await;
        let (refreshed, out) = futures::join!(async { ada.refresh(ada.refresh_token()).await }, async {
            ada.post("/v1/auth/logout").await
        });
        out.assert_status(204);
        if refreshed.status() != 200 {
            refreshed.assert_problem(401, "wrong-refresh-token");
        }
        ada.refresh(ada.refresh_token()).await.assert_problem(401, "wrong-refresh-token");
    }
}

#[tokio::test]
async fn c06_using_it_half_a_minute_later_ends_the_session() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let other = ada.elsewhere().logged_in().await;
    let next = ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await);
    clock.advance("31s").await;
    ada.refresh(ada.refresh_token()).await.assert_problem(401, "wrong-refresh-token");
    next.get("/v1/me").await.assert_problem(401, "unauthorized");
    next.refresh(next.refresh_token()).await.assert_problem(401, "wrong-refresh-token");
    // Other devices stay logged in.
    other.get("/v1/me").await.assert_status(200);
}

#[tokio::test]
async fn c06_a_token_replaced_twice_long_ago_is_theft() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let second = ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await);
    clock.advance("31s").await;
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

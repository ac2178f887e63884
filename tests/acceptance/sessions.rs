//! Sessions: listing and ending them.

use kith_tests::{Actor, Jwt, Kith};
use serde_json::{Value, json};

fn session_of(actor: &Actor) -> String {
    Jwt::parse(actor.access()).claims["sid"].as_str().unwrap().to_owned()
}

async fn assert_ended(actor: &Actor) {
    actor.get("/v1/me").await.assert_problem(401, "unauthorized");
    actor.refresh(actor.refresh_token()).await.assert_problem(401, "wrong-refresh-token");
}

#[tokio::test]
async fn c07_sessions_are_listed_with_device_address_and_times() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let log_in = ada.bare_request("POST", "/v1/auth/login").header("user-agent", "Pocket watch/1.0 \u{e4}");
    let watch = ada.with_tokens_of(&log_in.json(ada.person.credentials()).await);
    let phone = ada.elsewhere().logged_in().await;
    let page = phone.get("/v1/auth/sessions").await.assert_status(200).json();
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(page["next_cursor"], Value::Null);
    assert_eq!(items[0]["id"], json!(session_of(&watch)));
    assert!(items[0]["device"].as_str().unwrap().starts_with("Pocket watch/1.0"));
    assert_eq!((&items[0]["is_current"], &items[1]["is_current"]), (&json!(false), &json!(true)));
    assert_eq!(items[1]["address"], json!(phone.address));
    let fields: Vec<&str> = items[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["address", "created_at", "device", "expires_at", "id", "is_current", "last_seen_at"]);
    let time = |name: &str| items[0][name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(time("expires_at").duration_since(time("created_at")).as_secs(), 604_800);
}

#[tokio::test]
async fn c07_what_a_device_says_of_itself_is_cut_and_kept_as_text() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let agent = format!("<script>{}", "w".repeat(1000));
    let log_in = ada.bare_request("POST", "/v1/auth/login").header("user-agent", &agent);
    let watch = ada.with_tokens_of(&log_in.json(ada.person.credentials()).await);
    let page = watch.get("/v1/auth/sessions").await.assert_status(200).json();
    assert_eq!(page["items"][0]["device"], json!(agent[..256]));
}

#[tokio::test]
async fn c07_refreshing_elsewhere_shows_in_the_list() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let mut ada = kith.registered("ada").await;
    let before = ada.get("/v1/auth/sessions").await.json()["items"][0].clone();
    clock.advance("5m").await;
    let token = ada.refresh_token().to_owned();
    ada.address = kith.visitor().address;
    let ada = ada.with_tokens_of(&ada.refresh(&token).await);
    let after = ada.get("/v1/auth/sessions").await.json()["items"][0].clone();
    assert_eq!((&after["id"], &after["created_at"]), (&before["id"], &before["created_at"]));
    assert_eq!(after["address"], json!(ada.address));
    for moved in ["last_seen_at", "expires_at"] {
        assert!(after[moved].as_str() > before[moved].as_str(), "{moved} stayed");
    }
}

#[tokio::test]
async fn c07_one_session_is_ended_and_the_others_stay() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let lost = ada.elsewhere().logged_in().await;
    let path = format!("/v1/auth/sessions/{}", session_of(&lost));
    ada.delete(&path).await.assert_status(204);
    assert_ended(&lost).await;
    ada.get("/v1/me").await.assert_status(200);
    ada.delete(&path).await.assert_problem(404, "not-found");
    assert_eq!(ada.get("/v1/auth/sessions").await.json()["items"].as_array().unwrap().len(), 1);
    ada.delete(&format!("/v1/auth/sessions/{}", session_of(&ada))).await.assert_status(204);
    assert_ended(&ada).await;
}

#[tokio::test]
async fn c07_all_sessions_end_at_once_and_a_new_log_in_works() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let phone = ada.elsewhere().logged_in().await;
    let bob = kith.registered("bob").await;
    let refreshed = phone.with_tokens_of(&phone.refresh(phone.refresh_token()).await);
    ada.delete("/v1/auth/sessions").await.assert_status(204);
    for ended in [&ada, &refreshed] {
        assert_ended(ended).await;
    }
    bob.get("/v1/me").await.assert_status(200);
    let again = ada.logged_in().await;
    again.get("/v1/me").await.assert_status(200);
    assert_eq!(again.get("/v1/auth/sessions").await.json()["items"].as_array().unwrap().len(), 1);
    again.delete(&format!("/v1/auth/sessions/{}", session_of(&ada))).await.assert_problem(404, "not-found");
}

#[tokio::test]
async fn d07_logging_out_ends_the_session_of_the_token() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let phone = ada.elsewhere().logged_in().await;
    let answer = ada.post("/v1/auth/logout").await;
    answer.assert_status(204);
    assert!(answer.body().is_empty());
    assert_ended(&ada).await;
    ada.post("/v1/auth/logout").await.assert_problem(401, "unauthorized");
    phone.get("/v1/me").await.assert_status(200);
}

#[tokio::test]
async fn e19_what_is_no_session_of_ones_own_is_not_found() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, eve) = (kith.registered("ada").await, kith.registered("eve").await);
    let own = session_of(&ada);
    let unknown = format!("ses_{}", "0".repeat(32));
    let none = [
        session_of(&eve),
        unknown.replace("ses_000000000000", "ses_019200000000").replacen(
            "00000000000000000000",
            "70008000000000000000",
            1,
        ),
        unknown,
        own.to_uppercase(),
        own.replace("ses_", "usr_"),
        format!("{own}0"),
        "1".into(),
        "%2e%2e%2fme".into(),
        "x%00y".into(),
        "%ff".into(),
        "'%20OR%201=1".into(),
        "x".repeat(5000),
    ];
    for id in none {
        let answer = ada.delete(&format!("/v1/auth/sessions/{id}")).await;
        let problem = answer.assert_problem(404, "not-found");
        assert!(id.len() < 10 || !answer.text().contains(&id), "{problem:?} repeats the id");
    }
    eve.get("/v1/me").await.assert_status(200);
    ada.get("/v1/me").await.assert_status(200);
}

//! `cargo kith seed`, against a running runner.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test a panic is the message")]

mod client;

use client::client;
use kith_local::seed::{self, LogIn, SeedError};
use kith_local::{Kith, Options};
use reqwest::StatusCode;
use serde_json::{Value, json};

async fn fill(kith: &Kith) -> (Vec<LogIn>, String) {
    let mut out = Vec::new();
    let log_ins = seed::run(kith.url(), &mut out).await.unwrap();
    (log_ins, String::from_utf8(out).unwrap())
}

async fn log_in(kith: &Kith, who: &LogIn) -> (StatusCode, Value) {
    let body = json!({"login": who.email, "password": who.password});
    let answer = client().post(format!("{}/v1/auth/login", kith.url())).json(&body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn get(kith: &Kith, token: &Value, path: &str) -> Value {
    let request = client().get(format!("{}{path}", kith.url())).bearer_auth(token.as_str().unwrap());
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a19_demo_data_is_made_once_and_found_again() {
    let kith = Kith::start(Options::default()).await.unwrap();
    let (log_ins, told) = fill(&kith).await;
    assert!(told.lines().count() >= 8 && told.contains("made"), "{told}");

    let (status, admin) = log_in(&kith, &log_ins[0]).await;
    assert_eq!(status, StatusCode::OK);
    let token = &admin["access_token"];
    let users = get(&kith, token, "/v1/users").await;
    let users = users["items"].as_array().unwrap();
    let count = |is: fn(&Value) -> bool| users.iter().filter(|user| is(user)).count();
    assert_eq!(count(|user| user["role"] == "admin"), 1);
    assert_eq!(count(|user| user["role"] == "moderator"), 1);
    assert_eq!(count(|user| user["role"] == "member" && user["bio"].is_string() && user["banned_at"].is_null()), 2);
    assert_eq!(count(|user| user["banned_at"].is_string()), 1);
    assert_eq!(count(|user| user["confirmed_at"].is_null()), 1);
    let audit = get(&kith, token, "/v1/audit").await;
    assert!(audit["items"].as_array().unwrap().len() >= 4, "{audit}");
    assert_ne!(get(&kith, token, "/v1/me/preferences").await["time_zone"], "UTC");
    let banned = log_ins.iter().find(|log_in| log_in.who.contains("banned")).unwrap();
    assert_eq!(log_in(&kith, banned).await.0, StatusCode::FORBIDDEN);

    let (again, told_again) = fill(&kith).await;
    assert_eq!(again, log_ins);
    assert!(!told_again.contains(" made "), "{told_again}");
    assert_cards_and_note(&kith, &log_ins, &told).await;
    for (operation, policy) in kith.aws().policies() {
        assert!(policy.denied.is_empty(), "{operation}: {:?}", policy.denied);
    }
}

/// Members have cards with memories and coffee chats ahead, and one has sealed a note, whose link is told and opens once.
async fn assert_cards_and_note(kith: &Kith, log_ins: &[LogIn], told: &str) {
    let (mut cards, mut memories, mut chats, mut notes) = (0, 0, 0, 0);
    for who in log_ins {
        let (status, them) = log_in(kith, who).await;
        if status != StatusCode::OK {
            continue;
        }
        let token = &them["access_token"];
        let count = |list: &Value| list["items"].as_array().unwrap().len();
        let contacts = get(kith, token, "/v1/contacts").await;
        cards += count(&contacts);
        for card in contacts["items"].as_array().unwrap() {
            memories +=
                count(&get(kith, token, &format!("/v1/contacts/{}/memories", card["id"].as_str().unwrap())).await);
        }
        chats += count(&get(kith, token, "/v1/follow-ups").await);
        notes += count(&get(kith, token, "/v1/notes").await);
    }
    assert!(cards >= 9 && memories >= 2 && chats >= 2, "{cards} cards, {memories} memories, {chats} chats");
    assert_eq!(notes, 1);
    let link = told.split_whitespace().find(|word| word.contains("/n/")).unwrap();
    let open = link.replace("/n/", "/v1/notes/") + "/open";
    let opened = client().post(&open).json(&json!({})).send().await.unwrap().json::<Value>().await.unwrap();
    assert!(opened["text"].as_str().unwrap().contains("third sleeper"), "{opened}");
    assert_eq!(client().post(&open).json(&json!({})).send().await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_a_runner_the_address_is_named() {
    let error = seed::run("http://127.0.0.1:1", &mut Vec::new()).await.unwrap_err();
    assert!(matches!(&error, SeedError::NoRunner(url) if url == "http://127.0.0.1:1"), "{error}");
}

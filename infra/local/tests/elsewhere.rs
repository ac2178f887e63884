//! `--aws-endpoint`: tables, buckets and secrets in another emulator, mails and invocations with the runner.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "in a test a panic is the message")]

mod client;
#[path = "elsewhere/emulator.rs"]
mod emulator;

use client::client;
use emulator::Emulator;
use kith_local::{Kith, Options, OtherAws};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

const PASSWORD: &str = "a blue kettle by the window";

async fn kith_on(emulator: &Emulator) -> Kith {
    let other = OtherAws::new(emulator.url(), |_| None);
    Kith::start(Options { other_aws: Some(other), ..Options::default() }).await.unwrap()
}

async fn get(kith: &Kith, path: &str) -> Response {
    client().get(format!("{}{path}", kith.url())).send().await.unwrap()
}

async fn post(kith: &Kith, path: &str, body: &Value) -> Response {
    client().post(format!("{}{path}", kith.url())).json(body).send().await.unwrap()
}

/// Registers and confirms by the mailed link.
async fn join(kith: &Kith, name: &str) {
    let email = format!("{name}@example.org");
    let account =
        json!({"email": email, "username": name, "first_name": "Ada", "last_name": "Test", "password": PASSWORD});
    assert_eq!(post(kith, "/v1/auth/register", &account).await.status(), StatusCode::CREATED);
    kith.settle().await.unwrap();
    let mails: Value = get(kith, &format!("/_kith/mails?to={email}")).await.json().await.unwrap();
    let text = mails[0]["text"].as_str().unwrap();
    let token = text.split_once("token=").unwrap().1.split_whitespace().next().unwrap();
    assert_eq!(
        post(kith, "/v1/auth/confirm", &json!({"token": token, "password": PASSWORD})).await.status(),
        StatusCode::NO_CONTENT
    );
}

async fn log_in(kith: &Kith, name: &str) -> StatusCode {
    post(kith, "/v1/auth/login", &json!({"login": name, "password": PASSWORD})).await.status()
}

#[tokio::test]
async fn data_is_kept_there_and_mails_are_captured_here() {
    let emulator = Emulator::start().await;
    let kith = kith_on(&emulator).await;
    join(&kith, "ada").await;
    assert_eq!(log_in(&kith, "ada").await, StatusCode::OK);

    assert!(kith.aws().database().is_none(), "nothing is kept here");
    for action in ["TransactWriteItems", "GetRecords", "CreateSecret", "PutSecretValue", "UpdateTimeToLive"] {
        assert!(emulator.actions().iter().any(|seen| seen == action), "{action}: {:?}", emulator.actions());
    }
    let buckets = emulator.buckets();
    assert!(
        matches!(buckets.as_slice(), [name] if name.starts_with("kith-images-") && name.ends_with("-eu-central-1"))
    );
    let items: Value = get(&kith, "/_kith/table").await.json().await.unwrap();
    assert!(items.as_array().unwrap().iter().any(|item| item["pk"] == "username#ada"));
    let requests: Value = get(&kith, "/_kith/requests?limit=1").await.json().await.unwrap();
    assert_eq!(requests[0]["operation"], "log-in");
    assert_eq!((&requests[0]["calls"], &requests[0]["price_usd"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn another_runner_goes_on_with_what_is_there() {
    let emulator = Emulator::start().await;
    let first = kith_on(&emulator).await;
    join(&first, "ada").await;
    first.shutdown().await;
    let second = kith_on(&emulator).await;
    assert_eq!(log_in(&second, "ada").await, StatusCode::OK);
    second.settle().await.unwrap();
    let mails: Value = get(&second, "/_kith/mails").await.json().await.unwrap();
    assert_eq!(mails, json!([]), "a stream that is read again sends no mail again");
}

#[tokio::test]
async fn an_emulator_without_s3_is_good_for_the_rest() {
    let emulator = Emulator::without_s3().await;
    let kith = kith_on(&emulator).await;
    assert_eq!(get(&kith, "/health").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn somebody_elses_bucket_is_not_used() {
    let emulator = Emulator::with_all_names_taken().await;
    let other = OtherAws::new(emulator.url(), |_| None);
    let error = Kith::start(Options { other_aws: Some(other), ..Options::default() }).await.err().unwrap().to_string();
    for part in [emulator.url(), "CreateBucket", "BucketAlreadyExists", "kith-images-"] {
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn what_only_the_embedded_side_can_tell_is_not_implemented() {
    let emulator = Emulator::start().await;
    let kith = kith_on(&emulator).await;
    let fault = json!({"operation": "log-in", "kind": "throttle", "times": 1});
    for answer in [
        get(&kith, "/_kith/policies").await,
        get(&kith, "/_kith/objects").await,
        post(&kith, "/_kith/sweep", &json!({})).await,
        post(&kith, "/_kith/faults", &fault).await,
    ] {
        assert_eq!(answer.status(), StatusCode::NOT_IMPLEMENTED, "{}", answer.url());
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    let crash = json!({"operation": "show-me", "kind": "crash_before", "times": 1});
    assert_eq!(post(&kith, "/_kith/faults", &crash).await.status(), StatusCode::OK);
    assert_eq!(get(&kith, "/v1/me").await.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn an_address_where_nobody_answers_is_named() {
    let gone = Emulator::start().await;
    let url = gone.url().to_owned();
    drop(gone);
    let other = OtherAws::new(&url, |_| None);
    let error = Kith::start(Options { other_aws: Some(other), ..Options::default() }).await.err().unwrap();
    assert!(error.to_string().contains(&url), "{error}");
}

//! How requests use the table.

use kith_tests::{Kith, Record};
use serde_json::json;

const READS: [&str; 3] = ["GetItem", "BatchGetItem", "Query"];

fn is_read(action: &str) -> bool {
    READS.contains(&action)
}

/// The list of users finds their ids by the index, which may lag a moment; it reads the users themselves in the table.
/// Purging finds by it which notes may have ended, and asks the table whether they have.
fn may_read_the_index(record: &Record) -> bool {
    record.operation.as_deref().is_some_and(|operation| ["list-users", "purge-expired-notes"].contains(&operation))
}

/// Every read of a request is strongly consistent and of the table itself; nothing is scanned.
fn assert_sound(record: &Record) {
    for call in record.calls.iter().filter(|call| call.service == "dynamodb") {
        let is_listing = may_read_the_index(record) && call.action == "Query";
        assert!(call.index.is_none() || is_listing, "{} reads an index: {call:?}", record.route);
        assert!(
            call.consistent || !is_read(&call.action) || call.index.is_some(),
            "{} may read the past: {call:?}",
            record.route
        );
        assert!(!["Scan", "ExecuteStatement"].contains(&call.action.as_str()), "{}: {call:?}", record.route);
    }
}

#[tokio::test]
async fn c91_requests_read_consistently_never_an_index_and_never_everything() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    let mut answers = vec![ada.register().await, ada.resend().await];
    let token = ada.newest_link_token().await;
    answers.push(ada.get(&format!("/confirm?token={token}")).await);
    answers.push(ada.confirm(&token).await);
    answers.push(ada.log_in_as(&ada.person.email, &ada.person.password).await);
    let ada = ada.logged_in().await;
    answers.push(ada.get("/v1/me").await);
    answers.push(ada.patch("/v1/me").json(json!({"first_name": "Ada"})).await);
    answers.push(ada.get("/v1/auth/sessions").await);
    answers.push(ada.get("/.well-known/jwks.json").await);
    let next = ada.refresh(ada.refresh_token()).await;
    let ada = ada.with_tokens_of(&next);
    answers.push(next);
    answers.push(ada.elsewhere().logged_in().await.post("/v1/auth/logout").await);
    answers.push(ada.delete("/v1/auth/sessions").await);
    for answer in &answers {
        assert!(answer.status() < 300, "{answer}");
        let record = kith.record_of(answer).await;
        assert!(record.database_calls > 0, "{} is not accounted for", record.route);
        assert!(record.price_usd > 0.0);
        assert_sound(&record);
    }
    // And whatever else has been asked of this server, on all routes.
    for record in kith.requests().await.iter().filter(|record| record.route.contains('/')) {
        assert_sound(record);
    }
}

#[tokio::test]
async fn g02_an_authenticated_read_costs_one_consistent_batch_of_session_and_user() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let work = async || {
        let record = kith.record_of(&ada.get("/v1/me").await).await;
        let calls = record.calls.into_iter().filter(|call| call.key_prefixes != ["keys#"]);
        let calls = calls.map(|call| (call.action, call.key_prefixes, call.read_units, call.write_units));
        let mut calls: Vec<_> = calls.collect();
        calls.sort_by(|one, other| one.1.cmp(&other.1));
        calls
    };
    let batch = |prefixes: [&str; 2]| ("BatchGetItem".to_owned(), prefixes.map(str::to_owned).to_vec(), 2.0, 0.0);
    // What admits, and beside it what is shown.
    assert_eq!(work().await, [batch(["auth#", "sessions#"]), batch(["password#", "user#"])]);
}

#[tokio::test]
async fn g02_a_list_costs_by_the_page_and_not_by_the_table() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut ada = kith.registered("ada").await;
    let cost = async |path: &str| {
        let record = kith.record_of(&ada.get(path).await).await;
        (record.calls.iter().filter(|call| call.key_prefixes != ["keys#"]).count(), record.write_units)
    };
    assert_eq!(cost("/v1/auth/sessions?limit=1").await, (2, 0.0));
    for _ in 0..5 {
        ada.elsewhere().logged_in().await;
    }
    let cost = async |path: &str| {
        let record = kith.record_of(&ada.get(path).await).await;
        record.calls.iter().filter(|call| call.key_prefixes != ["keys#"]).count()
    };
    assert_eq!(cost("/v1/auth/sessions?limit=1").await, 2);
    assert_eq!(cost("/v1/auth/sessions").await, 2);
    ada.address.clear();
}

#[tokio::test]
async fn x06_asking_for_health_costs_no_call() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let record = kith.record_of(&kith.visitor().get("/health").await).await;
    assert!(record.calls.is_empty(), "{:?}", record.calls);
}

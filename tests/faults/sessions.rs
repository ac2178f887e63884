//! Faults while somebody logs in, stays logged in and leaves.

use serde_json::Value;

use crate::{KINDS, kith, strike, strike_times};

/// How many sessions somebody has, by their own list.
async fn sessions(of: &kith_tests::Actor) -> Vec<Value> {
    let list = of.get("/v1/auth/sessions?limit=100").await;
    list.assert_status(200);
    list.json()["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d15_whatever_happens_to_a_log_in_it_counts_once_and_opens_one_session() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    for (before, kind) in (1..).zip(KINDS) {
        strike(&kith, "log-in", "TransactWriteItems", kind).await;
        let answer = ada.elsewhere().log_in().await;
        assert_eq!(answer.status(), 200, "{kind}: {answer}");
        let me = ada.get("/v1/me").await.json();
        assert_eq!(me["login_count"], before + 1, "{kind}");
        assert_eq!(sessions(&ada).await.len(), before + 1, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h05_whatever_happens_to_the_counting_of_a_log_in_it_counts_once_and_is_given_back_once() {
    let kith = kith().await;
    let ada = kith.confirmed("ada").await;
    for kind in KINDS {
        let somewhere = ada.elsewhere();
        for left in (7..10).rev() {
            strike(&kith, "log-in", "UpdateItem", kind).await;
            let answer = somewhere.log_in_as(&ada.person.username, "this is not the password").await;
            assert_eq!(answer.status(), 401, "{kind}: {answer}");
            assert!(answer.header("ratelimit").unwrap().contains(&format!("\"login\";r={left};")), "{kind}: {answer}");
            strike(&kith, "log-in", "UpdateItem", kind).await;
            assert_eq!(somewhere.log_in().await.status(), 200, "{kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c04_a_log_in_whose_answer_got_lost_before_a_conflict_is_right() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    strike(&kith, "log-in", "TransactWriteItems", "applied_answer_lost").await;
    strike(&kith, "log-in", "TransactWriteItems", "conflict").await;
    let again = ada.elsewhere().logged_in().await;
    again.get("/v1/me").await.assert_status(200);
    assert_eq!(sessions(&ada).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c04_a_key_ring_that_cannot_be_read_at_once_is_read_again() {
    for kind in ["throttle", "timeout", "error"] {
        let kith = kith().await;
        let ada = kith.confirmed("ada").await;
        strike(&kith, "log-in", "GetSecretValue", kind).await;
        ada.logged_in().await.get("/v1/me").await.assert_status(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c06_whatever_happens_to_a_refresh_the_pair_works_and_the_old_token_gets_it_again() {
    let kith = kith().await;
    let mut ada = kith.registered("ada").await;
    for kind in KINDS {
        let old = ada.refresh_token().to_owned();
        strike(&kith, "refresh-token", "UpdateItem", kind).await;
        let answer = ada.refresh(&old).await;
        assert_eq!(answer.status(), 200, "{kind}: {answer}");
        ada = ada.with_tokens_of(&answer);
        ada.get("/v1/me").await.assert_status(200);
        assert_eq!(ada.refresh(&old).await.assert_status(200).json(), answer.json(), "{kind}");
    }
    let newest = ada.refresh_token().to_owned();
    ada.refresh(&newest).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c06_a_refresh_whose_answer_got_lost_before_a_conflict_gives_a_pair_that_works() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    strike(&kith, "refresh-token", "UpdateItem", "applied_answer_lost").await;
    strike(&kith, "refresh-token", "UpdateItem", "conflict").await;
    let ada = ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await);
    ada.get("/v1/me").await.assert_status(200);
    ada.refresh(ada.refresh_token()).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c06_a_refresh_that_fails_for_good_leaves_the_session_and_its_token() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    strike_times(&kith, "refresh-token", "UpdateItem", "error", 4).await;
    let token = ada.refresh_token().to_owned();
    let failed = ada.refresh(&token).await;
    assert!(failed.status() >= 500, "{failed}");
    let again = ada.refresh(&token).await;
    ada.with_tokens_of(&again).get("/v1/me").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c07_whatever_happens_to_the_end_of_a_session_it_has_ended_and_is_answered_204() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    for kind in KINDS {
        let other = ada.elsewhere().logged_in().await;
        let listed = sessions(&ada).await;
        let session = listed.iter().find(|session| session["is_current"] == false).unwrap();
        let path = format!("/v1/auth/sessions/{}", session["id"].as_str().unwrap());
        for action in ["DeleteItem", "TransactWriteItems"] {
            strike(&kith, "revoke-session", action, kind).await;
        }
        let answer = ada.delete(&path).await;
        assert_eq!(answer.status(), 204, "{kind}: {answer}");
        other.get("/v1/me").await.assert_status(401);
        ada.get("/v1/me").await.assert_status(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d07_whatever_happens_to_a_log_out_it_is_done_and_answered_204() {
    let kith = kith().await;
    for kind in KINDS {
        let ada = kith.registered("ada").await;
        strike(&kith, "log-out", "DeleteItem", kind).await;
        let answer = ada.post("/v1/auth/logout").await;
        assert_eq!(answer.status(), 204, "{kind}: {answer}");
        ada.get("/v1/me").await.assert_status(401);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c07_whatever_happens_to_the_end_of_all_sessions_they_have_ended_and_new_ones_begin() {
    let kith = kith().await;
    for kind in KINDS {
        let ada = kith.registered("ada").await;
        strike(&kith, "revoke-all-sessions", "UpdateItem", kind).await;
        let answer = ada.delete("/v1/auth/sessions").await;
        assert_eq!(answer.status(), 204, "{kind}: {answer}");
        ada.get("/v1/me").await.assert_status(401);
        ada.logged_in().await.get("/v1/me").await.assert_status(200);
    }
}

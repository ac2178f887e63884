//! Faults while somebody gets an account.

use serde_json::json;

use crate::{KINDS, kept, kith, strike, strike_times};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c01_whatever_happens_to_a_registration_it_is_made_once_and_answered_201() {
    let kith = kith().await;
    for kind in KINDS {
        let ada = kith.newcomer("ada");
        strike(&kith, "register-account", "TransactWriteItems", kind).await;
        let answer = ada.register().await;
        assert_eq!(answer.status(), 201, "{kind}: {answer}");
        assert_eq!(kept(&kith, &ada).await, (0, 1, 1, 1), "{kind}");
        assert_eq!(ada.mails().await.len(), 1, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c03_a_registration_whose_answer_got_lost_does_not_find_its_own_username_taken() {
    let kith = kith().await;
    let ada = kith.newcomer("ada");
    // The repeat of the SDK meets another writer, so that the store begins anew.
    strike(&kith, "register-account", "TransactWriteItems", "applied_answer_lost").await;
    strike(&kith, "register-account", "TransactWriteItems", "conflict").await;
    ada.register().await.assert_status(201);
    assert_eq!(kept(&kith, &ada).await, (0, 1, 1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c01_a_counter_that_fails_does_not_fail_the_registration() {
    let kith = kith().await;
    for kind in KINDS {
        strike(&kith, "register-account", "UpdateItem", kind).await;
        kith.newcomer("ada").register().await.assert_status(201);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g09_a_registration_that_failed_for_the_client_is_repeated_with_its_key_and_made_once() {
    let kith = kith().await;
    let ada = kith.newcomer("ada");
    let key = format!("key-of-{}", ada.person.username);
    // More than the function's own tries: the work is done and the client sees a failure.
    strike_times(&kith, "register-account", "TransactWriteItems", "applied_answer_lost", 4).await;
    let failed = ada.register().header("idempotency-key", &key).await;
    assert!(failed.status() >= 500, "{failed}");
    let again = ada.register().header("idempotency-key", &key).await;
    again.assert_status(201);
    assert_eq!(again.text_at("/username"), ada.person.username);
    assert_eq!(kept(&kith, &ada).await, (0, 1, 1, 1));
    assert_eq!(ada.mails().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c85_a_table_that_stays_away_is_a_problem_without_internals_and_changes_nothing() {
    let kith = kith().await;
    for (kind, status, name) in [("throttle", 503, "busy"), ("conflict", 503, "busy"), ("error", 500, "internal")] {
        let ada = kith.newcomer("ada");
        strike_times(&kith, "register-account", "TransactWriteItems", kind, 30).await;
        let answer = ada.register().await;
        let problem = answer.assert_problem(status, name);
        for word in ["dynamo", "Exception", "table", "injected"] {
            assert!(!answer.text().contains(word), "{kind}: {problem:?}");
        }
        assert_eq!(answer.header("retry-after").is_some(), status == 503, "{kind}");
        assert_eq!(kept(&kith, &ada).await, (0, 0, 0, 0), "{kind}");
        // Faults that are left over belong to this round.
        let used = strike_out(&kith).await;
        assert!(used > 0, "{kind}: every fault was used up");
    }
}

/// Uses up the faults that are left for registrations; answers how many registrations that took.
async fn strike_out(kith: &kith_tests::Kith) -> usize {
    let mut tries = 0;
    while kith.newcomer("spare").register().await.status() != 201 {
        tries += 1;
        assert!(tries < 30, "the faults do not end");
    }
    tries
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e06_whatever_happens_to_a_confirmation_it_is_done_once_and_answered_204() {
    let kith = kith().await;
    for kind in KINDS {
        let ada = kith.pending("ada").await;
        let token = ada.newest_link_token().await;
        strike(&kith, "confirm-email", "TransactWriteItems", kind).await;
        let answer = ada.confirm(&token).await;
        assert_eq!(answer.status(), 204, "{kind}: {answer}");
        assert_eq!(kept(&kith, &ada).await, (1, 0, 1, 1), "{kind}");
        ada.log_in().await.assert_status(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e06_a_confirmation_whose_answer_got_lost_does_not_find_its_own_link_used() {
    let kith = kith().await;
    let ada = kith.pending("ada").await;
    let token = ada.newest_link_token().await;
    strike(&kith, "confirm-email", "TransactWriteItems", "applied_answer_lost").await;
    strike(&kith, "confirm-email", "TransactWriteItems", "conflict").await;
    ada.confirm(&token).await.assert_status(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e06_reads_that_fail_on_the_way_to_a_confirmation_are_repeated() {
    let kith = kith().await;
    for action in ["GetItem", "Query"] {
        for kind in ["throttle", "timeout", "error"] {
            let ada = kith.pending("ada").await;
            let token = ada.newest_link_token().await;
            strike(&kith, "confirm-email", action, kind).await;
            ada.confirm(&token).await.assert_status(204);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e06_whatever_happens_to_this_was_not_me_the_registration_is_gone() {
    let kith = kith().await;
    for kind in KINDS {
        let ada = kith.pending("ada").await;
        let token = ada.newest_link_token().await;
        strike(&kith, "submit-confirm-page", "TransactWriteItems", kind).await;
        let pressed = ada.post("/confirm").form(&[("token", &token), ("answer", "not_me")]).await;
        assert_eq!(pressed.status(), 200, "{kind}: {pressed}");
        assert_eq!(kept(&kith, &ada).await, (0, 0, 0, 0), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e11_whatever_happens_to_a_change_of_ones_account_it_is_made_once_and_answered_200() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    let mut tag = ada.get("/v1/me").await.header("etag").unwrap().to_owned();
    for kind in KINDS {
        strike(&kith, "update-me", "UpdateItem", kind).await;
        let change = ada.patch("/v1/me").json(json!({"first_name": kind.replace('_', " ")}));
        // With If-Match a change that is taken for somebody else's would be 412.
        let answer = change.header("if-match", &tag).await;
        assert_eq!(answer.status(), 200, "{kind}: {answer}");
        let rev = |tag: &str| tag.trim_matches('"').split('-').next().unwrap().parse::<u32>().unwrap();
        let next = answer.header("etag").unwrap().to_owned();
        assert_eq!(rev(&next), rev(&tag) + 1, "{kind}: {tag} {next}");
        tag = next;
    }
}

//! Faults between a change and its mail: none is lost, and none comes twice but for the one twin that the mail service
//! may make.

use std::time::Duration;

use kith_tests::{Actor, Kith};
use serde_json::json;

use crate::{KINDS, kith, strike, strike_times};

/// How often a look is taken at what another task does, at most: ten seconds of looking.
const LOOKS: u32 = 1000;

async fn crash(kith: &Kith, operation: &str, kind: &str, times: u32) {
    kith.inject_fault(json!({"operation": operation, "kind": kind, "times": times})).await;
}

async fn count(of: &Actor) -> usize {
    of.mails().await.len()
}

/// Waits until an asynchronous invocation has been given up.
async fn wait_for_dead_letter(kith: &Kith) {
    for _ in 0..LOOKS {
        let jobs = kith.helper("/_kith/jobs").await;
        if !jobs["dead_letters"].as_array().unwrap().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no asynchronous invocation was given up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d40_whatever_happens_to_the_hand_over_of_a_task_one_mail_comes() {
    let kith = kith().await;
    for kind in ["throttle", "timeout", "applied_answer_lost", "error"] {
        let ada = kith.newcomer("ada");
        strike(&kith, "relay-outbox", "Invoke", kind).await;
        ada.register().await.assert_status(201);
        assert_eq!(count(&ada).await, 1, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d40_a_hand_over_that_fails_for_good_is_taken_up_from_the_stream_again() {
    let kith = kith().await;
    let (ada, bob) = (kith.newcomer("ada"), kith.newcomer("bob"));
    strike_times(&kith, "relay-outbox", "Invoke", "error", 5).await;
    let (first, second) = futures::join!(async { ada.register().await }, async { bob.register().await });
    first.assert_status(201);
    second.assert_status(201);
    assert_eq!((count(&ada).await, count(&bob).await), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d40_a_stream_record_that_comes_twice_sends_one_mail() {
    let kith = kith().await;
    for kind in ["crash_before", "crash_after"] {
        let ada = kith.newcomer("ada");
        crash(&kith, "relay-outbox", kind, 1).await;
        ada.register().await.assert_status(201);
        assert_eq!(count(&ada).await, 1, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d40_a_delivery_that_dies_before_or_after_its_work_sends_one_mail() {
    let kith = kith().await;
    for (kind, times) in [("crash_before", 1), ("crash_before", 2), ("crash_after", 1), ("crash_after", 2)] {
        let ada = kith.newcomer("ada");
        crash(&kith, "deliver-mail", kind, times).await;
        ada.register().await.assert_status(201);
        assert_eq!(count(&ada).await, 1, "{kind} {times} times");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d40_whatever_happens_to_the_calls_of_a_delivery_one_mail_comes_and_its_link_works() {
    let kith = kith().await;
    for action in ["GetItem", "Query", "UpdateItem", "DeleteItem"] {
        for kind in KINDS {
            if kind == "conflict" && !action.ends_with("eItem") {
                continue;
            }
            let ada = kith.newcomer("ada");
            strike(&kith, "deliver-mail", action, kind).await;
            ada.register().await.assert_status(201);
            assert_eq!(count(&ada).await, 1, "{action} {kind}");
            let token = ada.newest_link_token().await;
            ada.confirm(&token).await.assert_status(204);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e05_a_mail_service_that_fails_gets_the_mail_again_and_sends_it_once() {
    let kith = kith().await;
    for (kind, times) in [("throttle", 2), ("timeout", 2), ("error", 3), ("error", 6)] {
        let ada = kith.newcomer("ada");
        strike_times(&kith, "deliver-mail", "SendRawEmail", kind, times).await;
        ada.register().await.assert_status(201);
        assert_eq!(count(&ada).await, 1, "{kind} {times} times");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d40_a_mail_whose_acceptance_got_lost_has_one_twin_at_most_with_the_same_link() {
    let kith = kith().await;
    let ada = kith.newcomer("ada");
    strike(&kith, "deliver-mail", "SendRawEmail", "applied_answer_lost").await;
    ada.register().await.assert_status(201);
    let mails = ada.mails().await;
    assert!((1..=2).contains(&mails.len()), "{} mails", mails.len());
    let token = ada.newest_link_token().await;
    ada.confirm(&token).await.assert_status(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d46_a_mail_that_was_given_up_is_sent_by_the_schedule_once() {
    let kith = kith().await;
    let ada = kith.newcomer("ada");
    // Four tries of the SDK in each of three attempts: the task is taken, and whoever took it is gone.
    strike_times(&kith, "deliver-mail", "SendRawEmail", "error", 12).await;
    ada.register().await.assert_status(201);
    wait_for_dead_letter(&kith).await;
    assert_eq!(kith.items("outbox-").await.len(), 1, "the task stays");

    assert_eq!(kith.job("redrive-outbox").await["handed_over"], 0, "it is too young");
    let mut clock = kith.clock().await;
    clock.advance("16m").await;
    assert_eq!(kith.job("redrive-outbox").await["handed_over"], 1);
    assert_eq!(count(&ada).await, 1);
    assert_eq!(kith.job("redrive-outbox").await["handed_over"], 0, "it is done");
    assert_eq!(count(&ada).await, 1);
    let token = ada.newest_link_token().await;
    ada.confirm(&token).await.assert_status(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d40_a_schedule_that_runs_twice_at_once_sends_one_mail() {
    let kith = kith().await;
    let ada = kith.newcomer("ada");
    crash(&kith, "deliver-mail", "crash_before", 3).await;
    ada.register().await.assert_status(201);
    wait_for_dead_letter(&kith).await;
    kith.clock().await.advance("16m").await;
    futures::join!(kith.job("redrive-outbox"), kith.job("redrive-outbox"));
    assert_eq!(count(&ada).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d46_a_redrive_whose_calls_fail_or_whose_answers_get_lost_hands_over_once() {
    for kind in ["throttle", "timeout", "applied_answer_lost"] {
        let kith = kith().await;
        let ada = kith.newcomer("ada");
        crash(&kith, "deliver-mail", "crash_before", 3).await;
        ada.register().await.assert_status(201);
        wait_for_dead_letter(&kith).await;
        kith.clock().await.advance("16m").await;
        for action in ["Query", "UpdateItem", "Invoke"] {
            strike(&kith, "redrive-outbox", action, kind).await;
        }
        assert_eq!(kith.job("redrive-outbox").await["handed_over"], 1, "{kind}");
        assert_eq!(count(&ada).await, 1, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b07_a_rotation_whose_answers_got_lost_leaves_keys_that_work() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    let mut clock = kith.clock().await;
    clock.advance("30d").await;
    for action in ["TransactWriteItems", "PutSecretValue", "UpdateItem"] {
        strike(&kith, "rotate-keys", action, "applied_answer_lost").await;
    }
    let rotated = kith.job("rotate-keys").await;
    assert!(rotated["signing"].get("changed").is_some(), "{rotated}");
    let keys = kith.visitor().get("/.well-known/jwks.json").await;
    assert_eq!(keys.json()["keys"].as_array().unwrap().len(), 3, "{keys}");
    clock.advance("2h").await;
    ada.elsewhere().logged_in().await.get("/v1/me").await.assert_status(200);
}

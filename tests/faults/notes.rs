//! Faults while somebody seals, opens and destroys notes: no reading is lost, and none is had twice.

use kith_tests::{Actor, Answer, Kith, Request};
use serde_json::{Value, json};

use crate::{KINDS, assert_struck, kith, strike};

/// Seals a note from an address of its own.
async fn seal(kith: &Kith, note: Value) -> Answer {
    let answer = kith.visitor().post("/v1/notes").json(note).await;
    assert_eq!(answer.status(), 201, "{answer}");
    answer
}

fn open(kith: &Kith, note: &Answer, passphrase: Option<&str>) -> Request {
    let path = format!("/v1/notes/{}/open", note.text_at("/token"));
    kith.visitor().post(&path).json(json!({"passphrase": passphrase}))
}

/// Lets a write of the note itself go wrong. Before it, one counts for the limit of an address that is new.
async fn strike_later(kith: &Kith, kind: &str, after: u32, times: u32) {
    let fault = json!({"operation": "open-note", "action": "UpdateItem", "kind": kind, "times": times, "after": after});
    kith.inject_fault(fault).await;
}

/// Fails unless so many writes of `open-note` went wrong; a condition that does not hold is nothing wrong.
async fn assert_struck_later(kith: &Kith, times: usize) {
    let requests = kith.requests().await;
    let calls = requests.iter().filter(|record| record.operation.as_deref() == Some("open-note"));
    let calls = calls.flat_map(|record| &record.calls).filter(|call| call.action == "UpdateItem");
    let outcomes: Vec<&str> = calls.map(|call| call.outcome.as_str()).collect();
    let is_struck = |outcome: &&&str| !["ok", "ConditionalCheckFailedException"].contains(*outcome);
    assert_eq!(outcomes.iter().filter(is_struck).count(), times, "{outcomes:?}");
}

/// A note's own item.
async fn stored(kith: &Kith, note: &Answer) -> Value {
    let id = note.text_at("/id");
    kith.items("note#").await.into_iter().find(|item| item["id"] == *id).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b01_whatever_happens_to_sealing_there_is_one_note_and_its_link_opens_it() {
    let kith = kith().await;
    for (made, kind) in (1..).zip(KINDS) {
        strike(&kith, "seal-note", "TransactWriteItems", kind).await;
        let note = seal(&kith, json!({"text": kind})).await;
        assert_eq!(kith.items("note#").await.len(), made, "{kind}");
        assert_eq!(kith.items("noteid#").await.len(), made, "{kind}");
        assert_eq!(open(&kith, &note, None).await.text_at("/text"), kind);
    }
    assert_struck(&kith, "seal-note", "TransactWriteItems", KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g09_a_note_whose_sealing_died_before_the_answer_is_the_same_when_asked_again() {
    let kith = kith().await;
    let visitor = kith.visitor();
    let seal = || visitor.post("/v1/notes").json(json!({"text": "once"})).header("idempotency-key", "0123456789abcdef");
    kith.inject_fault(json!({"operation": "seal-note", "kind": "crash_after", "times": 1})).await;
    let died = seal().await;
    assert!(died.status() >= 500, "{died}");
    let note = seal().await;
    assert_eq!(note.status(), 201, "{note}");
    assert_eq!(kith.items("note#").await.len(), 1);
    assert_eq!(open(&kith, &note, None).await.text_at("/text"), "once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g04_whatever_happens_to_opening_it_takes_exactly_one_reading() {
    let kith = kith().await;
    for max_views in [1, 3] {
        for kind in KINDS {
            let note = seal(&kith, json!({"text": kind, "max_views": max_views})).await;
            for left in (0..max_views).rev() {
                strike_later(&kith, kind, 1, 1).await;
                let opened = open(&kith, &note, None).await;
                assert_eq!(opened.status(), 200, "{kind}: {opened}");
                assert_eq!((opened.text_at("/text").as_str(), &opened.json()["views_left"]), (kind, &json!(left)));
                let item = stored(&kith, &note).await;
                assert_eq!((&item["views_left"], item.get("sealed").is_some()), (&json!(left), left > 0), "{kind}");
            }
            open(&kith, &note, None).await.assert_problem(404, "not-found");
        }
    }
    assert_struck_later(&kith, 4 * KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g04_a_reading_whose_answer_got_lost_is_neither_lost_nor_doubled_when_others_read_in_between() {
    let kith = kith().await;
    for max_views in [2, 3] {
        let note = seal(&kith, json!({"text": "for some", "max_views": max_views})).await;
        strike_later(&kith, "applied_answer_lost", 1, 1).await;
        let slow = tokio::spawn(open(&kith, &note, None).into_future());
        // The first reading is taken, and whoever took it does not know yet.
        while stored(&kith, &note).await["views_left"] == max_views {
            tokio::task::yield_now().await;
        }
        let quick = open(&kith, &note, None).await;
        let slow = slow.await.unwrap();
        for opened in [&quick, &slow] {
            assert_eq!(opened.status(), 200, "{opened}");
            assert_eq!(opened.text_at("/text"), "for some");
        }
        assert_eq!(stored(&kith, &note).await["views_left"], max_views - 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g04_an_opening_that_fails_for_good_or_dies_before_it_burns_nothing() {
    let kith = kith().await;
    let note = seal(&kith, json!({"text": "still here", "passphrase": "open sesame"})).await;
    kith.inject_fault(json!({"operation": "open-note", "kind": "crash_before", "times": 1})).await;
    let died = open(&kith, &note, Some("open sesame")).await;
    assert!(died.status() >= 500, "{died}");
    // Its try is counted and its reading is not taken.
    strike_later(&kith, "error", 2, 4).await;
    let failed = open(&kith, &note, Some("open sesame")).await;
    assert!(failed.status() >= 500, "{failed}");
    assert_eq!(stored(&kith, &note).await["views_left"], 1);
    assert_eq!(open(&kith, &note, Some("open sesame")).await.text_at("/text"), "still here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g05_whatever_happens_to_the_counting_a_wrong_passphrase_counts_once_and_the_right_one_not_at_all() {
    let kith = kith().await;
    let note = seal(&kith, json!({"text": "a", "passphrase": "open sesame", "max_views": 100})).await;
    for (tried, kind) in (1..).zip(KINDS) {
        strike_later(&kith, kind, 1, 1).await;
        open(&kith, &note, Some("open barley")).await.assert_problem(403, "wrong-passphrase");
        assert_eq!(stored(&kith, &note).await["tries"].as_array().unwrap().len(), tried, "{kind}");
        // Lost while it is counted, and while it is given back.
        for after in [1, 2] {
            strike_later(&kith, kind, after, 1).await;
            let opened = open(&kith, &note, Some("open sesame")).await;
            assert_eq!(opened.status(), 200, "{kind}: {opened}");
            assert_eq!(stored(&kith, &note).await["tries"].as_array().unwrap().len(), tried, "{kind}");
        }
    }
    assert_eq!(stored(&kith, &note).await["views_left"], 100 - 2 * KINDS.len());
    assert_struck_later(&kith, 3 * KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b01_whatever_happens_to_destroying_a_note_it_is_gone_and_answered_204() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    for kind in KINDS {
        let note = ada.post("/v1/notes").json(json!({"text": "a"})).await;
        strike(&kith, "destroy-note", "TransactWriteItems", kind).await;
        let path = format!("/v1/notes/by-id/{}", note.text_at("/id"));
        let answer = ada.delete(&path).await;
        assert_eq!(answer.status(), 204, "{kind}: {answer}");
        assert!(kith.items("note").await.is_empty(), "{kind}");
        ada.delete(&path).await.assert_problem(404, "not-found");
    }
    assert_struck(&kith, "destroy-note", "TransactWriteItems", KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b07_a_rotation_that_fails_at_a_secret_is_repeated_and_both_rings_have_one_key_more() {
    for action in ["GetSecretValue", "PutSecretValue"] {
        for kind in KINDS {
            let kith = kith().await;
            let (ada, mut clock) = (kith.registered("ada").await, kith.clock().await);
            let old = seal(&kith, json!({"text": kind})).await;
            let (key, kid) = (stored(&kith, &old).await["key_id"].clone(), kid(&ada));
            clock.advance("6d").await;
            // More often than a call is tried, for both rings.
            let fault = json!({"operation": "rotate-keys", "action": action, "kind": kind, "times": 8});
            kith.inject_fault(fault).await;
            let event = json!({"source": "aws.events", "time": kith.now().await.to_string()});
            let first = kith.visitor().post("/_kith/jobs/rotate-keys").json(&event).await;
            assert!(first.status() >= 400, "{action} {kind}: {first}");
            kith.job_with("rotate-keys", event.clone()).await;
            let done = json!({"signing": "not_due", "notes": "not_due"});
            assert_eq!(kith.job_with("rotate-keys", event).await, done, "{action} {kind}");
            clock.advance("66m").await;
            let new = seal(&kith, json!({"text": kind})).await;
            assert_ne!(stored(&kith, &new).await["key_id"], key, "{action} {kind}");
            assert_ne!(self::kid(&ada.elsewhere().logged_in().await), kid, "{action} {kind}");
            for note in [&old, &new] {
                assert_eq!(open(&kith, note, None).await.text_at("/text"), kind, "{action}");
            }
        }
    }
}

fn kid(actor: &Actor) -> String {
    kith_tests::Jwt::parse(actor.access()).kid().to_owned()
}

//! Functions that die after they did something: whoever asks again as they asked gets what the first asking gave.

use kith_tests::{Actor, Answer, Kith};
use serde_json::{Value, json};

use crate::{KINDS, kith, strike};

const KEY: &str = "0123456789abcdef";

async fn open(by: &Actor, note: &Answer, key: Option<&str>) -> Answer {
    let request = by.open(&note.text_at("/token")).json(json!({"passphrase": "open sesame"}));
    match key {
        Some(key) => request.header("idempotency-key", key).await,
        None => request.await,
    }
}

async fn stored(kith: &Kith, note: &Answer) -> Value {
    let id = note.text_at("/id");
    kith.items("note#").await.into_iter().find(|item| item["id"] == *id).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h31_a_reading_whose_answer_is_lost_is_had_by_asking_again() {
    let kith = kith().await;
    for passphrase in [None, Some("open sesame")] {
        for max_views in [1, 2] {
            let visitor = kith.visitor();
            let note = visitor.seal(json!({"text": "a", "passphrase": passphrase, "max_views": max_views})).await;
            // It dies with the text in its hands, twice.
            kith.inject_fault(json!({"operation": "open-note", "kind": "crash_after", "times": 2})).await;
            for _ in 0..2 {
                let died = open(&visitor, &note, Some(KEY)).await;
                assert!(died.status() >= 500, "{died}");
                assert_eq!(stored(&kith, &note).await["views_left"], max_views - 1);
            }
            let again = open(&visitor, &note, Some(KEY)).await;
            assert_eq!((again.status(), again.text_at("/text").as_str()), (200, "a"), "{again}");
            let item = stored(&kith, &note).await;
            assert_eq!((&item["views_left"], item.get("tries")), (&json!(max_views - 1), None));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h31_whatever_happens_to_opening_again_it_shows_the_text_and_takes_no_other_reading() {
    let kith = kith().await;
    // Which writes there are after the one that counts for the limit of an address that is new: of the reading; with a
    // passphrase of the try, and of what gives it back.
    for (passphrase, first, again) in [(None, &[1][..], &[0][..]), (Some("open sesame"), &[1, 2], &[1, 2])] {
        for kind in KINDS {
            let note = kith.visitor().seal(json!({"text": kind, "passphrase": passphrase, "max_views": 9})).await;
            let mut left = 9;
            for (number, after) in first.iter().enumerate() {
                left -= 1;
                for after in [*after].iter().chain(again) {
                    let fault = json!({
                        "operation": "open-note", "action": "UpdateItem", "kind": kind, "times": 1, "after": after,
                    });
                    kith.inject_fault(fault).await;
                    let opened = open(&kith.visitor(), &note, Some(&format!("{KEY}{number}"))).await;
                    assert_eq!((opened.status(), opened.text_at("/text").as_str()), (200, kind), "{opened}");
                    let item = stored(&kith, &note).await;
                    assert_eq!((&item["views_left"], item.get("tries")), (&json!(left), None), "{kind} {after}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h31_a_job_that_dies_before_it_takes_a_text_out_does_it_in_its_next_run() {
    let kith = kith().await;
    let mut clock = kith.clock().await;
    for kind in KINDS {
        let visitor = kith.visitor();
        let note = visitor.seal(json!({"text": kind})).await;
        assert_eq!(open(&visitor, &note, Some(KEY)).await.status(), 200);
        clock.advance("61s").await;
        let fault = json!({"operation": "expire-items", "action": "UpdateItem", "kind": kind, "times": 4});
        kith.inject_fault(fault).await;
        kith.visitor().post("/_kith/jobs/expire-items").json(json!({})).await;
        kith.job("expire-items").await;
        assert!(stored(&kith, &note).await.get("sealed").is_none(), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h31_a_press_whose_answer_is_lost_is_told_of_its_success_by_the_next_one() {
    let kith = kith().await;
    for answer in ["confirm", "not_me"] {
        let ada = kith.pending("ada").await;
        let token = ada.newest_link_token().await;
        let press = async || {
            let form =
                [("token", token.as_str()), ("key", KEY), ("answer", answer), ("password", &*ada.person.password)];
            ada.bare_request("POST", "/confirm").form(&form).await
        };
        kith.inject_fault(json!({"operation": "submit-confirm-page", "kind": "crash_after", "times": 1})).await;
        let died = press().await;
        assert!(died.status() >= 500, "{died}");
        assert_eq!(press().await.status(), 200, "{answer}");
    }
    let ada = kith.confirmed("ada").await;
    ada.forget_password().await.assert_status(202);
    let token = ada.newest_link_token().await;
    let password = "a new long secret";
    let press = async || {
        let form = [("token", token.as_str()), ("key", KEY), ("password", password), ("password_again", password)];
        ada.bare_request("POST", "/reset-password").form(&form).await
    };
    kith.inject_fault(json!({"operation": "submit-reset-password-page", "kind": "crash_after", "times": 1})).await;
    let died = press().await;
    assert!(died.status() >= 500, "{died}");
    assert_eq!(press().await.status(), 200);
    ada.log_in_as(&ada.person.username, password).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h31_whatever_happens_to_the_transaction_of_a_press_it_has_one_effect_and_is_told_of_it() {
    let kith = kith().await;
    for kind in KINDS {
        let ada = kith.pending("ada").await;
        let token = ada.newest_link_token().await;
        strike(&kith, "submit-confirm-page", "TransactWriteItems", kind).await;
        for _ in 0..2 {
            let password = &*ada.person.password;
            let form = [("token", token.as_str()), ("key", KEY), ("answer", "confirm"), ("password", password)];
            let told = ada.bare_request("POST", "/confirm").form(&form).await;
            assert_eq!(told.status(), 200, "{kind}: {told}");
        }
        ada.log_in().await.assert_status(200);
    }
}

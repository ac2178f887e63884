//! Faults while photos are set, removed and forgotten: one photo is shown, and no object stays that nobody shows.

use kith_tests::{Actor, Kith, pictures};
use serde_json::json;

use crate::{KINDS, assert_struck, kith, strike, strike_times};

const PROFILE: &str = "/v1/me/profile-photo";
/// How often the SDK tries a call.
const TRIES: u32 = 4;

/// The path of the photo on a new card.
async fn on_card(owner: &Actor) -> String {
    let made = owner.post("/v1/contacts").json(json!({"first_name": "Grace"})).await;
    format!("/v1/contacts/{}/photo", made.assert_status(201).text_at("/id"))
}

/// The functions that set a photo and remove it, and where.
async fn routes(owner: &Actor) -> [(&'static str, &'static str, String); 2] {
    [
        ("set-profile-photo", "remove-profile-photo", PROFILE.to_owned()),
        ("set-contact-photo", "remove-contact-photo", on_card(owner).await),
    ]
}

async fn set(owner: &Actor, path: &str) {
    owner.put(path).body("image/png", pictures::png(9, 9)).await.assert_status(200);
}

/// Keys of the objects of this person's photos.
async fn objects(kith: &Kith, owner: &Actor) -> Vec<String> {
    let mut found = kith.objects(&format!("users/{}/", owner.id())).await;
    found.extend(kith.objects(&format!("contacts/{}/", owner.id())).await);
    found
}

async fn under_way(kith: &Kith, owner: &Actor) -> usize {
    kith.items(&format!("uploads#{}", owner.id())).await.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c24_whatever_happens_to_a_single_call_one_photo_is_set_and_removed() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    for (setting, removing, path) in routes(&ada).await {
        for kind in KINDS {
            if kind != "conflict" {
                strike(&kith, setting, "PutObject", kind).await;
            }
            strike(&kith, setting, "TransactWriteItems", kind).await;
            set(&ada, &path).await;
            kith.settle().await;
            assert_eq!(objects(&kith, &ada).await.len(), 2, "{setting} {kind}");
            assert_eq!(under_way(&kith, &ada).await, 0, "{setting} {kind}");
        }
        assert_struck(&kith, setting, "PutObject", KINDS.len() - 1).await;
        assert_struck(&kith, setting, "TransactWriteItems", KINDS.len()).await;
        for kind in KINDS {
            set(&ada, &path).await;
            strike(&kith, removing, "TransactWriteItems", kind).await;
            ada.delete(&path).await.assert_status(204);
            kith.settle().await;
            assert!(objects(&kith, &ada).await.is_empty(), "{removing} {kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c24_what_cannot_be_written_changes_nothing_and_is_forgotten() {
    let kith = kith().await;
    // Two people: an account uploads no more than 30 pictures an hour.
    let people = [kith.registered("ada").await, kith.registered("bob").await];
    for (place, who) in people.iter().enumerate() {
        let (setting, _, path) = routes(who).await[place].clone();
        let put = || who.put(&path).body("image/png", pictures::png(9, 9)).into_future();
        for kind in ["throttle", "timeout", "error", "applied_answer_lost"] {
            set(who, &path).await;
            kith.settle().await;
            let before = objects(&kith, who).await;
            // Both objects, as often as the SDK tries.
            strike_times(&kith, setting, "PutObject", kind, 2 * TRIES).await;
            let refused = put().await;
            assert_eq!(refused.status(), 500, "{setting} {kind}: {refused}");
            // The photo is still there, and nothing is removed.
            kith.settle().await;
            let after = objects(&kith, who).await;
            assert!(before.len() == 2 && before.iter().all(|key| after.contains(key)), "{setting} {kind}");
            // Where the first object could not be written, nobody tried the second for as long.
            while put().await.status() != 200 {}
        }
        who.delete(&path).await.assert_status(204);
        assert!(under_way(&kith, who).await >= 4, "{setting}");
    }
    kith.settle().await;
    let mut clock = kith.clock().await;
    clock.advance("2h").await;
    kith.job("expire-items").await;
    for who in &people {
        assert_eq!(under_way(&kith, who).await, 0);
        assert!(objects(&kith, who).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c24_a_function_that_dies_before_or_after_its_work_leaves_one_photo() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    for (setting, _, path) in routes(&ada).await {
        for kind in ["crash_before", "crash_after"] {
            kith.inject_fault(json!({"operation": setting, "kind": kind})).await;
            let answer = ada.put(&path).body("image/png", pictures::png(9, 9)).await;
            assert!(answer.status() >= 500, "{setting} {kind}: {answer}");
            // The client tries again.
            set(&ada, &path).await;
            kith.settle().await;
            assert_eq!(objects(&kith, &ada).await.len(), 2, "{setting} {kind}");
            assert_eq!(under_way(&kith, &ada).await, 0, "{setting} {kind}");
        }
        ada.delete(&path).await.assert_status(204);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c24_objects_that_cannot_be_deleted_at_once_are_deleted_later() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    for (_, _, path) in routes(&ada).await {
        set(&ada, &path).await;
        strike_times(&kith, "clean-up", "DeleteObject", "error", TRIES).await;
        ada.delete(&path).await.assert_status(204);
        kith.settle().await;
        assert!(objects(&kith, &ada).await.is_empty(), "{path}");
    }
    for (_, _, path) in routes(&ada).await {
        set(&ada, &path).await;
    }
    strike_times(&kith, "erase-account", "DeleteObject", "error", TRIES).await;
    ada.leave().await.assert_status(204);
    kith.settle().await;
    assert!(objects(&kith, &ada).await.is_empty());
    assert!(kith.items(&format!("contacts#{}", ada.id())).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h33_a_picture_is_shown_whatever_happens_to_a_single_call_and_nobody_keeps_a_failure() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    let shown = ada.put(PROFILE).body("image/png", pictures::png(9, 9)).await.text_at("/url");
    let kinds = ["throttle", "timeout", "error"];
    for kind in kinds {
        strike(&kith, "show-photo", "GetObject", kind).await;
        kith.fetch(&shown).await.assert_status(200);
    }
    assert_struck(&kith, "show-photo", "GetObject", kinds.len()).await;
    for kind in kinds {
        strike_times(&kith, "show-photo", "GetObject", kind, TRIES).await;
        let failed = kith.fetch(&shown).await;
        failed.assert_problem(500, "internal");
        assert_eq!(failed.header("cache-control"), Some("no-store"), "{kind}");
    }
    kith.fetch(&shown).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h33_an_upload_that_ends_while_its_account_is_erased_neither_stops_that_nor_stays() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    // The photo is set after the account was read, and before it is gone.
    strike(&kith, "set-profile-photo", "PutObject", "late").await;
    strike(&kith, "erase-account", "TransactWriteItems", "late").await;
    let leave = async {
        while under_way(&kith, &ada).await == 0 {
            ada.get("/v1/me").await.assert_status(200);
        }
        ada.leave().await.assert_status(204);
        kith.settle().await;
    };
    let upload = async { ada.put(PROFILE).body("image/png", pictures::png(9, 9)).await };
    let (_, ()) = futures::join!(upload, leave);
    kith.settle().await;
    assert!(objects(&kith, &ada).await.is_empty());
    assert!(kith.items(&format!("user#{}", ada.id())).await.is_empty());
    let erasures = kith.requests().await.into_iter().filter(|done| done.operation.as_deref() == Some("erase-account"));
    let erasures: Vec<_> = erasures.map(|done| (done.status, done.calls.len())).collect();
    assert!(matches!(erasures[..], [(200, _)]), "{erasures:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c24_d11_an_account_that_goes_takes_an_unfinished_upload_with_it() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    for (setting, _, path) in routes(&ada).await {
        strike_times(&kith, setting, "PutObject", "applied_answer_lost", 2 * TRIES).await;
        assert!(ada.put(&path).body("image/png", pictures::png(9, 9)).await.status() >= 500);
    }
    assert!(!objects(&kith, &ada).await.is_empty());
    ada.leave().await.assert_status(204);
    kith.settle().await;
    assert!(objects(&kith, &ada).await.is_empty());
    // What may still have been written is looked for once more when the uploads are over.
    assert_eq!(under_way(&kith, &ada).await, 2);
    let mut clock = kith.clock().await;
    clock.advance("2h").await;
    strike_times(&kith, "expire-items", "DeleteObject", "error", TRIES).await;
    kith.inject_fault(json!({"operation": "expire-items", "kind": "crash_after"})).await;
    for _ in 0..2 {
        // Whether this run fails is not the question.
        let _ = kith.visitor().post("/_kith/jobs/expire-items").await;
    }
    kith.job("expire-items").await;
    assert_eq!(under_way(&kith, &ada).await, 0);
}

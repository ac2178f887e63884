//! Where photos are kept: in the bucket, as long as something shows them.

use crate::cards;
use crate::photos::{COVER, PROFILE, of_card, upload};
use kith_tests::{Actor, Kith, pictures};
use serde_json::json;

/// The objects of this person, of accounts and of cards.
async fn objects(kith: &Kith, of: &Actor) -> Vec<String> {
    let mut found = kith.objects(&format!("users/{}/", of.id())).await;
    found.extend(kith.objects(&format!("contacts/{}/", of.id())).await);
    found
}

#[tokio::test]
async fn c24_a_photo_is_two_objects_in_the_bucket_that_the_deployment_names() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    upload(&ada, PROFILE, 300, 300).await;
    let listed = kith.helper(&format!("/_kith/objects?prefix=users/{}/", ada.id())).await;
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 2, "{listed:?}");
    for object in listed {
        assert_eq!(object["content_type"], "image/png");
        assert!(object["size"].as_u64().unwrap() > 100, "{object}");
        let key = object["key"].as_str().unwrap();
        assert!(key.ends_with("/large") || key.ends_with("/small"), "{key}");
    }
}

#[tokio::test]
async fn c24_the_old_objects_go_when_a_photo_is_replaced_or_removed() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let card = cards::add(&ada, json!({"first_name": "Grace"})).await;
    for path in [PROFILE.to_owned(), COVER.to_owned(), of_card(&card)] {
        upload(&ada, &path, 20, 20).await;
        let first = objects(&kith, &ada).await;
        assert_eq!(first.len(), 2);
        upload(&ada, &path, 30, 30).await;
        kith.settle().await;
        let second = objects(&kith, &ada).await;
        assert!(second.len() == 2 && first.iter().all(|key| !second.contains(key)), "{first:?} {second:?}");
        ada.delete(&path).await.assert_status(204);
        kith.settle().await;
        assert!(objects(&kith, &ada).await.is_empty());
    }
    assert!(kith.items("outbox-clean-up#").await.is_empty());
    assert!(kith.items(&format!("uploads#{}", ada.id())).await.is_empty());
}

#[tokio::test]
async fn c24_a_deleted_card_takes_its_photo_with_it() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let card = cards::add(&ada, json!({"first_name": "Grace"})).await;
    let kept = cards::add(&ada, json!({"first_name": "Edsger"})).await;
    upload(&ada, &of_card(&card), 20, 20).await;
    upload(&ada, &of_card(&kept), 20, 20).await;
    ada.delete(&cards::path(&card)).await.assert_status(204);
    kith.settle().await;
    assert_eq!(objects(&kith, &ada).await.len(), 2);
    let shown = cards::show(&ada, &kept).await;
    kith.fetch(shown["photo"]["url"].as_str().unwrap()).await.assert_status(200);
}

#[tokio::test]
async fn c24_d11_an_erased_account_leaves_no_object() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, root) = (kith.registered("ada").await, kith.admin("root").await);
    let bob = kith.registered("bob").await;
    for actor in [&ada, &bob] {
        upload(actor, PROFILE, 20, 20).await;
        upload(actor, COVER, 20, 20).await;
        for name in ["Grace", "Edsger", "Barbara"] {
            let card = cards::add(actor, json!({"first_name": name})).await;
            upload(actor, &of_card(&card), 20, 20).await;
        }
        assert_eq!(objects(&kith, actor).await.len(), 10);
    }
    ada.leave().await.assert_status(204);
    root.delete(&format!("/v1/users/{}", bob.id())).await.assert_status(204);
    kith.settle().await;
    for actor in [&ada, &bob] {
        assert!(objects(&kith, actor).await.is_empty());
        assert!(kith.items(&format!("contacts#{}", actor.id())).await.is_empty());
        assert!(kith.items(&format!("user#{}", actor.id())).await.is_empty());
    }
}

#[tokio::test]
async fn c24_an_upload_that_died_half_way_is_over_after_an_hour_and_leaves_nothing() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let ada = kith.registered("ada").await;
    let card = cards::add(&ada, json!({"first_name": "Grace"})).await;
    upload(&ada, COVER, 20, 20).await;
    for (operation, path) in [("set-profile-photo", PROFILE.to_owned()), ("set-contact-photo", of_card(&card))] {
        // Written, but the function never learns it: as often as it tries, for both objects.
        let lost = json!({"operation": operation, "action": "PutObject", "kind": "applied_answer_lost", "times": 8});
        kith.inject_fault(lost).await;
        ada.put(&path).body("image/png", pictures::png(9, 9)).await.assert_problem(500, "internal");
    }
    assert_eq!(ada.get("/v1/me").await.json()["profile_photo"]["is_default"], true);
    let written = objects(&kith, &ada).await.len();
    assert!(written > 2, "only {written} objects: nothing was left half-way");
    assert_eq!(kith.items(&format!("uploads#{}", ada.id())).await.len(), 2);

    let mut clock = kith.clock().await;
    clock.advance("59m").await;
    assert_eq!(kith.job("expire-items").await["uploads"], 0);
    clock.advance("2m").await;
    assert_eq!(kith.job("expire-items").await["uploads"], 2);
    assert_eq!(objects(&kith, &ada).await.len(), 2);
    assert!(kith.items(&format!("uploads#{}", ada.id())).await.is_empty());
    drop(clock);
    kith.shut_down().await;
}

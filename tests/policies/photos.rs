//! The parts of the journey of people who upload photos.

use kith_tests::{Actor, Kith, pictures};
use serde_json::{Value, json};

use crate::contacts::card;
use crate::journey::{Went, expect, helper};

/// Where one's own photos are set.
pub(crate) const PROFILE: &str = "/v1/me/profile-photo";
const COVER: &str = "/v1/me/cover-photo";

/// The part of one function.
pub(crate) async fn part(kith: &Kith, operation: &str) -> Went {
    let ada = kith.registered("ada").await;
    match operation {
        "set-profile-photo" => set(kith, &ada, PROFILE).await,
        "remove-profile-photo" => remove(&ada, PROFILE).await,
        "set-cover-photo" => set(kith, &ada, COVER).await,
        "remove-cover-photo" => remove(&ada, COVER).await,
        "set-contact-photo" => set(kith, &ada, &of_card(&ada).await?).await,
        "remove-contact-photo" => remove(&ada, &of_card(&ada).await?).await,
        "show-photo" => show(kith, &ada).await,
        "show-default-photo" => show_default(kith, &ada).await,
        other => Err(format!("the journey has no part for {other}: add one")),
    }
}

/// Where the photo of a new card is set.
async fn of_card(owner: &Actor) -> Result<String, String> {
    Ok(format!("{}/photo", card(owner).await?))
}

/// A new card with a photo.
pub(crate) async fn card_with_photo(owner: &Actor) -> Result<String, String> {
    let card = card(owner).await?;
    upload(owner, &format!("{card}/photo")).await?;
    Ok(card)
}

/// Uploads a photo.
pub(crate) async fn upload(who: &Actor, path: &str) -> Result<Value, String> {
    Ok(expect(who.put(path).body("image/png", pictures::png(3, 2)), 200).await?.json())
}

/// Opens both pictures of a photo by the addresses of an answer.
pub(crate) async fn open(kith: &Kith, photo: &Value) -> Went {
    for url in [&photo["url"], &photo["small"]["url"]] {
        let url = url.as_str().ok_or_else(|| format!("no address of a photo: {photo}"))?;
        expect(kith.fetch(url), 200).await?;
    }
    Ok(())
}

/// One, and another in its place; and none against a stale revision.
async fn set(kith: &Kith, ada: &Actor, path: &str) -> Went {
    for _ in 0..2 {
        open(kith, &upload(ada, path).await?).await?;
    }
    let stale = ada.put(path).body("image/png", pictures::png(3, 2)).header("if-match", "\"1\"");
    expect(stale, 412).await.map(drop)
}

async fn remove(ada: &Actor, path: &str) -> Went {
    upload(ada, path).await?;
    expect(ada.delete(path), 204).await?;
    expect(ada.delete(path), 404).await.map(drop)
}

/// Both pictures of an account's photo and of a card's.
async fn show(kith: &Kith, ada: &Actor) -> Went {
    for path in [PROFILE, &of_card(ada).await?] {
        open(kith, &upload(ada, path).await?).await?;
    }
    Ok(())
}

async fn show_default(kith: &Kith, ada: &Actor) -> Went {
    let me = expect(ada.get("/v1/me"), 200).await?.json();
    open(kith, &me["cover_photo"]).await
}

/// Photos of an account and of a card are removed, and their objects with them.
pub(crate) async fn clean_up(kith: &Kith, owner: &Actor) -> Went {
    for path in [PROFILE, &of_card(owner).await?] {
        upload(owner, path).await?;
        expect(owner.delete(path), 204).await?;
    }
    helper(kith, "/_kith/settle").await?;
    expect_no_objects(kith, owner).await
}

/// Lets uploads of an account's photo and of a card's expire whose every answer gets lost, with what they left.
pub(crate) async fn expire(kith: &Kith, owner: &Actor) -> Went {
    for (operation, path) in [("set-cover-photo", COVER), ("set-contact-photo", &of_card(owner).await?)] {
        let fault = json!({"operation": operation, "action": "PutObject", "kind": "applied_answer_lost", "times": 8});
        expect(kith.visitor().post("/_kith/faults").json(fault), 200).await?;
        if upload(owner, path).await.is_ok() {
            return Err("an upload was finished without an answer".to_owned());
        }
    }
    if objects(kith, owner).await.is_empty() {
        return Err("the uploads left nothing".to_owned());
    }
    kith.clock().await.advance("25h").await;
    helper(kith, "/_kith/jobs/expire-items").await?;
    expect_no_objects(kith, owner).await
}

/// Nothing is left of any photo.
pub(crate) async fn expect_no_objects(kith: &Kith, owner: &Actor) -> Went {
    let left = objects(kith, owner).await;
    if left.is_empty() { Ok(()) } else { Err(format!("objects are left: {left:?}")) }
}

/// Keys of the objects of somebody's photos.
async fn objects(kith: &Kith, owner: &Actor) -> Vec<String> {
    let mut keys = Vec::new();
    for kind in ["users", "contacts"] {
        keys.extend(kith.objects(&format!("{kind}/{}/", owner.id())).await);
    }
    keys
}

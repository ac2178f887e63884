//! Photos, as those see them who upload them and those to whom they are shown.

use crate::cards;
use kith_tests::{Actor, Answer, Kith, pictures};
use serde_json::{Value, json};

pub(crate) const PROFILE: &str = "/v1/me/profile-photo";
pub(crate) const COVER: &str = "/v1/me/cover-photo";

/// The path of the photo on a card.
pub(crate) fn of_card(id: &str) -> String {
    format!("{}/photo", cards::path(id))
}

/// Uploads a PNG; the photo as it is shown.
pub(crate) async fn upload(actor: &Actor, path: &str, width: u32, height: u32) -> Value {
    actor.put(path).body("image/png", pictures::png(width, height)).await.assert_status(200).json()
}

/// A form with one file, as a browser sends it.
fn form(file: &[u8]) -> (String, Vec<u8>) {
    let head = "--edge of it\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"me.png\"\r\n\
                Content-Type: application/octet-stream\r\n\r\n";
    let body = [head.as_bytes(), file, b"\r\n--edge of it--\r\n"].concat();
    ("multipart/form-data; boundary=\"edge of it\"".to_owned(), body)
}

/// The picture behind a link, which has the size and the type that it should have.
async fn picture(kith: &Kith, shown: &Value, content_type: &str) -> (Answer, image::RgbImage) {
    let answer = kith.fetch(shown["url"].as_str().unwrap()).await;
    assert_eq!(answer.assert_status(200).header("content-type"), Some(content_type));
    let pixels = image::load_from_memory(answer.body()).unwrap().into_rgb8();
    assert_eq!(json!([pixels.width(), pixels.height()]), json!([shown["width"], shown["height"]]));
    (answer, pixels)
}

/// The largest difference of any channel of any pixel.
fn difference(one: &image::RgbImage, other: &image::RgbImage) -> u8 {
    assert_eq!(one.dimensions(), other.dimensions());
    one.iter().zip(other.iter()).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

#[tokio::test]
async fn c19_profile_and_cover_photo_are_set_and_replaced_raw_and_in_a_form_and_shown_to_others() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob, root) = (kith.registered("ada").await, kith.registered("bob").await, kith.admin("root").await);
    for (path, name) in [(PROFILE, "profile_photo"), (COVER, "cover_photo")] {
        let raw = upload(&ada, path, 1600, 1200).await;
        assert_eq!((&raw["width"], &raw["height"]), (&json!(1024), &json!(768)));
        assert_eq!((&raw["small"]["width"], &raw["small"]["height"]), (&json!(200), &json!(150)));
        assert_eq!(raw["is_default"], false);
        picture(&kith, &raw, "image/png").await;
        picture(&kith, &raw["small"], "image/png").await;

        let (content_type, body) = form(&pictures::png(300, 600));
        let replaced = ada.put(path).body(&content_type, body).await.assert_status(200).json();
        assert_eq!((&replaced["width"], &replaced["height"]), (&json!(300), &json!(600)));
        assert_ne!(replaced["url"], raw["url"]);

        let by_id = format!("/v1/users/{}", ada.id());
        let by_name = format!("/v1/users/by-username/{}", ada.person.username);
        let by_email = format!("/v1/users?email={}", ada.person.email);
        for answer in [
            ada.get("/v1/me").await,
            ada.patch("/v1/me").json(json!({"first_name": "Ada"})).await,
            bob.get(&by_id).await,
            bob.get(&by_name).await,
            root.get(&by_email).await,
            root.patch(&by_id).json(json!({"first_name": "Ada"})).await,
        ] {
            let body = answer.assert_status(200).json();
            let shown = if body["items"].is_array() { &body["items"][0][name] } else { &body[name] };
            assert_eq!(
                (&shown["width"], &shown["height"], &shown["is_default"]),
                (&json!(300), &json!(600), &json!(false))
            );
            picture(&kith, shown, "image/png").await;
            picture(&kith, &shown["small"], "image/png").await;
        }
    }
}

#[tokio::test]
async fn c21_before_an_upload_and_after_removing_it_a_default_picture_stands_there() {
    let kith = Kith::shared().await;
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    for (path, name, width, height) in [(PROFILE, "profile_photo", 200, 200), (COVER, "cover_photo", 400, 500)] {
        let fresh = ada.get("/v1/me").await.json()[name].clone();
        assert_eq!(fresh["is_default"], true);
        assert_eq!((&fresh["width"], &fresh["height"]), (&json!(width), &json!(height)));
        let (answer, pixels) = picture(&kith, &fresh, "image/png").await;
        picture(&kith, &fresh["small"], "image/png").await;
        assert!(answer.header("cache-control").unwrap().starts_with("public, max-age="), "{answer}");
        let colours: std::collections::BTreeSet<_> = pixels.pixels().map(|pixel| pixel.0).collect();
        assert!(colours.len() > 4, "it is one plain colour: {colours:?}");

        let others = bob.get("/v1/me").await.json()[name].clone();
        assert!(picture(&kith, &others, "image/png").await.1 != pixels, "two people look alike");
        let seen = bob.get(&format!("/v1/users/{}", ada.id())).await.json()[name].clone();
        assert_eq!(seen, fresh);

        upload(&ada, path, 50, 50).await;
        assert_eq!(ada.get("/v1/me").await.json()[name]["is_default"], false);
        assert!(ada.delete(path).await.assert_status(204).body().is_empty());
        assert_eq!(ada.get("/v1/me").await.json()[name], fresh);
        ada.delete(path).await.assert_problem(404, "not-found");
    }
}

#[tokio::test]
async fn c21_default_pictures_depend_on_the_id_alone_and_are_kept_by_caches() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    let path = "/images/profile-photo/usr_01a318c1400074aab4a3b5b6a7a8b9c0";
    let first = visitor.get(path).await;
    first.assert_status(200);
    assert_eq!(visitor.get(path).await.body(), first.body());
    let again = visitor.get(path).header("if-none-match", first.header("etag").unwrap()).await;
    assert!(again.assert_status(304).body().is_empty());
    for unknown in ["/images/other/usr_01a318c1400074aab4a3b5b6a7a8b9c0", "/images/profile-photo/usr_1"] {
        visitor.get(unknown).await.assert_problem(404, "not-found");
    }
}

#[tokio::test]
async fn c23_the_link_shows_the_pixels_of_the_upload_and_nothing_else_that_was_in_it() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    // A photo taken upright: stored lying, with EXIF that says how to turn it.
    let file = pictures::phone_jpeg(1500, 1000, 6);
    let told: [&[u8]; 2] = [pictures::MAKER.as_bytes(), &pictures::LATITUDE];
    let says = |file: &[u8], told: &[u8]| file.windows(told.len()).any(|part| part == told);
    assert!(told.iter().all(|told| says(&file, told)));
    let card = cards::add(&ada, json!({"first_name": "Grace"})).await;
    for path in [PROFILE.to_owned(), COVER.to_owned(), of_card(&card)] {
        let shown = ada.put(&path).body("image/jpeg", file.clone()).await.assert_status(200).json();
        assert_eq!((&shown["width"], &shown["height"]), (&json!(683), &json!(1024)));
        assert_eq!((&shown["small"]["width"], &shown["small"]["height"]), (&json!(133), &json!(200)));
        for shown in [&shown, &shown["small"]] {
            let (answer, pixels) = picture(&kith, shown, "image/jpeg").await;
            let upright = image::imageops::rotate90(&pictures::photo(pixels.height(), pixels.width()));
            assert!(difference(&pixels, &upright) <= 12, "{path}: other pixels");
            let bytes = answer.body();
            assert!(!told.iter().any(|told| says(bytes, told)), "{path}: it still says where or by whom");
            assert!(!says(bytes, b"Exif") && !says(bytes, b"ICC_PROFILE"), "{path}");
        }
    }
}

#[tokio::test]
async fn c23_a_small_drawing_keeps_every_pixel() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let shown = upload(&ada, PROFILE, 120, 90).await;
    assert_eq!(picture(&kith, &shown, "image/png").await.1, pictures::photo(120, 90));
    assert_eq!(picture(&kith, &shown["small"], "image/png").await.1, pictures::photo(120, 90));
}

#[tokio::test]
async fn c23_whatever_the_content_type_says_the_content_decides() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    for content_type in ["image/png", "image/webp", "IMAGE/JPEG; charset=utf-8", "application/octet-stream"] {
        let shown = ada.put(PROFILE).body(content_type, pictures::png(20, 10)).await.assert_status(200).json();
        picture(&kith, &shown, "image/png").await;
    }
}

#[tokio::test]
async fn a_photo_is_set_and_removed_for_the_revision_that_is_asked_for() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let card = cards::add(&ada, json!({"first_name": "Grace"})).await;
    for (path, of) in [(PROFILE.to_owned(), "/v1/me".to_owned()), (of_card(&card), cards::path(&card))] {
        let tag = |answer: &Answer| answer.header("etag").unwrap().to_owned();
        let before = tag(&ada.get(&of).await);
        let put =
            |tag: &str| ada.put(&path).header("if-match", tag).body("image/png", pictures::png(9, 9)).into_future();
        let set = tag(put(&before).await.assert_status(200));
        put(&before).await.assert_problem(412, "stale");
        ada.delete(&path).header("if-match", &before).await.assert_problem(412, "stale");
        put(&set).await.assert_status(200);
        let now = tag(&ada.get(&of).await);
        ada.delete(&path).header("if-match", &now).await.assert_status(204);
    }
    // What was refused was not even decoded: one photo for each, twice, and all are gone.
    kith.settle().await;
    assert!(kith.objects(&format!("users/{}", ada.id())).await.is_empty());
    assert!(kith.items(&format!("uploads#{}", ada.id())).await.is_empty());
}

#[tokio::test]
async fn c19_a_card_has_a_photo_that_only_its_owner_sees_and_changes() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, eve, root) = (kith.registered("ada").await, kith.registered("eve").await, kith.admin("root").await);
    let card = cards::add(&ada, json!({"first_name": "Grace"})).await;
    let path = of_card(&card);
    assert_eq!(cards::show(&ada, &card).await["photo"], Value::Null);
    ada.delete(&path).await.assert_problem(404, "not-found");
    let set = upload(&ada, &path, 640, 480).await;
    assert_eq!((&set["width"], &set["height"], &set["is_default"]), (&json!(640), &json!(480), &json!(false)));
    let listed = cards::items(&ada.get(cards::PATH).await)[0].clone();
    let found = cards::items(&ada.get(&cards::list(&[("q", "grace")])).await)[0].clone();
    let changed = ada.patch(&cards::path(&card)).json(json!({"place": "Jena"})).await.json();
    for shown in [cards::show(&ada, &card).await, listed, found, changed] {
        picture(&kith, &shown["photo"], "image/png").await;
        picture(&kith, &shown["photo"]["small"], "image/png").await;
    }
    for stranger in [&eve, &root] {
        stranger.put(&path).body("image/png", pictures::png(9, 9)).await.assert_problem(404, "not-found");
        stranger.delete(&path).await.assert_problem(404, "not-found");
        assert!(kith.objects(&format!("contacts/{}", stranger.id())).await.is_empty());
        assert!(kith.objects(&format!("users/{}", stranger.id())).await.is_empty());
    }
    for unknown in ["con_01a318c1400074aab4a3b5b6a7a8b9c1", "999", &ada.id()] {
        let request = ada.put(&of_card(unknown)).body("image/png", pictures::png(9, 9));
        request.await.assert_problem(404, "not-found");
    }
    assert_eq!(cards::show(&ada, &card).await["photo"]["width"], 640);
    ada.delete(&path).await.assert_status(204);
    assert_eq!(cards::show(&ada, &card).await["photo"], Value::Null);
}

#[tokio::test]
async fn photos_that_are_set_at_the_same_time_leave_one_and_no_other_object() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let card = cards::add(&ada, json!({"first_name": "Grace"})).await;
    for (path, folder) in [(PROFILE.to_owned(), "users"), (of_card(&card), "contacts")] {
        let sizes = [10, 20, 30, 40];
        let uploads = sizes.map(|size| upload(&ada, &path, size, size));
        for shown in futures::future::join_all(uploads).await {
            assert_eq!(shown["is_default"], false);
        }
        kith.settle().await;
        let left = kith.objects(&format!("{folder}/{}", ada.id())).await;
        assert_eq!(left.len(), 2, "{left:?}");
        let me = if folder == "users" { ada.get("/v1/me").await } else { ada.get(&cards::path(&card)).await };
        let pointer = if folder == "users" { "/profile_photo/url" } else { "/photo/url" };
        let shown = left[0].rsplit('/').nth(1).unwrap();
        assert!(me.text_at(pointer).contains(shown), "{left:?}");
    }
}

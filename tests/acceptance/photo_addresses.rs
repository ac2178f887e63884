//! The addresses at which photos are shown.

use crate::cards;
use crate::photos::{COVER, PROFILE, of_card, upload};
use futures::future::join_all;
use jiff::Timestamp;
use kith_tests::{Actor, Answer, Kith, pictures};
use serde_json::{Value, json};

/// The address of the large picture of an answer.
fn url(photo: &Value) -> String {
    photo["url"].as_str().unwrap_or_else(|| panic!("no photo: {photo}")).to_owned()
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn tag(answer: &Answer) -> String {
    answer.assert_status(200).header("etag").unwrap().to_owned()
}

/// Somebody with a photo on a card; the path of the card, and the photo.
async fn pictured(kith: &Kith) -> (Actor, String, Value) {
    let ada = kith.registered("ada").await;
    let card = cards::add(&ada, json!({"first_name": "Grace"})).await;
    let photo = upload(&ada, &of_card(&card), 30, 20).await;
    (ada, cards::path(&card), photo)
}

/// Every way to an address that differs in one of its parts: photo, size, day and code.
fn altered(url: &str, others: &str) -> Vec<String> {
    let (parts, others): (Vec<&str>, Vec<&str>) = (url.split('/').collect(), others.split('/').collect());
    let first = parts.len() - 4;
    let with = |place: usize, part: &str| {
        let mut parts = parts.clone();
        parts[first + place] = part;
        parts.join("/")
    };
    let code = parts[first + 3];
    let flipped = format!("{}{}", if code.starts_with('A') { 'B' } else { 'A' }, &code[1..]);
    let mut altered: Vec<String> = (0..4).map(|place| with(place, others[first + place])).collect();
    // The size is the same, and so is the day but at midnight.
    altered.retain(|altered| altered != url);
    assert!(altered.len() >= 2, "another photo has another name and another code");
    altered.extend(["", "small", "Large", "large.png"].map(|size| with(1, size)));
    altered.extend(["2026-02-30", "today", ""].map(|day| with(2, day)));
    altered.extend([flipped, code[1..].to_owned(), format!("{code}="), String::new()].map(|code| with(3, &code)));
    altered.extend([parts[..parts.len() - 1].join("/"), format!("{url}/x")]);
    altered
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h33_forty_reads_give_one_address_and_one_tag_and_then_304_in_list_and_show() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    // On no day is this cut in two.
    let mut clock = kith.clock().await;
    clock.set(at("2031-03-01T12:00:00Z")).await;
    let (ada, card, set) = pictured(&kith).await;
    upload(&ada, PROFILE, 30, 20).await;
    let shown = [(card.as_str(), "/photo"), (cards::PATH, "/items/0/photo"), ("/v1/me", "/profile_photo")];
    for (path, pointer) in shown {
        // All at once: so many instances answer as there are.
        let reads = join_all((0..40).map(|_| ada.get(path).into_future())).await;
        let first = &reads[0];
        for read in &reads {
            assert_eq!(read.json().pointer(pointer), first.json().pointer(pointer));
            // A list has no revision, and so no tag.
            assert_eq!(read.header("etag"), first.header("etag"), "{path}");
        }
        if pointer != "/profile_photo" {
            assert_eq!(first.json().pointer(pointer), Some(&set), "{path}");
        }
        if let Some(tag) = first.header("etag") {
            let again = join_all((0..40).map(|_| ada.get(path).header("if-none-match", tag).into_future())).await;
            assert!(again.iter().all(|answer| answer.status() == 304), "{path}");
        }
    }
    for url in [url(&set), url(&set["small"])] {
        let pictures = join_all((0..10).map(|_| kith.fetch(&url).into_future())).await;
        let first = tag(&pictures[0]);
        assert!(pictures.iter().all(|picture| tag(picture) == first && picture.body() == pictures[0].body()));
        let again = kith.fetch(&url).header("if-none-match", &first).await;
        assert!(again.assert_status(304).body().is_empty());
    }
    drop(clock);
    kith.shut_down().await;
}

#[tokio::test]
async fn h33_a_photo_is_kept_for_a_day_by_whoever_sees_it_and_by_nobody_between() {
    let kith = Kith::shared().await;
    let (_, _, photo) = pictured(&kith).await;
    let path = url(&photo)[kith.url().len()..].to_owned();
    let visitor = kith.visitor();
    let (get, head) = (visitor.get(&path).await, visitor.request("HEAD", &path).await);
    for answer in [&get, &head] {
        answer.assert_status(200);
        for (name, value) in [
            ("cache-control", "private, max-age=86400, immutable"),
            ("content-type", "image/png"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("vary", "accept-encoding"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name}");
        }
    }
    assert!(head.body().is_empty());
    assert_eq!(head.header("content-length").unwrap(), get.body().len().to_string());
    assert_eq!(head.header("etag"), get.header("etag"));
}

#[tokio::test]
async fn h33_an_address_that_we_did_not_make_is_not_found_whatever_is_altered() {
    let kith = Kith::shared().await;
    let (ada, _, photo) = pictured(&kith).await;
    let profile = upload(&ada, PROFILE, 30, 20).await;
    let cover = upload(&ada, COVER, 30, 20).await;
    for (photo, other) in [(&photo, &profile), (&profile, &cover)] {
        kith.fetch(&url(photo)).await.assert_status(200);
        for wrong in altered(&url(photo), &url(other)) {
            let refused = kith.fetch(&wrong).await;
            refused.assert_problem(404, "not-found");
            assert_eq!(refused.header("cache-control"), Some("no-store"), "{wrong}");
        }
    }
    // A small picture's code is for the small one.
    let small = url(&photo["small"]);
    kith.fetch(&small).await.assert_status(200);
    kith.fetch(&small.replace("/small/", "/large/")).await.assert_problem(404, "not-found");
}

#[tokio::test]
async fn h33_an_address_tells_no_more_than_ids_and_the_day() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, card, photo) = pictured(&kith).await;
    let contact = card.rsplit('/').next().unwrap();
    let url = url(&photo);
    let rest = url.strip_prefix(&format!("{}/photos/{}.{contact}.pho_", kith.url(), ada.id()));
    let rest: Vec<&str> = rest.unwrap_or_else(|| panic!("{url}")).split('/').collect();
    assert_eq!(rest.iter().map(|part| part.len()).collect::<Vec<_>>(), [32, "large".len(), "2031-03-01".len(), 43]);
    // The secret is where it is needed, and is answered nowhere.
    let stored = kith.items(&format!("contacts#{}", ada.id())).await;
    let secret = stored.iter().find_map(|item| item["photo"]["secret"].as_str()).unwrap().to_owned();
    assert_eq!(secret.len(), 43);
    for path in [card.as_str(), cards::PATH] {
        assert!(!ada.get(path).await.text().contains(&secret), "{path}");
    }
}

#[tokio::test]
async fn h33_an_address_works_until_the_next_day_ends_and_is_another_each_day() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    clock.set(at("2031-03-01T00:00:00Z")).await;
    let (ada, card, photo) = pictured(&kith).await;
    let (first, first_tag) = (url(&photo), tag(&ada.get(&card).await));
    let seen = async || {
        let ada = ada.clone().logged_in().await;
        let shown = ada.get(&card).await;
        (url(&shown.json()["photo"]), tag(&shown))
    };
    clock.set(at("2031-03-01T23:55:00Z")).await;
    assert_eq!(seen().await, (first.clone(), first_tag.clone()), "the same for the whole day");
    clock.set(at("2031-03-02T00:00:00Z")).await;
    let (second, second_tag) = seen().await;
    assert!(second != first && second_tag != first_tag);
    clock.set(at("2031-03-02T23:55:00Z")).await;
    let pictures = [kith.fetch(&first).await, kith.fetch(&second).await];
    assert_eq!(tag(&pictures[0]), tag(&pictures[1]), "the picture is the same");
    clock.set(at("2031-03-03T00:00:00Z")).await;
    kith.fetch(&first).await.assert_problem(404, "not-found");
    kith.fetch(&second).await.assert_status(200);
    let tomorrow = second.replace("2031-03-02", "2031-03-04");
    kith.fetch(&tomorrow).await.assert_problem(404, "not-found");
    drop(clock);
    kith.shut_down().await;
}

#[tokio::test]
async fn h33_what_is_replaced_or_removed_is_not_found_at_any_address() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, card, first) = pictured(&kith).await;
    let second = upload(&ada, &format!("{card}/photo"), 40, 40).await;
    kith.settle().await;
    kith.fetch(&url(&first)).await.assert_problem(404, "not-found");
    kith.fetch(&url(&second)).await.assert_status(200);
    ada.delete(&format!("{card}/photo")).await.assert_status(204);
    let own = upload(&ada, PROFILE, 30, 20).await;
    kith.settle().await;
    kith.fetch(&url(&second)).await.assert_problem(404, "not-found");
    kith.fetch(&url(&own["small"])).await.assert_status(200);
    ada.leave().await.assert_status(204);
    kith.settle().await;
    for url in [url(&own), url(&own["small"])] {
        kith.fetch(&url).await.assert_problem(404, "not-found");
    }
}

#[tokio::test]
async fn h12_no_picture_that_is_shown_is_larger_than_a_mebibyte() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    // More than 4 MB as they come: of each byte another.
    let shown = ada.put(PROFILE).body("image/png", pictures::noise(1020)).await.assert_status(200).json();
    assert_eq!((&shown["width"], &shown["height"]), (&510.into(), &510.into()));
    let picture = kith.fetch(&url(&shown)).await;
    let length = picture.assert_status(200).body().len();
    assert!(length <= 1_048_576, "{length}");
}

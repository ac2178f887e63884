//! Uploads that are refused: nothing is stored, and nothing is changed.

use crate::cards;
use crate::photos::{COVER, PROFILE, of_card, upload};
use kith_tests::{Actor, Kith, pictures};
use serde_json::{Value, json};

/// The header of a PNG that says it has so many pixels. Its checksum is right.
fn bomb() -> Vec<u8> {
    // A real picture whose size is overwritten, with the checksum that belongs to 50,000 by 50,000 pixels.
    let mut file = pictures::png(10, 10);
    file[16..24].copy_from_slice(&[0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50]);
    let crc = crc(&file[12..29]);
    file[29..33].copy_from_slice(&crc.to_be_bytes());
    file
}

/// The checksum of a chunk (PNG, annex D).
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

fn refused() -> Vec<(&'static str, &'static str, Vec<u8>, u16)> {
    let png = pictures::png(300, 200);
    let svg = br#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;
    let mut long = png.clone();
    long.resize(4 * 1024 * 1024 + 1, 0);
    vec![
        ("empty", "image/png", vec![], 400),
        ("svg", "image/svg+xml", svg.to_vec(), 415),
        ("svg called png", "image/png", svg.to_vec(), 415),
        ("gif", "image/gif", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(), 415),
        ("html", "image/png", b"<!doctype html><script>alert(1)</script>".to_vec(), 415),
        ("json", "application/json", b"{}".to_vec(), 415),
        ("xml", "text/xml", b"<a/>".to_vec(), 415),
        ("png called text", "text/plain", png.clone(), 415),
        ("a byte over 4 MiB", "image/png", long, 413),
        ("wider than 4096", "image/png", pictures::png(4097, 2), 422),
        ("higher than 4096", "image/png", pictures::png(2, 4097), 422),
        ("bomb", "image/png", bomb(), 422),
        ("half a png", "image/png", png[..png.len() / 2].to_vec(), 422),
        ("half a jpeg", "image/jpeg", pictures::phone_jpeg(300, 200, 1)[..2000].to_vec(), 422),
        ("form without boundary", "multipart/form-data", png.clone(), 400),
        ("form that is none", "multipart/form-data; boundary=x", png, 400),
        ("form without file", "multipart/form-data; boundary=x", b"--x--\r\n".to_vec(), 400),
    ]
}

async fn assert_nothing_stored(kith: &Kith, actor: &Actor, what: &str) {
    for folder in ["users", "contacts"] {
        let objects = kith.objects(&format!("{folder}/{}", actor.id())).await;
        assert!(objects.is_empty(), "{what}: {objects:?}");
    }
    assert!(kith.items(&format!("uploads#{}", actor.id())).await.is_empty(), "{what}");
}

#[tokio::test]
async fn c22_x08_what_is_no_good_picture_is_refused_and_nothing_is_stored() {
    let Some(kith) = Kith::with_helpers().await else { return };
    for (what, content_type, body, status) in refused() {
        let ada = kith.registered("ada").await;
        let card = cards::add(&ada, json!({"first_name": "Grace"})).await;
        let before = ada.get("/v1/me").await.json();
        for path in [PROFILE.to_owned(), COVER.to_owned(), of_card(&card)] {
            let answer = ada.put(&path).body(content_type, body.clone()).await;
            assert_eq!(answer.status(), status, "{what}: {answer}");
            let problem = answer.problem();
            assert_eq!(problem.errors.len(), usize::from(status == 422), "{what}: {answer}");
            assert_nothing_stored(&kith, &ada, what).await;
        }
        assert_eq!(ada.get("/v1/me").await.json(), before, "{what}");
        assert_eq!(cards::show(&ada, &card).await["photo"], Value::Null, "{what}");
    }
}

#[tokio::test]
async fn c22_a_refused_upload_leaves_the_photo_that_is_there() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    upload(&ada, PROFILE, 40, 30).await;
    let objects = kith.objects(&format!("users/{}", ada.id())).await;
    for (_, content_type, body, status) in refused() {
        ada.put(PROFILE).body(content_type, body).await.assert_status(status);
    }
    kith.settle().await;
    assert_eq!(kith.objects(&format!("users/{}", ada.id())).await, objects);
    assert_eq!(ada.get("/v1/me").await.json()["profile_photo"]["width"], 40);
}

#[tokio::test]
async fn x08_what_the_gateway_does_not_take_never_reaches_a_function() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    ada.put(PROFILE).body("image/png", vec![0; 10 * 1024 * 1024]).await.assert_status(413);
    ada.put(PROFILE).body("image/png", vec![0; 5 * 1024 * 1024]).await.assert_status(413);
    assert_nothing_stored(&kith, &ada, "10 MiB").await;
}

#[tokio::test]
async fn x08_a_photo_of_just_4_mib_is_taken_in_a_form_too() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    // Whatever follows the end of a PNG is not looked at.
    let mut file = pictures::png(20, 10);
    file.resize(4 * 1024 * 1024, 0);
    ada.put(PROFILE).body("image/png", file.clone()).await.assert_status(200);
    let head = "--x\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"me.png\"\r\n\r\n";
    let form = [head.as_bytes(), &file, b"\r\n--x--\r\n"].concat();
    ada.put(PROFILE).body("multipart/form-data; boundary=x", form).await.assert_status(200);
}

#[tokio::test]
async fn c22_who_is_not_logged_in_uploads_nothing() {
    let kith = Kith::shared().await;
    for path in [PROFILE, COVER, "/v1/contacts/con_01a318c1400074aab4a3b5b6a7a8b9c1/photo"] {
        let visitor = kith.visitor();
        visitor.put(path).body("image/png", pictures::png(9, 9)).await.assert_problem(401, "unauthorized");
        visitor.delete(path).await.assert_problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn x03_an_account_uploads_30_pictures_an_hour() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    for left in (0..30).rev() {
        let answer = ada.put(PROFILE).body("image/png", "not even a picture").await;
        answer.assert_status(415);
        assert!(answer.header("ratelimit").unwrap().contains(&format!("\"upload\";r={left};t=")), "{answer}");
    }
    for path in [PROFILE, COVER] {
        let answer = ada.put(path).body("image/png", pictures::png(9, 9)).await;
        answer.assert_problem(429, "too-many");
        assert!(answer.header("retry-after").is_some());
    }
}

//! What people want to receive.

use kith_tests::{Answer, Kith};
use serde_json::{Value, json};

const PATH: &str = "/v1/me/preferences";

#[tokio::test]
async fn d01_a_new_account_gets_a_daily_digest_and_an_html_report() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let answer = ada.get(PATH).await;
    let expected = json!({"digest": "daily", "report": "html", "time_zone": "UTC", "details_in_reminders": true});
    assert_eq!(answer.assert_status(200).json(), expected);
    assert_eq!(ada.get("/v1/me").await.json()["preferences"], expected);
    assert!(answer.header("cache-control").unwrap().contains("private"));
}

#[tokio::test]
async fn d34_every_value_is_taken_and_what_is_not_sent_stays() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let mut expected = ada.get(PATH).await.json();
    let changes = [
        ("digest", vec!["weekly", "off", "daily"]),
        ("report", vec!["pdf", "off", "html"]),
        ("time_zone", vec!["Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kathmandu", "UTC"]),
    ];
    for (name, values) in changes {
        for value in values {
            expected[name] = json!(value);
            let answer = ada.patch(PATH).json(json!({name: value})).await;
            assert_eq!(answer.assert_status(200).json(), expected);
            assert_eq!(ada.get(PATH).await.json(), expected);
        }
    }
    let all = json!({"digest": "off", "report": "pdf", "time_zone": "asia/tokyo"});
    let answer = ada.patch(PATH).json(all).await;
    // In any case, as the database of time zones spells it.
    let all = json!({"digest": "off", "report": "pdf", "time_zone": "Asia/Tokyo", "details_in_reminders": true});
    assert_eq!(answer.json(), all);
    ada.patch(PATH).json(json!({})).await.assert_status(200);
}

#[tokio::test]
async fn d34_any_other_value_is_422_and_changes_nothing() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let before = ada.get(PATH).await;
    let bad = [
        ("digest", vec![json!("monthly"), json!("Daily"), json!(""), json!(null), json!(1)]),
        ("report", vec![json!("docx"), json!("HTML"), json!(null), json!(["pdf"])]),
        ("time_zone", vec![json!("Berlin"), json!("+02:00"), json!(""), json!("../etc/passwd"), json!(null)]),
    ];
    for (name, values) in bad {
        for value in values {
            ada.patch(PATH).json(json!({name: value})).await.assert_faults(&[&format!("/{name}")]);
        }
    }
    ada.patch(PATH)
        .json(json!({"digest": "never", "report": "fax", "time_zone": "Mars/Olympus", "colour": "red"}))
        .await
        .assert_faults(&["/digest", "/report", "/time_zone", "/colour"]);
    // One bad field keeps the good ones from being taken.
    ada.patch(PATH).json(json!({"digest": "off", "report": "fax"})).await.assert_faults(&["/report"]);
    let after = ada.get(PATH).await;
    assert_eq!((after.json(), after.header("etag")), (before.json(), before.header("etag")));
}

#[tokio::test]
async fn d34_preferences_have_a_tag_of_their_own_state() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let set = |tag: &str, digest: &str| ada.patch(PATH).header("if-match", tag).json(json!({"digest": digest}));
    let tag = |answer: &Answer| answer.header("etag").unwrap().to_owned();
    let first = ada.get(PATH).await;
    ada.get(PATH).header("if-none-match", tag(&first)).await.assert_status(304);
    let second = set(&tag(&first), "weekly").await;
    second.assert_status(200);
    set(&tag(&first), "off").await.assert_problem(412, "stale");
    let read = ada.get(PATH).header("if-none-match", tag(&first)).await;
    assert_eq!(read.assert_status(200).json()["digest"], "weekly");
    assert_eq!(tag(&read), tag(&second));
    ada.get(PATH).header("if-none-match", tag(&read)).await.assert_status(304);
    set("*", "off").await.assert_status(200);
}

#[tokio::test]
async fn d34_everybody_has_their_own() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    ada.patch(PATH).json(json!({"digest": "off"})).await.assert_status(200);
    assert_eq!(bob.get(PATH).await.json()["digest"], "daily");
    let tag = ada.get(PATH).await.header("etag").unwrap().to_owned();
    bob.get(PATH).header("if-none-match", tag).await.assert_status(200);
    assert_ne!(bob.get(PATH).await.json(), Value::Null);
}

//! Follow-ups of people who may not use their account for a while, and of today.

use crate::follow_ups::{MINUTE, card, in_minutes, plan, planned, remind, reminders};
use jiff::tz::TimeZone;
use kith_tests::Kith;
use serde_json::{Value, json};

#[tokio::test]
async fn h38_what_a_ban_or_switching_off_held_back_is_not_marked_as_done() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let root = kith.admin("root").await;
    let at = in_minutes(&kith, 5).await;
    let mut people = Vec::new();
    for name in ["banned", "off"] {
        let who = kith.registered(name).await;
        let (past, ahead) = (planned(&who, "Grace", at).await, planned(&who, "Alan", at + 10 * MINUTE).await);
        people.push((who, past, ahead));
    }
    let user = |index: usize| format!("/v1/users/{}", people[index].0.id());
    root.put(&format!("{}/ban", user(0))).await.assert_status(204);
    root.patch(&user(1)).json(json!({"active": false})).await.assert_status(200);
    clock.set(at).await;
    for _ in 0..2 {
        assert_eq!(remind(&kith).await, 0);
    }
    root.delete(&format!("{}/ban", user(0))).await.assert_status(204);
    root.patch(&user(1)).json(json!({"active": true})).await.assert_status(200);
    for (who, past, _) in &people {
        let card = who.logged_in().await.get(past).await.assert_status(200).json();
        assert_eq!(card["follow_up"]["reminded_at"], Value::Null);
        assert!(reminders(who).await.is_empty());
    }
    // What is still ahead comes.
    clock.set(at + 10 * MINUTE).await;
    assert_eq!(remind(&kith).await, 2);
    for (who, _, ahead) in &people {
        assert_eq!(reminders(who).await.len(), 1);
        let card = who.logged_in().await.get(ahead).await.assert_status(200).json();
        assert!(card["follow_up"]["reminded_at"].is_string());
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn h16_today_can_be_planned_after_nine_in_the_morning() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let today = kith.now().await.to_zoned(TimeZone::UTC).date().tomorrow().unwrap();
    clock.set(today.at(14, 20, 0, 0).in_tz("UTC").unwrap().timestamp()).await;
    let ada = kith.registered("ada").await;
    let card = card(&ada, "Grace").await;
    let shown = plan(&ada, &card, today).await.assert_status(200).json();
    assert_eq!(shown["local_at"], format!("{today}T23:59:00+00:00"));
    plan(&ada, &card, today.yesterday().unwrap()).await.assert_faults(&["/at"]);
    plan(&ada, &card, today.at(14, 19, 0, 0)).await.assert_faults(&["/at"]);
    kith.shut_down().await;
}

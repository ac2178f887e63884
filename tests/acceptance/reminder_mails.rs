//! How many reminder mails come: one for what is due together, and never too many.

use crate::follow_ups::{MINUTE, card, in_minutes, remind, reminders};
use crate::reminders::{plan, shown};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kith_tests::{Actor, Kith, Mail};
use serde_json::json;

/// Cards of so many friends, each with a coffee planned so many minutes after the one before, with a reminder at its time.
async fn friends(of: &Actor, names: std::ops::Range<usize>, first: Timestamp, apart: i32) -> Vec<String> {
    let mut cards = Vec::new();
    for (n, name) in names.enumerate() {
        let card = card(of, &format!("Friend{name:02}")).await;
        let at = first + i32::try_from(n).unwrap() * apart * MINUTE;
        plan(of, &card, json!({"at": at.to_string(), "remind_before": 0})).await;
        cards.push(card);
    }
    cards
}

/// Which of these friends a mail names, in both parts.
fn named(mail: &Mail, names: std::ops::Range<usize>) -> Vec<usize> {
    let is_named = |n: &usize| {
        let name = format!("Friend{n:02} Hopper");
        assert_eq!(mail.text.contains(&name), mail.html.contains(&name), "{name}");
        mail.text.contains(&name)
    };
    names.filter(is_named).collect()
}

#[tokio::test]
async fn h04_s07_sixty_follow_ups_of_one_minute_are_one_mail() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    let at = in_minutes(&kith, 10).await;
    let cards = friends(&ada, 0..60, at, 0).await;
    friends(&bob, 0..3, at, 0).await;
    clock.set(at).await;
    assert_eq!(remind(&kith).await, 63);
    for _ in 0..2 {
        assert_eq!(remind(&kith).await, 0);
    }
    let mails = reminders(&ada).await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].subject.ends_with("Hopper and 59 more"), "{}", mails[0].subject);
    assert_eq!(named(&mails[0], 0..60).len(), 49);
    assert!(mails[0].text.contains("There are 11 more"), "{}", mails[0].text);
    let mails = reminders(&bob).await;
    assert_eq!((mails.len(), named(&mails[0], 0..3)), (1, vec![0, 1, 2]));
    assert!(mails[0].subject.ends_with("Hopper and 2 more"), "{}", mails[0].subject);
    let ada = ada.logged_in().await;
    for card in cards {
        let shown = ada.get(&card).await.json()["follow_up"].clone();
        assert!(shown["reminded_at"].is_string() && shown["remind_at"].is_null(), "{shown}");
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn h04_a_day_has_fifty_reminder_mails_and_the_last_has_the_rest_of_it() {
    const ALL: usize = 55;
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    // At the beginning of a day, so that it does not end meanwhile.
    let day = kith.now().await.to_zoned(TimeZone::UTC).date().tomorrow().unwrap();
    clock.set(day.at(0, 1, 0, 0).in_tz("UTC").unwrap().timestamp()).await;
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    let first = in_minutes(&kith, 5).await;
    friends(&ada, 0..ALL, first, 1).await;
    // Of tomorrow, and of tomorrow with a reminder today.
    let night = day.tomorrow().unwrap().at(0, 0, 0, 0).in_tz("UTC").unwrap().timestamp();
    for (name, at, before) in [("Tomorrow", night, 0), ("Early", night + MINUTE, 2), ("Later", night + 90 * MINUTE, 60)]
    {
        let card = card(&ada, name).await;
        plan(&ada, &card, json!({"at": at.to_string(), "remind_before": before})).await;
    }
    let last = first + SignedDuration::from_mins(i64::try_from(ALL).unwrap() - 1);
    friends(&bob, 0..3, last, 0).await;
    for n in 0..50 {
        clock.set(first + n * MINUTE).await;
        remind(&kith).await;
    }
    let mails = reminders(&ada).await;
    assert_eq!(mails.len(), 50);
    for (mail, n) in mails.iter().skip(1).zip((0..49).rev()) {
        assert_eq!((named(mail, 0..ALL), mail.text.contains("last reminder mail")), (vec![n], false), "{}", mail.text);
    }
    assert_eq!(named(&mails[0], 0..ALL), (49..ALL).collect::<Vec<_>>(), "{}", mails[0].text);
    assert!(mails[0].text.contains("Early") && !mails[0].text.contains("Tomorrow") && !mails[0].text.contains("Later"));
    assert!(
        mails[0].text.contains("last reminder mail of today") && mails[0].html.contains("last reminder mail of today")
    );
    // What is planned after it for today waits for the first mail of tomorrow.
    let ada = ada.logged_in().await;
    let after = card(&ada, "Afterwards").await;
    plan(&ada, &after, json!({"at": (last + MINUTE).to_string(), "remind_before": 0})).await;
    clock.set(last + 2 * MINUTE).await;
    assert_eq!(remind(&kith).await, 3);
    assert_eq!((reminders(&ada).await.len(), reminders(&bob).await.len()), (50, 1));
    assert!(shown(&ada, &after).await["reminded_at"].is_null());
    clock.set(night - MINUTE).await;
    assert_eq!(remind(&kith).await, 0);
    clock.set(night).await;
    assert_eq!(remind(&kith).await, 2);
    let mails = reminders(&ada).await;
    assert_eq!((mails.len(), mails[0].subject.as_str()), (51, "Kith reminder: Tomorrow Hopper and 1 more"));
    assert!(
        mails[0].text.contains("Afterwards") && mails[0].text.contains("This is over already"),
        "{}",
        mails[0].text
    );
    clock.set(night + 30 * MINUTE).await;
    assert_eq!(remind(&kith).await, 1);
    assert_eq!(reminders(&ada).await.len(), 52);
    kith.shut_down().await;
}

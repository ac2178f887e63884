//! Reminders: in time to go there, and with what one needs for it.

use crate::follow_ups::{MINUTE, card, in_minutes, remind, reminders};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use kith_tests::{Actor, Kith};
use serde_json::{Value, json};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Plans something on a card; what is shown of it.
pub(crate) async fn plan(owner: &Actor, card: &str, plan: Value) -> Value {
    owner.put(&format!("{card}/follow-up")).json(plan).await.assert_status(200).json()
}

/// What a card says of what is planned, to somebody who logs in for it.
pub(crate) async fn shown(owner: &Actor, card: &str) -> Value {
    owner.logged_in().await.get(card).await.assert_status(200).json()["follow_up"].clone()
}

/// The day so many days from now, in UTC.
async fn in_days(kith: &Kith, days: i64) -> Date {
    kith.now().await.to_zoned(TimeZone::UTC).date().checked_add(days.days()).unwrap()
}

fn at(day: Date, hour: i8) -> Timestamp {
    day.at(hour, 0, 0, 0).in_tz("UTC").unwrap().timestamp()
}

fn written(time: Option<Timestamp>) -> Value {
    time.map_or(Value::Null, |time| json!(format!("{time:.3}")))
}

#[tokio::test]
async fn h32_a_reminder_comes_the_day_before_and_again_that_morning() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let day = in_days(&kith, 3).await;
    let (morning, meeting) = (at(day, 8), at(day, 15));
    let day_before = meeting - 24 * HOUR;
    let grace = card(&ada, "Grace").await;
    let spark = format!("We both love nanoseconds. {}", "x".repeat(400));
    let more = json!({
        "phone": "+1 555 0100", "email": "grace@example.org", "social_media": "@amazinggrace", "spark": spark,
    });
    ada.patch(&grace).json(more).await.assert_status(200);
    let made = plan(&ada, &grace, json!({"at": meeting.to_string(), "place": "Café am Ufer"})).await;
    assert_eq!((&made["remind_before"], &made["remind_at"]), (&Value::Null, &written(Some(day_before))));
    for (time, count, next) in [
        (day_before - MINUTE, 0, Some(day_before)),
        (day_before, 1, Some(morning)),
        (morning - MINUTE, 1, Some(morning)),
        (morning, 2, None),
        (meeting, 2, None),
    ] {
        clock.set(time).await;
        remind(&kith).await;
        assert_eq!(remind(&kith).await, 0);
        assert_eq!(reminders(&ada).await.len(), count, "{time}");
        let shown = shown(&ada, &grace).await;
        assert_eq!(shown["remind_at"], written(next), "{time}");
        assert_eq!(shown["reminded_at"].is_string(), count > 0, "{time}");
    }
    for mail in reminders(&ada).await {
        assert_eq!(mail.subject, "Kith reminder: Grace Hopper");
        for fact in [
            "Grace Hopper",
            "+1 555 0100",
            "grace@example.org",
            "@amazinggrace",
            "Café am Ufer",
            "We both love",
            "15:00",
        ] {
            assert!(mail.text.contains(fact) && mail.html.contains(fact), "{fact} is missing in {}", mail.text);
        }
        let most: String = spark.chars().take(300).collect();
        for part in [&mail.text, &mail.html] {
            assert!(!part.contains(&most) && part.contains(&format!("{}…", &most[..299])), "{part}");
            // A way to stop it.
            let words = part.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains("none for those that you cancel"), "{words}");
        }
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn h32_it_comes_as_long_before_as_one_says_and_never_too_late() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let (grace, alan) = (card(&ada, "Grace").await, card(&ada, "Alan").await);
    let meeting = in_minutes(&kith, 180).await;
    let made = plan(&ada, &grace, json!({"at": meeting.to_string(), "remind_before": 90})).await;
    let time = meeting - SignedDuration::from_mins(90);
    assert_eq!((&made["remind_before"], &made["remind_at"]), (&json!(90), &written(Some(time))));
    // What can come in time no more comes at once.
    plan(&ada, &alan, json!({"at": meeting.to_string(), "remind_before": 10_080})).await;
    clock.advance("1s").await;
    assert_eq!(remind(&kith).await, 1);
    assert!(reminders(&ada).await[0].subject.contains("Alan"));
    clock.set(time - MINUTE).await;
    assert_eq!(remind(&kith).await, 0);
    clock.set(time).await;
    assert_eq!(remind(&kith).await, 1);
    assert!(reminders(&ada).await[0].subject.contains("Grace"));
    let ada = ada.logged_in().await;
    for bad in [json!(-1), json!(10_081), json!("90"), json!(1.5)] {
        let plan = json!({"at": "2999-12-01", "remind_before": bad});
        ada.put(&format!("{grace}/follow-up")).json(plan).await.assert_faults(&["/remind_before"]);
    }
    for good in [json!(0), json!(10_080), Value::Null] {
        let made = plan(&ada, &grace, json!({"at": "2999-12-01", "remind_before": good})).await;
        assert_eq!(made["remind_before"], good);
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn h32_planned_after_that_morning_it_comes_an_hour_before() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let day = in_days(&kith, 1).await;
    clock.set(at(day, 9)).await;
    let ada = kith.registered("ada").await;
    let grace = card(&ada, "Grace").await;
    let made = plan(&ada, &grace, json!({"at": at(day, 15).to_string()})).await;
    assert_eq!(made["remind_at"], written(Some(at(day, 14))));
    clock.set(at(day, 14) - MINUTE).await;
    assert_eq!(remind(&kith).await, 0);
    clock.set(at(day, 14)).await;
    assert_eq!(remind(&kith).await, 1);
    // Less than an hour before it comes at once, and once.
    let alan = card(&ada.logged_in().await, "Alan").await;
    plan(&ada.logged_in().await, &alan, json!({"at": (at(day, 14) + 30 * MINUTE).to_string()})).await;
    clock.advance("1s").await;
    assert_eq!(remind(&kith).await, 1);
    clock.set(at(day, 15)).await;
    assert_eq!(remind(&kith).await, 0);
    assert_eq!(reminders(&ada).await.len(), 2);
    kith.shut_down().await;
}

#[tokio::test]
async fn h32_the_morning_is_at_eight_by_ones_own_clock_on_days_when_clocks_change_too() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let start = kith.now().await + 48 * HOUR;
    let mut days = Vec::new();
    for zone in ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"] {
        let tz = TimeZone::get(zone).unwrap();
        let changes = tz.following(start).take(2).map(|change| change.timestamp().to_zoned(tz.clone()).date());
        let mut of_zone: Vec<Date> = changes.collect();
        if of_zone.is_empty() {
            of_zone.push(start.to_zoned(tz.clone()).date());
        }
        days.extend(of_zone.into_iter().map(|day| (day.at(8, 0, 0, 0).in_tz(zone).unwrap().timestamp(), day, zone)));
    }
    days.sort();
    for (morning, day, zone) in days {
        let ada = kith.registered("ada").await;
        ada.patch("/v1/me/preferences").json(json!({"time_zone": zone})).await.assert_status(200);
        let grace = card(&ada, "Grace").await;
        plan(&ada, &grace, json!({"at": day.at(15, 0, 0, 0).to_string()})).await;
        let day_before = day.yesterday().unwrap().at(15, 0, 0, 0).in_tz(zone).unwrap().timestamp();
        for (time, count) in [(day_before - MINUTE, 0), (day_before, 1), (morning - MINUTE, 1), (morning, 2)] {
            if time > kith.now().await {
                clock.set(time).await;
            }
            remind(&kith).await;
            assert_eq!(reminders(&ada).await.len(), count, "{day} in {zone}: {time}");
        }
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn h32_a_preference_leaves_names_and_sparks_out_of_mails_as_it_is_when_they_leave() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let grace = card(&ada, "Grace").await;
    let details = json!({
        "spark": "nanoseconds", "phone": "+1 555 0100", "email": "grace@example.org", "social_media": "@amazing",
    });
    ada.patch(&grace).json(details).await.assert_status(200);
    let meeting = in_minutes(&kith, 60).await;
    plan(&ada, &grace, json!({"at": meeting.to_string(), "place": "Café", "remind_before": 50})).await;
    let path = "/v1/me/preferences";
    assert_eq!(ada.get(path).await.json()["details_in_reminders"], true);
    let off = ada.patch(path).json(json!({"details_in_reminders": false})).await;
    assert_eq!(off.assert_status(200).json()["details_in_reminders"], false);
    clock.set(meeting - 50 * MINUTE).await;
    assert_eq!(remind(&kith).await, 1);
    let mail = &reminders(&ada).await[0];
    assert_eq!(mail.subject, "Kith reminder: Coffee chat");
    for detail in ["Grace", "Hopper", "nanoseconds", "555", "grace@", "amazing"] {
        assert!(!mail.text.contains(detail) && !mail.html.contains(detail), "{}", mail.text);
    }
    assert!(mail.text.contains("Café") && mail.html.contains("Café"));
    for bad in [json!(null), json!("yes"), json!(1)] {
        ada.patch(path).json(json!({"details_in_reminders": bad})).await.assert_faults(&["/details_in_reminders"]);
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn s07_what_is_planned_again_for_the_same_time_is_not_told_again() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let grace = card(&ada, "Grace").await;
    let meeting = in_minutes(&kith, 100).await;
    let body = |at: Timestamp, place: &str| json!({"at": at.to_string(), "place": place, "remind_before": 95});
    plan(&ada, &grace, body(meeting, "Café")).await;
    clock.set(meeting - 95 * MINUTE).await;
    assert_eq!(remind(&kith).await, 1);
    for place in ["Harbour", "Library", "Café"] {
        let made = plan(&ada, &grace, body(meeting, place)).await;
        assert_eq!((&made["place"], &made["remind_at"]), (&json!(place), &Value::Null));
        assert!(made["reminded_at"].is_string());
        clock.advance("1m").await;
        assert_eq!(remind(&kith).await, 0);
    }
    // Another time is another plan.
    let made = plan(&ada, &grace, body(meeting + 10 * MINUTE, "Café")).await;
    assert_eq!(made["reminded_at"], Value::Null);
    clock.set(meeting - 85 * MINUTE).await;
    assert_eq!(remind(&kith).await, 1);
    assert_eq!(reminders(&ada).await.len(), 2);
    kith.shut_down().await;
}

#[tokio::test]
async fn h32_h38_what_a_ban_held_back_comes_after_it_where_it_is_still_ahead() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let root = kith.admin("root").await;
    let ada = kith.registered("ada").await;
    let (grace, alan) = (card(&ada, "Grace").await, card(&ada, "Alan").await);
    let soon = in_minutes(&kith, 20).await;
    plan(&ada, &grace, json!({"at": soon.to_string(), "remind_before": 10})).await;
    plan(&ada, &alan, json!({"at": (soon + HOUR).to_string(), "remind_before": 70})).await;
    let ban = format!("/v1/users/{}/ban", ada.id());
    root.put(&ban).await.assert_status(204);
    for time in [soon - 10 * MINUTE, soon + MINUTE] {
        clock.set(time).await;
        assert_eq!(remind(&kith).await, 0);
    }
    root.logged_in().await.delete(&ban).await.assert_status(204);
    assert_eq!(remind(&kith).await, 1);
    let mails = reminders(&ada).await;
    assert_eq!((mails.len(), mails[0].subject.as_str()), (1, "Kith reminder: Alan Hopper"));
    let over = shown(&ada, &grace).await;
    assert_eq!((&over["reminded_at"], &over["remind_at"]), (&Value::Null, &Value::Null));
    kith.shut_down().await;
}

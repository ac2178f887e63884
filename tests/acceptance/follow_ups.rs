//! Follow-ups: what is planned with the people on one's cards, and the mail that reminds of it. Whoever moves the clock
//! has a runner of their own.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use kith_tests::{Actor, Answer, ClockHand, Kith, Mail, Request};
use serde_json::{Value, json};

pub(crate) const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A card with a name on it; its path.
pub(crate) async fn card(owner: &Actor, name: &str) -> String {
    let card = owner.post("/v1/contacts").json(json!({"first_name": name, "last_name": "Hopper"})).await;
    format!("/v1/contacts/{}", card.assert_status(201).text_at("/id"))
}

pub(crate) fn plan(owner: &Actor, card: &str, at: impl ToString) -> Request {
    owner.put(&format!("{card}/follow-up")).json(json!({"at": at.to_string(), "remind_before": 0}))
}

/// A card on which a coffee is planned; its path.
pub(crate) async fn planned(owner: &Actor, name: &str, at: impl ToString) -> String {
    let card = card(owner, name).await;
    plan(owner, &card, at).await.assert_status(200);
    card
}

/// The next full minute that is at least so far away.
pub(crate) async fn in_minutes(kith: &Kith, minutes: i64) -> Timestamp {
    let second = kith.now().await.as_second() + 60 * (minutes + 1);
    Timestamp::from_second(second - second % 60).unwrap()
}

/// The reminders that somebody has got, newest first.
pub(crate) async fn reminders(of: &Actor) -> Vec<Mail> {
    let mut mails = of.mails().await;
    mails.retain(|mail| mail.subject.starts_with("Kith reminder"));
    mails
}

/// Runs the job; how many it has reminded of.
pub(crate) async fn remind(kith: &Kith) -> Value {
    let done = kith.job("remind-due").await;
    assert_eq!(done["failed"], 0, "{done}");
    done["reminded"].clone()
}

async fn live_in(who: &Actor, zone: &str) {
    who.patch("/v1/me/preferences").json(json!({"time_zone": zone})).await.assert_status(200);
}

/// What is stored of somebody's cards.
async fn stored(kith: &Kith, owner: &str) -> Vec<Value> {
    kith.items(&format!("contacts#{owner}")).await
}

/// Who is on the follow-ups of a page, in order.
fn names(page: &Answer) -> Vec<String> {
    let page = page.assert_status(200).json();
    page["items"].as_array().unwrap().iter().map(|item| item["contact_name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a18_a_coffee_is_planned_and_one_mail_comes_at_its_time_and_not_before() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    live_in(&ada, "Europe/Berlin").await;
    let at = in_minutes(&kith, 120).await;
    let local = at.to_zoned(TimeZone::get("Europe/Berlin").unwrap());

    let grace = card(&ada, "Grace").await;
    let when = local.datetime().to_string();
    let what = json!({"at": when, "what": "Tea & cake", "place": "Café am Ufer", "remind_before": 0});
    let answer = ada.put(&format!("{grace}/follow-up")).json(&what).await;
    let shown = answer.assert_status(200).json();
    let expected = json!({
        "at": format!("{at:.3}"), "local_at": local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        "time_zone": "Europe/Berlin", "what": "Tea & cake", "place": "Café am Ufer", "reminded_at": null,
        "remind_before": 0, "remind_at": format!("{at:.3}"),
    });
    assert_eq!(shown, expected);
    assert_eq!(ada.get(&grace).await.json()["follow_up"], expected);
    // Who has moved on since meets where it was planned.
    live_in(&ada, "Asia/Tokyo").await;

    clock.set(at - MINUTE).await;
    assert_eq!(remind(&kith).await, 0);
    assert!(reminders(&ada).await.is_empty());
    clock.set(at).await;
    assert_eq!(remind(&kith).await, 1);
    let mails = reminders(&ada).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "Kith reminder: Grace Hopper");
    assert_eq!(mails[0].to, [ada.person.email.as_str()]);
    let when = local.strftime("%A, %-d %B %Y, %H:%M").to_string();
    for fact in ["Tea & cake", "Grace Hopper", &when, "Europe/Berlin", "Café am Ufer"] {
        assert!(mails[0].text.contains(fact), "{fact} is missing in {}", mails[0].text);
        assert!(mails[0].html.contains(&fact.replace('&', "&#38;")), "{fact} is missing in {}", mails[0].html);
    }

    // However often the jobs run.
    assert_eq!(remind(&kith).await, 0);
    clock.advance("20m").await;
    kith.job("redrive-outbox").await;
    assert_eq!(remind(&kith).await, 0);
    assert_eq!(reminders(&ada).await.len(), 1);
    assert!(reminders(&bob).await.is_empty());
    let ada = ada.logged_in().await;
    let reminded_at = ada.get(&grace).await.json()["follow_up"]["reminded_at"].as_str().unwrap().to_owned();
    assert!((at..at + MINUTE).contains(&reminded_at.parse::<Timestamp>().unwrap()), "{reminded_at}");
    assert_eq!(names(&ada.get("/v1/follow-ups").await), ["Grace Hopper"]);
    kith.shut_down().await;
}

#[tokio::test]
async fn a18_what_is_cancelled_moved_deleted_or_somebodys_who_may_not_act_reminds_of_nothing() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let root = kith.admin("root").await;
    let at = in_minutes(&kith, 10).await;
    let mut people = Vec::new();
    for name in ["stays", "cancels", "moves", "deletes", "changes", "banned", "leaves", "again"] {
        let who = kith.registered(name).await;
        let card = planned(&who, "Grace", at).await;
        people.push((who, card));
    }
    let [stays, cancels, moves, deletes, changes, banned, leaves, again] = people.try_into().unwrap();
    cancels.0.delete(&format!("{}/follow-up", cancels.1)).await.assert_status(204);
    plan(&moves.0, &moves.1, at + MINUTE).await.assert_status(200);
    deletes.0.delete(&deletes.1).await.assert_status(204);
    // Another name, and another day and back, are no reason not to be reminded, once.
    changes.0.patch(&changes.1).json(json!({"first_name": "Admiral"})).await.assert_status(200);
    root.put(&format!("/v1/users/{}/ban", banned.0.id())).await.assert_status(204);
    leaves.0.leave().await.assert_status(204);
    for time in [at + 60 * MINUTE, at] {
        plan(&again.0, &again.1, time).await.assert_status(200);
    }
    kith.settle().await;

    clock.set(at).await;
    // The one who is banned is not reminded.
    assert_eq!(remind(&kith).await, 3);
    for (who, wanted) in
        [(&stays, 1), (&cancels, 0), (&moves, 0), (&deletes, 0), (&changes, 1), (&banned, 0), (&leaves, 0), (&again, 1)]
    {
        assert_eq!(reminders(&who.0).await.len(), wanted, "{}", who.0.person.username);
    }
    assert!(reminders(&changes.0).await[0].text.contains("Admiral Hopper"));
    clock.set(at + MINUTE).await;
    assert_eq!(remind(&kith).await, 1);
    assert_eq!(reminders(&moves.0).await.len(), 1);
    root.logged_in().await.delete(&format!("/v1/users/{}/ban", banned.0.id())).await.assert_status(204);
    assert_eq!(remind(&kith).await, 0);
    assert!(reminders(&banned.0).await.is_empty());
    let card = banned.0.logged_in().await.get(&banned.1).await.assert_status(200).json();
    assert_eq!(card["follow_up"]["reminded_at"], Value::Null, "H38: no mail went");

    // Whoever has been reminded may plan again.
    let stays = (stays.0.logged_in().await, stays.1);
    let next = in_minutes(&kith, 5).await;
    plan(&stays.0, &stays.1, next).await.assert_status(200);
    clock.set(next).await;
    assert_eq!(remind(&kith).await, 1);
    assert_eq!(reminders(&stays.0).await.len(), 2);
    kith.shut_down().await;
}

/// Somebody in a zone plans for `local`, as is written there, which is `at`: the mail comes then and shows it as `shown`.
async fn assert_reminded(kith: &Kith, clock: &mut ClockHand, zone: &str, local: &str, at: Timestamp, shown: DateTime) {
    let ada = kith.registered("ada").await;
    live_in(&ada, zone).await;
    let card = planned(&ada, "Grace", local).await;
    let follow_up = ada.get(&card).await.json()["follow_up"].clone();
    assert_eq!(follow_up["at"], format!("{at:.3}"), "{local} in {zone}");
    clock.set(at - MINUTE).await;
    assert_eq!(remind(kith).await, 0, "{local} in {zone}");
    clock.set(at).await;
    assert_eq!(remind(kith).await, 1, "{local} in {zone}");
    let text = reminders(&ada).await[0].text.split_whitespace().collect::<Vec<_>>().join(" ");
    let when = shown.strftime("When: %A, %-d %B %Y, %H:%M").to_string();
    assert!(text.contains(&format!("{when} ({zone}, UTC")), "{text}");
}

#[tokio::test]
async fn a18_everybody_is_reminded_by_the_clocks_of_their_own_zone() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let local = kith.now().await.to_zoned(TimeZone::UTC).date().at(15, 0, 0, 0) + 2.days();
    let zones = ["Pacific/Kiritimati", "Asia/Kathmandu", "Europe/London", "America/St_Johns", "Pacific/Pago_Pago"]
        .map(|zone| (local.in_tz(zone).unwrap().timestamp(), zone));
    assert!(zones.is_sorted(), "three in the afternoon comes first in the east");
    for (at, zone) in zones {
        assert_reminded(&kith, &mut clock, zone, &local.to_string(), at, local).await;
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn a18_in_nights_when_clocks_change_nobody_is_reminded_twice_or_never() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let start = kith.now().await + 180 * MINUTE;
    let mut nights = Vec::new();
    for zone in ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe"] {
        let tz = TimeZone::get(zone).unwrap();
        for change in tz.following(start).take(2).map(|change| change.timestamp()) {
            nights.push((change, zone, tz.to_offset(change - MINUTE), tz.to_offset(change)));
        }
    }
    nights.sort_by_key(|(change, ..)| *change);
    for (change, zone, before, after) in nights {
        let half = SignedDuration::from_secs((after - before).get_seconds() / 2).abs();
        if before < after {
            // In the middle of what is skipped: taken as much later.
            let (local, at) = (before.to_datetime(change + half), change + half);
            assert_reminded(&kith, &mut clock, zone, &local.to_string(), at, after.to_datetime(at)).await;
        } else {
            // In the middle of what comes twice: the first is meant; the other one is told by its offset.
            let (local, first, second) = (after.to_datetime(change + half), change - half, change + half);
            assert_eq!(before.to_datetime(first), local);
            assert_reminded(&kith, &mut clock, zone, &local.to_string(), first, local).await;
            let exact = second.display_with_offset(after).to_string();
            assert_reminded(&kith, &mut clock, zone, &exact, second, local).await;
        }
        clock.set(change + 180 * MINUTE).await;
        assert_eq!(remind(&kith).await, 0, "{zone}");
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn a18_a_day_without_a_time_means_nine_in_the_morning() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    live_in(&ada, "Asia/Tokyo").await;
    let card = card(&ada, "Grace").await;
    let shown = plan(&ada, &card, "2999-12-01").await.assert_status(200).json();
    assert_eq!((&shown["at"], &shown["what"]), (&json!("2999-12-01T00:00:00.000Z"), &json!("Coffee chat")));
    assert_eq!((&shown["local_at"], &shown["place"]), (&json!("2999-12-01T09:00:00+09:00"), &Value::Null));
    for (at, exact) in [
        ("2999-12-01T15:00Z", "2999-12-01T15:00:00.000Z"),
        ("2999-12-01T15:00:30.25+02:00", "2999-12-01T13:00:30.250Z"),
        ("2999-12-01T15:00", "2999-12-01T06:00:00.000Z"),
    ] {
        assert_eq!(plan(&ada, &card, at).await.assert_status(200).json()["at"], exact, "{at}");
    }
}

#[tokio::test]
async fn a06_a07_every_fault_of_a_plan_is_named_and_nothing_changes() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let card = planned(&ada, "Grace", "2999-12-01").await;
    let path = format!("{card}/follow-up");
    let before = ada.get(&card).await;
    let put = |body: Value| ada.put(&path).json(body);
    put(json!({})).await.assert_faults(&["/at"]);
    let bad = json!({"at": "soon", "what": "x".repeat(121), "place": "two\nlines", "colour": "red"});
    put(bad).await.assert_faults(&["/at", "/colour", "/place", "/what"]);
    put(json!({"at": 5, "what": null})).await.assert_faults(&["/at", "/what"]);
    for over in ["2020-01-01", "2020-01-01T00:00", "2020-01-01T00:00Z", "1815-12-10"] {
        put(json!({"at": over})).await.assert_faults(&["/at"]);
    }
    for odd in ["", "2999", "2999-13-01", "2999-02-29", "2999-12-01 15:00", "2999-12-01T15:00[Europe/Berlin]", "25:00"]
    {
        put(json!({"at": odd})).await.assert_faults(&["/at"]);
    }
    let after = ada.get(&card).await;
    assert_eq!((after.json(), after.header("etag")), (before.json(), before.header("etag")));
    let longest = json!({"at": "2999-12-01", "what": "é".repeat(120), "place": "ß".repeat(120)});
    put(longest).await.assert_status(200);
    // Whatever is written comes back as it was.
    let odd = json!({"at": "2999-12-01", "what": "<script>alert('hi')</script>", "place": "' OR 1=1 --"});
    put(odd.clone()).await.assert_status(200);
    let shown = ada.get(&card).await.json();
    assert_eq!((&shown["follow_up"]["what"], &shown["follow_up"]["place"]), (&odd["what"], &odd["place"]));
}

#[tokio::test]
async fn a14_a16_a_strangers_card_is_not_there_and_neither_is_what_is_planned() {
    let kith = Kith::shared().await;
    let (ada, eve) = (kith.registered("ada").await, kith.registered("eve").await);
    let card = planned(&ada, "Grace", "2999-12-01").await;
    let path = format!("{card}/follow-up");
    for nowhere in [path.as_str(), "/v1/contacts/con_0192f0c1a2b37c4d8e5f60718293a4b5/follow-up"] {
        plan(&eve, nowhere.trim_end_matches("/follow-up"), "2999-12-02").await.assert_problem(404, "not-found");
        eve.delete(nowhere).await.assert_problem(404, "not-found");
    }
    assert!(names(&eve.get("/v1/follow-ups").await).is_empty());
    assert_eq!(names(&ada.get("/v1/follow-ups").await), ["Grace Hopper"]);
    ada.delete(&path).await.assert_status(204);
    ada.delete(&path).await.assert_problem(404, "not-found");
    assert_eq!(ada.get(&card).await.json()["follow_up"], Value::Null);
    assert!(names(&ada.get("/v1/follow-ups").await).is_empty());
}

#[tokio::test]
async fn a_plan_is_made_and_cancelled_for_the_card_that_was_read() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let card = card(&ada, "Grace").await;
    let read = ada.get(&card).await.header("etag").unwrap().to_owned();
    let first = plan(&ada, &card, "2999-12-01").header("if-match", &read).await;
    let tag = first.assert_status(200).header("etag").unwrap().to_owned();
    plan(&ada, &card, "2999-12-02").header("if-match", &read).await.assert_problem(412, "stale");
    ada.delete(&format!("{card}/follow-up")).header("if-match", &read).await.assert_problem(412, "stale");
    // The same again changes nothing.
    let again = plan(&ada, &card, "2999-12-01").header("if-match", &tag).await;
    assert_eq!(again.assert_status(200).header("etag"), Some(tag.as_str()));
    ada.delete(&format!("{card}/follow-up")).header("if-match", &tag).await.assert_status(204);
}

#[tokio::test]
async fn c84_follow_ups_are_listed_the_soonest_first_over_pages() {
    let kith = Kith::shared().await;
    let (ada, eve) = (kith.registered("ada").await, kith.registered("eve").await);
    planned(&eve, "Eve", "2999-01-01").await;
    // Made in another order than they are due; two at the same time.
    let days: Vec<u32> = (0..23).map(|n| n * 7 % 23 + 1).collect();
    for day in &days {
        planned(&ada, &format!("Friend {day:02}"), format!("2999-10-{:02}", (*day).min(22))).await;
    }
    card(&ada, "Nothing planned").await;
    let all: Vec<String> = (1..=21).map(|day| format!("Friend {day:02} Hopper")).collect();
    for limit in [1, 5, 22, 23, 100] {
        let (mut walked, mut page) = (Vec::new(), ada.get(&format!("/v1/follow-ups?limit={limit}")).await);
        loop {
            walked.extend(names(&page));
            let Some(cursor) = page.json()["next_cursor"].as_str().map(str::to_owned) else { break };
            assert_eq!(names(&page).len(), limit);
            page = ada.get(&format!("/v1/follow-ups?limit={limit}&cursor={cursor}")).await;
        }
        assert_eq!(walked.len(), 23, "pages of {limit}");
        let mut last_two = walked.split_off(21);
        last_two.sort();
        assert_eq!(last_two, ["Friend 22 Hopper", "Friend 23 Hopper"]);
        assert_eq!(walked, all, "pages of {limit}");
    }
}

#[tokio::test]
async fn a18_plans_that_race_leave_one_and_the_list_agrees_with_the_card() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let card = planned(&ada, "Grace", "2999-12-01").await;
    let path = format!("{card}/follow-up");
    let mut requests: Vec<_> =
        (1..=20).map(|day| plan(&ada, &card, format!("2999-11-{day:02}")).into_future()).collect();
    requests.extend((0..5).map(|n| ada.patch(&card).json(json!({"spark": format!("{n}")})).into_future()));
    requests.push(ada.delete(&path).into_future());
    for answer in futures::future::join_all(requests).await {
        assert!([200, 204].contains(&answer.status()), "{answer}");
    }
    let card = ada.get(&card).await.json();
    let listed = ada.get("/v1/follow-ups").await.json()["items"].clone();
    let followed = stored(&kith, &ada.id()).await.into_iter().filter(|item| item["kind"] == "follow_up").count();
    match &card["follow_up"] {
        Value::Null => assert_eq!((listed, followed), (json!([]), 0)),
        planned => assert_eq!((&listed[0]["follow_up"], followed), (planned, 1)),
    }
}

#[tokio::test]
async fn a18_one_who_cannot_be_reminded_does_not_stop_the_others() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let at = in_minutes(&kith, 3).await;
    let mut people = Vec::new();
    for second in 0..4 {
        let who = kith.registered("ada").await;
        planned(&who, "Grace", at + SignedDuration::from_secs(second)).await;
        people.push(who);
    }
    clock.set(at + MINUTE).await;
    // All tries of the first one fail.
    let fault = json!({"operation": "remind-due", "action": "TransactWriteItems", "kind": "error", "times": 4});
    kith.inject_fault(fault).await;
    assert_eq!(kith.job("remind-due").await, json!({"reminded": 3, "passed_over": 0, "failed": 1}));
    let mut got = Vec::new();
    for who in &people {
        got.push(reminders(who).await.len());
    }
    assert_eq!(got, [0, 1, 1, 1]);
    assert_eq!(remind(&kith).await, 1);
    assert_eq!(reminders(&people[0]).await.len(), 1);
    kith.shut_down().await;
}

#[tokio::test]
async fn a18_more_follow_ups_than_one_look_finds_are_all_due() {
    const MANY: usize = 210;
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let at = in_minutes(&kith, 10).await;
    for _ in 0..MANY / 10 {
        futures::future::join_all((0..10).map(|_| planned(&ada, "Grace", at))).await;
    }
    clock.set(at).await;
    assert_eq!(remind(&kith).await, MANY);
    assert_eq!(remind(&kith).await, 0);
    // What is due together is one mail.
    assert_eq!(reminders(&ada).await.len(), 1);
    kith.shut_down().await;
}

#[tokio::test]
async fn a10_what_a_deleted_card_leaves_behind_is_erased_and_other_cards_keep_theirs() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let (gone, kept) = (planned(&ada, "Grace", "2999-12-01").await, planned(&ada, "Ada", "2999-12-02").await);
    for (card, memories) in [(&gone, 60), (&kept, 3)] {
        for n in 0..memories {
            let memory = json!({"text": format!("Memory {n}")});
            ada.post(&format!("{card}/memories")).json(memory).await.assert_status(201);
        }
    }
    ada.delete(&gone).await.assert_status(204);
    kith.settle().await;
    let left = stored(&kith, &ada.id()).await;
    let id = gone.rsplit('/').next().unwrap();
    assert!(left.iter().all(|item| !item.to_string().contains(id)), "{left:#?}");
    // The card, its entry, its follow-up and its memories.
    assert_eq!(left.len(), 6, "{left:#?}");
    assert_eq!(names(&ada.get("/v1/follow-ups").await), ["Ada Hopper"]);
}

#[tokio::test]
async fn d11_with_an_account_all_its_cards_go() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    for n in 0..15 {
        let card = planned(&ada, "Grace", format!("2999-12-{:02}", n + 1)).await;
        ada.post(&format!("{card}/memories")).json(json!({"text": "Takes no sugar"})).await.assert_status(201);
    }
    planned(&bob, "Ada", "2999-12-01").await;
    assert_eq!(stored(&kith, &ada.id()).await.len(), 60);
    ada.leave().await.assert_status(204);
    kith.settle().await;
    let left = stored(&kith, &ada.id()).await;
    assert!(left.is_empty(), "{left:#?}");
    assert_eq!(stored(&kith, &bob.id()).await.len(), 3);
}

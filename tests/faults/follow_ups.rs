//! Faults between a plan and its reminder, and while cards go: one mail comes, at no other time, and nothing is left.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kith_tests::{Actor, ClockHand, Kith};
use serde_json::{Value, json};

use crate::{KINDS, assert_struck, kith, strike, strike_times};

/// How often a look is taken at what another task does, at most: ten seconds of looking.
const LOOKS: u32 = 1000;

/// The path of a new card.
async fn card(owner: &Actor) -> String {
    let made = owner.post("/v1/contacts").json(json!({"first_name": "Grace"})).await;
    format!("/v1/contacts/{}", made.assert_status(201).text_at("/id"))
}

/// Somebody with a card on which something is planned for a minute from now; the card's path, and when.
async fn planned(kith: &Kith) -> (Actor, String, Timestamp) {
    let ada = kith.registered("ada").await;
    let card = card(&ada).await;
    let at = kith.now().await + SignedDuration::from_mins(1);
    plan(&ada, &card, &at.to_string()).await;
    (ada, card, at)
}

async fn plan(owner: &Actor, card: &str, at: &str) {
    owner.put(&format!("{card}/follow-up")).json(json!({"at": at, "remind_before": 0})).await.assert_status(200);
}

async fn reminders(of: &Actor) -> usize {
    of.mails().await.iter().filter(|mail| mail.subject.starts_with("Kith reminder")).count()
}

/// What is stored of somebody's cards, by kind.
async fn stored(kith: &Kith, owner: &Actor, kind: &str) -> Vec<Value> {
    let items = kith.items(&format!("contacts#{}", owner.id())).await;
    items.into_iter().filter(|item| kind.is_empty() || item["kind"] == kind).collect()
}

async fn dead_letters(kith: &Kith) -> usize {
    kith.helper("/_kith/jobs").await["dead_letters"].as_array().unwrap().len()
}

/// Lets the time of plans come while mails cannot be delivered, and reminds of them; of how many.
pub(crate) async fn remind_undelivered(kith: &Kith, clock: &mut ClockHand) -> Value {
    let given_up = dead_letters(kith).await;
    kith.inject_fault(json!({"operation": "deliver-mail", "kind": "crash_before", "times": 3})).await;
    clock.advance("2m").await;
    let done = kith.job("remind-due").await;
    for _ in 0..LOOKS {
        if dead_letters(kith).await > given_up {
            return done["reminded"].clone();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no asynchronous invocation was given up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a18_whatever_happens_to_a_plan_it_stands_once_and_a_cancelled_one_is_gone() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    for kind in KINDS {
        let card = card(&ada).await;
        for at in ["2999-12-01", "2999-12-02"] {
            strike(&kith, "plan-follow-up", "TransactWriteItems", kind).await;
            plan(&ada, &card, at).await;
            let planned = stored(&kith, &ada, "follow_up").await;
            assert_eq!(planned.len(), 1, "{kind}: {planned:?}");
            assert!(planned[0]["sk"].as_str().unwrap().contains(at), "{kind}: {planned:?}");
            assert!(ada.get(&card).await.text_at("/follow_up/at").starts_with(at), "{kind}");
        }
        strike(&kith, "cancel-follow-up", "TransactWriteItems", kind).await;
        ada.delete(&format!("{card}/follow-up")).await.assert_status(204);
        assert!(stored(&kith, &ada, "follow_up").await.is_empty(), "{kind}");
        assert_eq!(ada.get(&card).await.json()["follow_up"], Value::Null, "{kind}");
    }
    assert_struck(&kith, "plan-follow-up", "TransactWriteItems", 2 * KINDS.len()).await;
    assert_struck(&kith, "cancel-follow-up", "TransactWriteItems", KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a18_whatever_happens_to_the_calls_of_a_reminder_one_mail_comes() {
    let kith = kith().await;
    let mut clock = kith.clock().await;
    for (operation, action) in [
        ("remind-due", "Query"),
        ("remind-due", "BatchGetItem"),
        ("remind-due", "TransactWriteItems"),
        ("deliver-mail", "BatchGetItem"),
    ] {
        for kind in KINDS {
            if kind == "conflict" && action != "TransactWriteItems" {
                continue;
            }
            let (ada, ..) = planned(&kith).await;
            clock.advance("2m").await;
            strike(&kith, operation, action, kind).await;
            let done = kith.job("remind-due").await;
            assert_eq!(done, json!({"reminded": 1, "passed_over": 0, "failed": 0}), "{operation} {action} {kind}");
            assert_eq!(reminders(&ada).await, 1, "{operation} {action} {kind}");
            let again = kith.job("remind-due").await;
            assert_eq!(again, json!({"reminded": 0, "passed_over": 0, "failed": 0}), "{operation} {action} {kind}");
            assert_eq!(reminders(&ada).await, 1, "{operation} {action} {kind}");
        }
        let times = if action == "TransactWriteItems" { 5 } else { 4 };
        assert_struck(&kith, operation, action, times).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a18_a_reminder_all_of_whose_answers_got_lost_is_neither_lost_nor_doubled() {
    let kith = kith().await;
    let (ada, card, _) = planned(&kith).await;
    let (bob, ..) = planned(&kith).await;
    kith.clock().await.advance("2m").await;
    strike_times(&kith, "remind-due", "TransactWriteItems", "applied_answer_lost", 4).await;
    assert_eq!(kith.job("remind-due").await, json!({"reminded": 1, "passed_over": 0, "failed": 1}));
    assert_eq!(kith.job("remind-due").await, json!({"reminded": 0, "passed_over": 0, "failed": 0}));
    assert_eq!((reminders(&ada).await, reminders(&bob).await), (1, 1));
    assert!(ada.get(&card).await.json()["follow_up"]["reminded_at"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a18_a_run_that_dies_before_or_after_its_work_is_made_up_for_by_the_next() {
    let kith = kith().await;
    let mut clock = kith.clock().await;
    for (kind, left) in [("crash_before", 1), ("crash_after", 0)] {
        let (ada, ..) = planned(&kith).await;
        clock.advance("2m").await;
        kith.inject_fault(json!({"operation": "remind-due", "kind": kind})).await;
        let died = kith.visitor().post("/_kith/jobs/remind-due").await;
        assert_ne!(died.status(), 200, "{kind}: {died}");
        assert_eq!(kith.job("remind-due").await["reminded"], left, "{kind}");
        assert_eq!(reminders(&ada).await, 1, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a18_runs_at_the_same_time_remind_once() {
    let kith = kith().await;
    let mut people = Vec::new();
    for _ in 0..5 {
        people.push(planned(&kith).await.0);
    }
    kith.clock().await.advance("2m").await;
    let runs = futures::future::join_all((0..4).map(|_| kith.job("remind-due"))).await;
    let sum = |what: &str| runs.iter().map(|run| run[what].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("reminded"), sum("failed")), (5, 0), "{runs:?}");
    for ada in people {
        assert_eq!(reminders(&ada).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a18_whoever_changes_plans_before_a_late_mail_leaves_does_not_get_it() {
    let kith = kith().await;
    let mut clock = kith.clock().await;
    let boss = kith.admin("boss").await;
    for change in ["none", "cancelled", "moved", "deleted", "banned", "left"] {
        let (ada, card, _) = planned(&kith).await;
        assert_eq!(remind_undelivered(&kith, &mut clock).await, 1, "{change}");
        let boss = boss.elsewhere().logged_in().await;
        let path = format!("{card}/follow-up");
        let changed = match change {
            "cancelled" => ada.delete(&path).await,
            "moved" => ada.put(&path).json(json!({"at": "2999-12-01"})).await,
            "deleted" => ada.delete(&card).await,
            "banned" => boss.put(&format!("/v1/users/{}/ban", ada.id())).await,
            "left" => ada.leave().await,
            _ => ada.get(&card).await,
        };
        assert!([200, 204].contains(&changed.status()), "{change}: {changed}");
        clock.advance("16m").await;
        kith.job("redrive-outbox").await;
        assert_eq!(reminders(&ada).await, usize::from(change == "none"), "{change}");
        assert!(kith.items("outbox-").await.is_empty(), "{change}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a10_whatever_happens_while_a_card_goes_nothing_of_it_is_left() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    let strikes = [("clean-up", "UpdateItem"), ("clean-up", "Query"), ("clean-up", "DeleteItem")];
    for (operation, action) in [("delete-contact", "TransactWriteItems")].into_iter().chain(strikes) {
        for kind in KINDS {
            if kind == "conflict" && action == "Query" {
                continue;
            }
            let card = card(&ada).await;
            plan(&ada, &card, "2999-12-01").await;
            ada.post(&format!("{card}/memories")).json(json!({"text": "No sugar"})).await.assert_status(201);
            strike(&kith, operation, action, kind).await;
            ada.delete(&card).await.assert_status(204);
            kith.settle().await;
            let left = stored(&kith, &ada, "").await;
            assert!(left.is_empty(), "{operation} {action} {kind}: {left:?}");
        }
        assert_struck(&kith, operation, action, if action == "Query" { 4 } else { 5 }).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a10_a_clean_up_that_dies_before_in_or_after_its_work_goes_on() {
    let kith = kith().await;
    for fault in [
        json!({"operation": "clean-up", "kind": "crash_before", "times": 2}),
        json!({"operation": "clean-up", "kind": "crash_after", "times": 2}),
        // The first attempt, with all tries of the SDK, ends in the middle.
        json!({"operation": "clean-up", "action": "DeleteItem", "kind": "error", "times": 4}),
        json!({"operation": "clean-up", "action": "DeleteItem", "kind": "applied_answer_lost", "times": 4}),
    ] {
        let ada = kith.registered("ada").await;
        let card = card(&ada).await;
        for _ in 0..30 {
            ada.post(&format!("{card}/memories")).json(json!({"text": "No sugar"})).await.assert_status(201);
        }
        kith.inject_fault(fault.clone()).await;
        ada.delete(&card).await.assert_status(204);
        kith.settle().await;
        let left = stored(&kith, &ada, "").await;
        assert!(left.is_empty(), "{fault}: {left:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d11_an_account_with_many_cards_is_erased_whole_even_if_the_erasure_dies_half_way() {
    let kith = kith().await;
    for kind in ["error", "applied_answer_lost"] {
        let ada = kith.registered("ada").await;
        for _ in 0..12 {
            let card = card(&ada).await;
            plan(&ada, &card, "2999-12-01").await;
        }
        strike_times(&kith, "erase-account", "DeleteItem", kind, 4).await;
        ada.leave().await.assert_status(204);
        kith.settle().await;
        assert!(stored(&kith, &ada, "").await.is_empty(), "{kind}");
        assert!(kith.items(&format!("user#{}", ada.id())).await.is_empty(), "{kind}");
    }
}

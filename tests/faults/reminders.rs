//! Faults between what is due together and its mail: nobody is told twice of the same, of nothing never, and nobody waits
//! for others.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use kith_tests::{Actor, Mail};
use serde_json::{Value, json};

use crate::follow_ups::remind_undelivered;
use crate::kith;

/// Plans coffees with so many people for the same moment, of which reminders come then.
async fn plan_many(owner: &Actor, many: usize, at: Timestamp) {
    for n in 0..many {
        let made = owner.post("/v1/contacts").json(json!({"first_name": format!("Friend{n:02}")})).await;
        let path = format!("/v1/contacts/{}/follow-up", made.assert_status(201).text_at("/id"));
        let plan = json!({"at": at.to_string(), "remind_before": 0});
        owner.put(&path).json(plan).await.assert_status(200);
    }
}

async fn reminders(of: &Actor) -> Vec<Mail> {
    let mut mails = of.mails().await;
    mails.retain(|mail| mail.subject.starts_with("Kith reminder"));
    mails
}

/// Whom a mail names.
fn named(mail: &Mail) -> BTreeSet<usize> {
    (0..99).filter(|n| mail.text.contains(&format!("Friend{n:02}"))).collect()
}

fn done(reminded: usize, passed_over: usize, failed: usize) -> Value {
    json!({"reminded": reminded, "passed_over": passed_over, "failed": failed})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s07_a_run_that_dies_between_a_mail_and_the_last_marks_has_nobody_named_twice_or_never() {
    for kind in ["error", "applied_answer_lost"] {
        let kith = kith().await;
        let ada = kith.registered("ada").await;
        let at = kith.now().await + SignedDuration::from_mins(2);
        plan_many(&ada, 60, at).await;
        let mut clock = kith.clock().await;
        clock.advance("3m").await;
        // The mail and its marks are one transaction; the rest is marked by the one after.
        let fault =
            json!({"operation": "remind-due", "action": "TransactWriteItems", "kind": kind, "times": 4, "after": 1});
        kith.inject_fault(fault).await;
        assert_eq!(kith.job("remind-due").await, done(49, 0, 1), "{kind}");
        let first = named(&reminders(&ada).await[0]);
        assert_eq!(first.len(), 49, "{kind}");
        let left = if kind == "error" { 11 } else { 0 };
        // Within the same second it would be the same event, come twice.
        clock.advance("5m").await;
        assert_eq!(kith.job("remind-due").await["reminded"], left, "{kind}");
        assert_eq!(kith.job("remind-due").await, done(0, 0, 0), "{kind}");
        let mails = reminders(&ada).await;
        if kind == "error" {
            assert!(named(&mails[0]).is_disjoint(&first), "{kind}");
            assert_eq!(named(&mails[0]).len() + first.len(), 60, "{kind}");
        }
        assert_eq!(mails.len(), if kind == "error" { 2 } else { 1 }, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s07_whoever_has_many_overdue_delays_nobody() {
    let kith = kith().await;
    let (ada, bob, eve) = (kith.registered("ada").await, kith.registered("bob").await, kith.registered("eve").await);
    let at = kith.now().await + SignedDuration::from_mins(3);
    plan_many(&ada, 99, at).await;
    plan_many(&bob, 2, at + SignedDuration::from_secs(1)).await;
    plan_many(&eve, 1, at + SignedDuration::from_secs(2)).await;
    kith.clock().await.advance("4m").await;
    // Three mails, and then nothing works any more.
    let fault =
        json!({"operation": "remind-due", "action": "TransactWriteItems", "kind": "error", "times": 8, "after": 3});
    kith.inject_fault(fault).await;
    assert_eq!(kith.job("remind-due").await, done(52, 0, 2));
    for (who, many) in [(&ada, 49), (&bob, 2), (&eve, 1)] {
        let mails = reminders(who).await;
        assert_eq!((mails.len(), named(&mails[0]).len()), (1, many));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s07_one_event_that_comes_twice_is_one_mail() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    let at = kith.now().await + SignedDuration::from_mins(2);
    plan_many(&ada, 60, at).await;
    let now = kith.clock().await.advance("3m").await;
    let event = json!({
        "version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events", "account": "000000000000",
        "time": now.to_string(), "region": "eu-central-1", "resources": [], "detail": {},
    });
    let fault =
        json!({"operation": "remind-due", "action": "TransactWriteItems", "kind": "error", "times": 4, "after": 1});
    kith.inject_fault(fault).await;
    assert_eq!(kith.job_with("remind-due", event.clone()).await, done(49, 0, 1));
    assert_eq!(kith.job_with("remind-due", event).await, done(0, 1, 0));
    assert_eq!(reminders(&ada).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s07_runs_at_the_same_time_leave_one_mail_of_many_follow_ups() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    let at = kith.now().await + SignedDuration::from_mins(2);
    plan_many(&ada, 30, at).await;
    kith.clock().await.advance("3m").await;
    let runs = futures::future::join_all((0..4).map(|_| kith.job("remind-due"))).await;
    let sum = |what: &str| runs.iter().map(|run| run[what].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("reminded"), sum("failed")), (30, 0), "{runs:?}");
    let mails = reminders(&ada).await;
    assert_eq!((mails.len(), named(&mails[0]).len()), (1, 30));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s07_a_late_mail_names_what_still_stands() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    let at = kith.now().await + SignedDuration::from_mins(1);
    plan_many(&ada, 4, at).await;
    let listed = ada.get("/v1/follow-ups").await.json()["items"].clone();
    let path = |n: usize| format!("/v1/contacts/{}", listed[n]["contact_id"].as_str().unwrap());
    let mut clock = kith.clock().await;
    assert_eq!(remind_undelivered(&kith, &mut clock).await, 4);
    ada.delete(&format!("{}/follow-up", path(0))).await.assert_status(204);
    ada.put(&format!("{}/follow-up", path(1))).json(json!({"at": "2999-12-01"})).await.assert_status(200);
    ada.delete(&path(2)).await.assert_status(204);
    clock.advance("16m").await;
    kith.job("redrive-outbox").await;
    let mails = reminders(&ada).await;
    let name = listed[3]["contact_name"].as_str().unwrap();
    assert_eq!((mails.len(), named(&mails[0]).len()), (1, 1));
    assert_eq!(mails[0].subject, format!("Kith reminder: {name}"));
}

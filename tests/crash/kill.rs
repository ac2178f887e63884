//! The runner is killed while people register.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use kith_tests::{Actor, Kith, link_token};
use serde_json::{Value, json};

use crate::runner::{Runner, assert_ended};

/// Registrations at a time, as many as there are processes of a function.
const CROWD: usize = 8;
/// How long a client waits for an answer that a killed runner may owe.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody who tried to register, and whether it was confirmed to them.
struct Attempt {
    who: Actor,
    acknowledged: bool,
}

/// Registers and never fails: a killed server gives no answer.
async fn attempt(url: String, who: Actor) -> Attempt {
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
    let request = client
        .post(format!("{url}/v1/auth/register"))
        .header("kith-client-address", &who.address)
        .json(&who.person.registration());
    let acknowledged = request.send().await.is_ok_and(|answer| answer.status() == 201);
    Attempt { who, acknowledged }
}

/// People register until `enough` have been told so; then the runner is killed, with others still at it.
async fn burst(runner: Runner, enough: usize) -> (Vec<Attempt>, Vec<u32>) {
    let kith = runner.kith();
    let next = || attempt(kith.url().to_owned(), kith.newcomer("ada"));
    let mut under_way: FuturesUnordered<_> = (0..CROWD).map(|_| next()).collect();
    let mut done = Vec::new();
    while done.iter().filter(|attempt: &&Attempt| attempt.acknowledged).count() < enough {
        done.push(under_way.next().await.unwrap());
        under_way.push(next());
        assert!(done.len() < 20 * enough, "registrations are not answered");
    }
    let children = runner.kill();
    while let Some(attempt) = under_way.next().await {
        done.push(attempt);
    }
    (done, children)
}

/// Lets everything happen that is to happen: what the stream still has, and what waited for somebody who is gone.
async fn recover(kith: &Kith) {
    kith.clock().await.advance("16m").await;
    kith.job("redrive-outbox").await;
    kith.settle().await;
    assert_eq!(kith.items("outbox-").await, Vec::<Value>::new());
}

/// Registration ids that an item of this kind names, for one person.
fn named(table: &[Value], prefix: &str, of: &Actor) -> BTreeSet<String> {
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let is_theirs = |item: &&Value| {
        let pk = text(item, "pk");
        pk.starts_with(prefix)
            && (pk.ends_with(&of.person.username) || pk.ends_with(&of.person.email) || item["email"] == of.person.email)
    };
    let id = |item: &Value| match prefix {
        "pending#" => text(item, "id"),
        _ => text(item, "user"),
    };
    table.iter().filter(is_theirs).map(id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c01_a_kill_among_registrations_loses_none_that_was_answered_and_leaves_none_half_done() {
    let data = tempfile::tempdir().unwrap();
    let mut attempts = Vec::new();
    for enough in [1, 3, 6] {
        let (more, children) = burst(Runner::start(data.path()), enough).await;
        assert!(!children.is_empty(), "functions run as processes");
        assert_ended(&children);
        attempts.extend(more);
    }

    let runner = Runner::start(data.path());
    let kith = runner.kith();
    recover(&kith).await;
    let table = kith.table().await;
    for Attempt { who, acknowledged } in &attempts {
        let pending = named(&table, "pending#", who);
        assert!(pending.len() <= 1, "{pending:?}");
        assert!(!acknowledged || pending.len() == 1, "{} was told so and is not registered", who.person.username);
        assert_eq!(named(&table, "username#", who), pending, "the username is held exactly for a registration");
        assert_eq!(named(&table, "email#", who), pending, "the address points exactly at a registration");
        let mails = kith.mails_to(&who.person.email).await;
        // A kill between the mail service's acceptance and the mark lets the next run send a twin.
        let expected = if pending.is_empty() { 0..=0 } else { 1..=2 };
        assert!(expected.contains(&mails.len()), "{} mails to {}", mails.len(), who.person.username);
    }

    let told = attempts.iter().filter(|attempt| attempt.acknowledged);
    assert!(told.clone().count() >= 10);
    // The newest link of each works, and so does the account that it makes.
    for Attempt { who, .. } in told.take(3) {
        let here = kith.visitor();
        let mails = kith.mails_to(&who.person.email).await;
        let token = link_token(&mails[0]).unwrap();
        let confirm = here.post("/v1/auth/confirm").json(json!({"token": token, "password": who.person.password}));
        confirm.await.assert_status(204);
        let log_in = here.post("/v1/auth/login").json(who.person.credentials());
        log_in.await.assert_status(200);
    }
}

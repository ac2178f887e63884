//! What goes wrong in the cloud now and then, on every path that writes: the effect happens exactly once, and the
//! answer is the one that it would have been.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "in a test a panic is the message")]

mod accounts;
mod again;
mod contacts;
mod follow_ups;
mod leaving;
mod links;
mod mails;
mod notes;
mod photos;
mod random;
mod reminders;
mod sessions;
mod users;

use kith_tests::{Actor, Kith};
use serde_json::{Value, json};

/// What a single call survives, as often as the SDK tries again.
const KINDS: [&str; 5] = ["throttle", "timeout", "conflict", "applied_answer_lost", "error"];

/// A runner of the test's own, in memory.
async fn kith() -> Kith {
    Kith::own(|_| {}).await
}

/// Lets the next call of a function to an action go wrong.
async fn strike(kith: &Kith, operation: &str, action: &str, kind: &str) {
    strike_times(kith, operation, action, kind, 1).await;
}

async fn strike_times(kith: &Kith, operation: &str, action: &str, kind: &str, times: u32) {
    kith.inject_fault(json!({"operation": operation, "action": action, "kind": kind, "times": times})).await;
}

/// Fails unless so many calls of a function to an action went wrong: a fault that struck nothing proves nothing.
async fn assert_struck(kith: &Kith, operation: &str, action: &str, times: usize) {
    let requests = kith.requests().await;
    let calls = requests.iter().filter(|record| record.operation.as_deref() == Some(operation));
    let calls = calls.flat_map(|record| &record.calls).filter(|call| call.action == action && call.outcome != "ok");
    let outcomes: Vec<&str> = calls.map(|call| call.outcome.as_str()).collect();
    assert_eq!(outcomes.len(), times, "{operation} {action}: {outcomes:?}");
}

/// The stored items of a person's account, by kind of their partition: `(user, pending, username, email)`.
async fn kept(kith: &Kith, of: &Actor) -> (usize, usize, usize, usize) {
    let table = kith.table().await;
    let is_theirs = |item: &&Value| {
        let names = [&of.person.username, &of.person.email];
        names.iter().any(|name| {
            item["pk"].as_str().unwrap().ends_with(name.as_str())
                || item["username"] == **name
                || item["email"] == **name
        })
    };
    let theirs: Vec<&Value> = table.iter().filter(is_theirs).collect();
    let count = |prefix: &str| theirs.iter().filter(|item| item["pk"].as_str().unwrap().starts_with(prefix)).count();
    (count("auth#"), count("pending#"), count("username#"), count("email#"))
}

/// What the audit trail says was done to somebody, oldest first.
async fn audited(kith: &Kith, user: &str) -> Vec<String> {
    let events = kith.items("audit#").await;
    let of_them = events.iter().filter(|event| event["target"] == user);
    of_them.map(|event| event["action"].as_str().unwrap_or_default().to_owned()).collect()
}

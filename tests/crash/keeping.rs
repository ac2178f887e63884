//! What a start with kept data keeps, and how the runner ends.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::runner::{Runner, assert_ended};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c92_g03_a_kill_keeps_data_clock_and_keys_and_so_the_tokens() {
    let data = tempfile::tempdir().unwrap();
    let runner = Runner::start(data.path());
    let kith = runner.kith();
    let before = kith.clock().await.advance("3d").await;
    let ada = kith.registered("ada").await;
    let keys = kith.visitor().get("/.well-known/jwks.json").await.json();
    let (access, refresh) = (ada.access().to_owned(), ada.refresh_token().to_owned());
    let port = runner.port();
    assert_ended(&runner.kill());

    // Tokens name the address of the Kith that gave them.
    let runner = Runner::start_at(data.path(), &port);
    let kith = runner.kith();
    let now = kith.now().await;
    assert!(now >= before && now < before + SignedDuration::from_mins(10), "{before}, then {now}");
    let visitor = kith.visitor();
    assert_eq!(visitor.get("/.well-known/jwks.json").await.json(), keys, "keys are made once");
    let me = visitor.get("/v1/me").bearer(&access).await;
    me.assert_status(200);
    assert_eq!(me.text_at("/username"), ada.person.username);
    visitor.refresh(&refresh).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c92_starting_twice_finds_the_same_data_and_ends_with_0() {
    let data = tempfile::tempdir().unwrap();
    let first = Runner::start(data.path());
    let kith = first.kith();
    let ada = kith.confirmed("ada").await;
    kith.settle().await;
    let (table, mails) = (kith.table().await, kith.mails_to(&ada.person.email).await.len());
    assert_eq!(first.terminate().code(), Some(0));

    let second = Runner::start(data.path());
    let kith = second.kith();
    assert_eq!(kith.table().await, table);
    assert_eq!(kith.mails_to(&ada.person.email).await.len(), mails);
    assert_eq!(second.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_ends_the_runner_and_every_process_of_a_function() {
    let data = tempfile::tempdir().unwrap();
    let runner = Runner::start(data.path());
    let kith = runner.kith();
    kith.registered("ada").await;
    let children = runner.children();
    assert!(children.len() >= 4, "{children:?}: registering, mailing, confirming and logging in take a process each");
    let url = kith.url().to_owned();
    assert_eq!(runner.terminate().code(), Some(0));
    assert_ended(&children);
    let gone = reqwest::Client::builder().no_proxy().build().unwrap().get(url).send().await;
    assert!(gone.is_err(), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d40_a_kill_before_a_mail_was_delivered_delivers_it_after_the_next_start() {
    let data = tempfile::tempdir().unwrap();
    let runner = Runner::start(data.path());
    let kith = runner.kith();
    // The mail service is away until the kill.
    let away =
        serde_json::json!({"operation": "deliver-mail", "action": "SendRawEmail", "kind": "timeout", "times": 1000});
    kith.inject_fault(away).await;
    let ada = kith.pending("ada").await;
    assert_ended(&runner.kill());

    let runner = Runner::start(data.path());
    let kith = runner.kith();
    let now: Timestamp = kith.clock().await.advance("16m").await;
    assert!(now > Timestamp::UNIX_EPOCH);
    kith.job("redrive-outbox").await;
    kith.settle().await;
    let mails = kith.mails_to(&ada.person.email).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(kith.items("outbox-").await, Vec::<Value>::new());
}

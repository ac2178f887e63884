//! The runner keeps its speed, however much has happened (H40).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test a panic is the message")]

mod client;

use std::path::Path;
use std::time::{Duration, Instant};

use client::client;
use jiff::SignedDuration;
use kith_local::aws::{Aws, AwsOptions, Database};
use kith_local::seed::soak::soak;
use kith_local::template::TableSpec;
use kith_local::{Clock, Kith, Options};
use serde_json::{Value, json};

async fn database(data: Option<&Path>) -> Aws {
    let keys = json!([{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]);
    let create = json!({
        "TableName": "kith",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": keys,
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}],
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
    });
    let arn = "arn:aws:dynamodb:eu-central-1:000000000000:table/kith".to_owned();
    let options = AwsOptions {
        data: data.map(Path::to_path_buf),
        table: TableSpec { name: "kith".into(), arn, create, ttl_attribute: "ttl".into() },
        secrets: Vec::new(),
        buckets: Vec::new(),
        clock: Clock::new(SignedDuration::ZERO),
        fault_rate: 0.0,
    };
    Aws::start(options).await.unwrap()
}

fn put(database: &Database, number: usize, ttl: usize) {
    let item = json!({"pk": {"S": format!("a#{}", number % 100)}, "sk": {"S": "x"}, "ttl": {"N": ttl.to_string()}});
    database.put_item(serde_json::from_value(json!({"TableName": "kith", "Item": item})).unwrap()).unwrap();
}

/// The median of a thousand writes from this one on.
fn thousand(database: &Database, from: usize) -> Duration {
    let mut times: Vec<Duration> = (from..from + 1000)
        .map(|number| {
            let began = Instant::now();
            put(database, number, usize::MAX >> 12);
            began.elapsed()
        })
        .collect();
    times.sort();
    times[500]
}

/// Untrimmed, since nothing reads here: a write must not look at what came before. Without the index the last thousand
/// take some thirty times as long as the first.
async fn a_write_costs_the_same_at_any_length_of_the_stream(data: Option<&Path>) {
    let aws = database(data).await;
    let database = aws.database().unwrap();
    put(database, 0, 0);
    let first = thousand(database, 0);
    for number in 0..18_000 {
        put(database, number, usize::MAX >> 12);
    }
    let last = thousand(database, 0);
    assert_eq!(database.stream_length("kith").unwrap(), 20_001);
    assert!(last < first * 4, "{first:?} became {last:?}");
}

#[tokio::test]
async fn h40_a_write_in_memory_costs_the_same_at_any_length_of_the_stream() {
    a_write_costs_the_same_at_any_length_of_the_stream(None).await;
}

#[tokio::test]
async fn h40_a_write_to_a_file_costs_the_same_at_any_length_of_the_stream() {
    // On a disk in memory, if there is one: what is measured is the database, not how long a disk takes to be sure.
    let shm = Path::new("/dev/shm");
    let data = if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() };
    a_write_costs_the_same_at_any_length_of_the_stream(Some(data.unwrap().path())).await;
}

async fn post(kith: &Kith, path: &str) {
    let answer = client().post(format!("{}{path}", kith.url())).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
}

/// How long the stream is when everybody has read it and it has been trimmed.
async fn trimmed(kith: &Kith) -> u64 {
    let table = kith.template().table.name.clone();
    let began = Instant::now();
    loop {
        post(kith, "/_kith/settle").await;
        post(kith, "/_kith/sweep").await;
        let length = kith.aws().database().unwrap().stream_length(&table).unwrap();
        if length <= 1 || began.elapsed() > Duration::from_secs(20) {
            return length;
        }
        tokio::task::yield_now().await;
    }
}

/// The short form of `cargo kith soak`.
async fn a_runner_keeps_its_speed(data: Option<&Path>) {
    let kith = Kith::start(Options { data: data.map(Path::to_path_buf), ..Options::default() }).await.unwrap();
    let soaked = soak(kith.url(), 500, &mut std::io::sink()).await.unwrap();
    assert_eq!(soaked.writes, 500);
    // Machines are noisy, and this run is short: the long one allows half of that.
    assert!(soaked.ratio() < 3.0, "{soaked:?}");
    assert_eq!(trimmed(&kith).await, 1, "the newest record stays, so that the next one gets a number after it");
    let requests = client().get(format!("{}/_kith/requests", kith.url())).send().await.unwrap();
    assert!(requests.json::<Vec<Value>>().await.unwrap().len() <= 2000);
}

#[tokio::test]
async fn h40_in_memory_a_runner_keeps_its_speed_and_trims_what_was_delivered() {
    a_runner_keeps_its_speed(None).await;
}

#[tokio::test]
async fn h40_with_data_a_runner_keeps_its_speed_and_trims_what_was_delivered() {
    let data = tempfile::tempdir().unwrap();
    a_runner_keeps_its_speed(Some(data.path())).await;
}

#[tokio::test]
async fn h40_after_trimming_a_restart_and_a_clock_set_back_every_record_is_still_delivered() {
    let data = tempfile::tempdir().unwrap();
    let options = || Options { data: Some(data.path().to_owned()), ..Options::default() };
    let first = Kith::start(options()).await.unwrap();
    let clock = json!({"advance": "30d"});
    client().post(format!("{}/_kith/clock", first.url())).json(&clock).send().await.unwrap();
    assert_eq!(trimmed(&first).await, 1);
    first.shutdown().await;
    let again = Kith::start(options()).await.unwrap();
    again.clock().advance(SignedDuration::from_hours(-60 * 24));
    let body = json!({
        "email": "ada@example.org", "username": "ada", "first_name": "Ada", "last_name": "Test",
        "password": "a blue kettle by the window",
    });
    let answer = client().post(format!("{}/v1/auth/register", again.url())).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    again.settle().await.unwrap();
    assert_eq!(again.aws().mails().len(), 1);
}

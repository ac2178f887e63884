use std::collections::HashMap;
use std::path::Path;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use serde_json::json;

use crate::caller::{SECRET, Side, key, text};
use crate::mails::{MAIL, send};

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("new");
    let side = Side::start(Some(&data), 0.0).await;
    let function = side.trusted();
    function.dynamo().put_item().table_name("kith").set_item(Some(key("user#1"))).send().await.unwrap();
    function.secrets().put_secret_value().secret_id(SECRET).secret_string("ring").send().await.unwrap();
    assert_eq!(send(&function, MAIL, Some("bob@example.org")).await, "ok");
    let mails = side.aws.mails();
    drop(function);
    drop(side);

    let side = Side::start(Some(&data), 0.0).await;
    let function = side.trusted();
    let kept = function.dynamo().get_item().table_name("kith").set_key(Some(key("user#1"))).send().await.unwrap();
    assert_eq!(kept.item(), Some(&key("user#1")));
    let secret = function.secrets().get_secret_value().secret_id(SECRET).send().await.unwrap();
    assert_eq!(secret.secret_string(), Some("ring"));
    assert_eq!(side.aws.mails(), mails);
    only_the_owner_reads(&data.join("secrets"));
}

#[cfg(unix)]
fn only_the_owner_reads(dir: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[cfg(not(unix))]
fn only_the_owner_reads(_: &Path) {}

fn expiring(pk: &str, at: jiff::Timestamp) -> HashMap<String, AttributeValue> {
    let mut item = key(pk);
    item.insert("ttl".into(), AttributeValue::N(at.as_second().to_string()));
    item.insert("note".into(), text("soon gone"));
    item
}

/// The stream's records, as `event name, partition key, deleted by the service`.
fn records(side: &Side) -> Vec<(String, String, bool)> {
    let database = side.aws.database().unwrap();
    let streams = database.list_streams(serde_json::from_value(json!({"TableName": "kith"})).unwrap()).unwrap();
    let streams = serde_json::to_value(streams).unwrap();
    let arn = &streams["Streams"][0]["StreamArn"];
    let stream = database.describe_stream(serde_json::from_value(json!({"StreamArn": arn})).unwrap()).unwrap();
    let stream = serde_json::to_value(stream).unwrap();
    let shard = &stream["StreamDescription"]["Shards"][0]["ShardId"];
    let wanted = json!({"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"});
    let iterator = database.get_shard_iterator(serde_json::from_value(wanted).unwrap()).unwrap();
    let iterator = serde_json::to_value(iterator).unwrap();
    let records = json!({"ShardIterator": iterator["ShardIterator"]});
    let records =
        serde_json::to_value(database.get_records(serde_json::from_value(records).unwrap()).unwrap()).unwrap();
    let records = records["Records"].as_array().unwrap().iter().map(|record| {
        let pk = record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap().to_owned();
        let service = record["userIdentity"]["principalId"] == "dynamodb.amazonaws.com";
        (record["eventName"].as_str().unwrap().to_owned(), pk, service)
    });
    records.collect()
}

async fn expiry_follows_the_moved_clock(data: Option<&Path>) {
    let side = Side::start(data, 0.0).await;
    let dynamo = side.trusted().dynamo();
    let week = side.clock.now() + SignedDuration::from_hours(7 * 24);
    let put = |item| dynamo.put_item().table_name("kith").set_item(Some(item)).send();
    put(expiring("note#1", week)).await.unwrap();
    put(expiring("note#2", week + SignedDuration::from_hours(1))).await.unwrap();
    put(key("note#3")).await.unwrap();
    assert_eq!(side.aws.sweep_ttl(), 0);
    side.clock.set(week);
    assert_eq!(side.aws.sweep_ttl(), 1);
    assert_eq!(side.aws.sweep_ttl(), 0);
    put(key("note#4")).await.unwrap();
    let event = |name: &str, pk: &str, service| (name.to_owned(), pk.to_owned(), service);
    assert_eq!(
        records(&side),
        [
            event("INSERT", "note#1", false),
            event("INSERT", "note#2", false),
            event("INSERT", "note#3", false),
            event("REMOVE", "note#1", true),
            event("INSERT", "note#4", false),
        ]
    );
}

#[tokio::test]
async fn expired_items_in_memory_go_when_the_clock_has_moved() {
    expiry_follows_the_moved_clock(None).await;
}

#[tokio::test]
async fn expired_items_in_a_file_go_when_the_clock_has_moved() {
    let data = tempfile::tempdir().unwrap();
    expiry_follows_the_moved_clock(Some(data.path())).await;
}

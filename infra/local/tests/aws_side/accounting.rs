use aws_sdk_dynamodb::types::{
    ConditionCheck, KeysAndAttributes, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem,
};

use crate::caller::{Side, code, item, key, text};

fn close(actual: f64, expected: f64) {
    assert!((actual - expected).abs() < f64::EPSILON, "{actual} is not {expected}");
}

#[tokio::test]
async fn a_request_knows_its_calls_with_their_keys_and_units() {
    let side = Side::in_memory().await;
    let function = side.trusted();
    let dynamo = function.dynamo();
    let ((), calls) = function
        .calls_of(async {
            dynamo.put_item().table_name("kith").set_item(Some(key("user#1"))).send().await.unwrap();
            let get = || dynamo.get_item().table_name("kith").set_key(Some(key("user#1")));
            get().send().await.unwrap();
            get().consistent_read(true).send().await.unwrap();
            let both = KeysAndAttributes::builder().keys(key("user#1")).keys(key("session#2")).consistent_read(true);
            dynamo.batch_get_item().request_items("kith", both.build().unwrap()).send().await.unwrap();
        })
        .await;
    let actions: Vec<&str> = calls.iter().map(|call| call.action.as_str()).collect();
    assert_eq!(actions, ["PutItem", "GetItem", "GetItem", "BatchGetItem"]);
    assert!(calls.iter().all(|call| call.service == "dynamodb" && call.outcome == "ok"));
    close(calls[0].write_units, 1.0);
    close(calls[0].read_units, 0.0);
    close(calls[1].read_units, 0.5);
    close(calls[2].read_units, 1.0);
    close(calls[3].read_units, 2.0);
    assert_eq!(calls.iter().map(|call| call.consistent).collect::<Vec<_>>(), [false, false, true, true]);
    assert_eq!(calls[3].key_prefixes, ["session#", "user#"]);
    get_outside(&side).await;
}

async fn get_outside(side: &Side) {
    let function = side.trusted();
    function.dynamo().get_item().table_name("kith").set_key(Some(key("user#1"))).send().await.unwrap();
    assert!(side.aws.finish(&function.access_key).is_empty());
}

#[tokio::test]
async fn size_index_and_transaction_cost_what_they_cost_on_aws() {
    let side = Side::in_memory().await;
    let function = side.trusted();
    let dynamo = function.dynamo();
    let long = "l".repeat(1500);
    let large = item(&[("pk", "user#1"), ("sk", "x"), ("bio", &long)]);
    let indexed = |pk: &str| item(&[("pk", pk), ("sk", "x"), ("gsi1pk", "outbox"), ("gsi1sk", "1")]);
    let put = |item| {
        TransactWriteItem::builder()
            .put(Put::builder().table_name("kith").set_item(Some(item)).build().unwrap())
            .build()
    };
    let ((), calls) = function
        .calls_of(async {
            dynamo.put_item().table_name("kith").set_item(Some(large.clone())).send().await.unwrap();
            dynamo.put_item().table_name("kith").set_item(Some(indexed("outbox#1"))).send().await.unwrap();
            let transaction =
                dynamo.transact_write_items().transact_items(put(indexed("outbox#2"))).transact_items(put(large));
            transaction.send().await.unwrap();
            let query = dynamo.query().table_name("kith").index_name("gsi1").key_condition_expression("gsi1pk = :k");
            query.expression_attribute_values(":k", text("outbox")).send().await.unwrap();
        })
        .await;
    close(calls[0].write_units, 2.0);
    close(calls[1].write_units, 2.0);
    // Twice for the table, once for the index; and twice two for the large item.
    close(calls[2].write_units, 3.0 + 4.0);
    close(calls[3].read_units, 0.5);
    assert_eq!(calls[3].index.as_deref(), Some("gsi1"));
}

#[tokio::test]
async fn a_write_that_fails_on_its_condition_is_paid_for() {
    let side = Side::in_memory().await;
    let function = side.trusted();
    let dynamo = function.dynamo();
    let long = "l".repeat(2500);
    let large = item(&[("pk", "user#1"), ("sk", "x"), ("bio", &long)]);
    dynamo.put_item().table_name("kith").set_item(Some(large)).send().await.unwrap();
    let (codes, calls) = function
        .calls_of(async {
            let put = dynamo.put_item().table_name("kith").set_item(Some(key("user#1")));
            let put = put.condition_expression("attribute_not_exists(pk)").send().await;
            let update = dynamo.update_item().table_name("kith").set_key(Some(key("user#9")));
            let update = update.update_expression("SET a = :a").condition_expression("attribute_exists(pk)");
            let update = update.expression_attribute_values(":a", text("b")).send().await;
            let check = ConditionCheck::builder().table_name("kith").set_key(Some(key("user#1")));
            let check = check.condition_expression("attribute_not_exists(pk)").build().unwrap();
            let new = Put::builder().table_name("kith").set_item(Some(key("user#2"))).build().unwrap();
            let transaction = dynamo.transact_write_items();
            let transaction = transaction.transact_items(TransactWriteItem::builder().put(new).build());
            let transaction =
                transaction.transact_items(TransactWriteItem::builder().condition_check(check).build()).send().await;
            [code(put), code(update), code(transaction)]
        })
        .await;
    assert_eq!(
        codes,
        ["ConditionalCheckFailedException", "ConditionalCheckFailedException", "TransactionCanceledException"]
    );
    assert_eq!(calls.iter().map(|call| call.outcome.clone()).collect::<Vec<_>>(), codes);
    close(calls[0].write_units, 3.0);
    close(calls[1].write_units, 1.0);
    close(calls[2].write_units, 2.0 * (1.0 + 3.0));
}

#[tokio::test]
async fn a_failed_condition_shows_the_old_item_if_asked() {
    let side = Side::in_memory().await;
    let function = side.trusted();
    let dynamo = function.dynamo();
    let put =
        || dynamo.put_item().table_name("kith").set_item(Some(item(&[("pk", "a"), ("sk", "x"), ("mark", "r-1")])));
    put().send().await.unwrap();
    let again = put().condition_expression("attribute_not_exists(pk)");
    let again =
        again.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld).send().await;
    let error = again.unwrap_err().into_service_error();
    assert!(error.is_conditional_check_failed_exception());
    let aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(failure) = error else {
        panic!("another error")
    };
    assert_eq!(failure.item().unwrap()["mark"], text("r-1"));
}

#[tokio::test]
async fn consumed_capacity_is_shown_to_those_who_ask() {
    let side = Side::in_memory().await;
    let dynamo = side.trusted().dynamo();
    let get = || dynamo.get_item().table_name("kith").set_key(Some(key("user#1")));
    assert!(get().send().await.unwrap().consumed_capacity().is_none());
    let shown = get().return_consumed_capacity(ReturnConsumedCapacity::Total).send().await.unwrap();
    close(shown.consumed_capacity().unwrap().capacity_units().unwrap(), 0.5);
}

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use kith_local::aws::{Fault, FaultKind};

use crate::caller::{Function, Side, code, item, key, text};

fn fault(action: &str, kind: FaultKind, times: u32) -> Fault {
    Fault { operation: "trusted".into(), action: action.into(), kind, times, after: 0 }
}

async fn put(function: &Function<'_>, pk: &str) -> String {
    code(function.dynamo().put_item().table_name("kith").set_item(Some(key(pk))).send().await)
}

async fn transact(function: &Function<'_>) -> String {
    let put = Put::builder().table_name("kith").set_item(Some(key("user#1"))).build().unwrap();
    let element = TransactWriteItem::builder().put(put).build();
    code(function.dynamo().transact_write_items().transact_items(element).send().await)
}

#[tokio::test]
async fn each_kind_of_fault_looks_like_the_one_of_the_cloud() {
    let side = Side::in_memory().await;
    let function = side.trusted();
    for (kind, expected) in [
        (FaultKind::Throttle, "ProvisionedThroughputExceededException"),
        (FaultKind::Timeout, "no answer"),
        (FaultKind::Conflict, "TransactionConflictException"),
        (FaultKind::AppliedAnswerLost, "no answer"),
        (FaultKind::Error, "InternalServerError"),
    ] {
        side.aws.inject(fault("PutItem", kind, 1));
        assert_eq!(put(&function, "user#1").await, expected, "{kind:?}");
        assert_eq!(put(&function, "user#1").await, "ok", "after {kind:?}");
    }
    side.aws.inject(fault("TransactWriteItems", FaultKind::Conflict, 1));
    assert_eq!(transact(&function).await, "TransactionCanceledException");
    side.aws.inject(fault("GetSecretValue", FaultKind::Throttle, 1));
    assert_eq!(
        code(function.secrets().get_secret_value().secret_id("kith/signing").send().await),
        "ThrottlingException"
    );
    side.aws.inject(fault("Invoke", FaultKind::Throttle, 1));
    let invoke = function.lambda().invoke().function_name("kith-deliver-mail");
    let invoke = invoke.invocation_type(aws_sdk_lambda::types::InvocationType::Event).send().await;
    assert_eq!(code(invoke), "TooManyRequestsException");
}

#[tokio::test]
async fn the_sdk_outlives_a_throttled_and_a_lost_attempt() {
    let side = Side::in_memory().await;
    let function = side.trusted().retrying();
    side.aws.inject(fault("PutItem", FaultKind::Throttle, 1));
    side.aws.inject(fault("PutItem", FaultKind::Timeout, 1));
    let (outcome, calls) = function.calls_of(put(&function, "user#1")).await;
    assert_eq!(outcome, "ok");
    let outcomes: Vec<&str> = calls.iter().map(|call| call.outcome.as_str()).collect();
    assert_eq!(outcomes, ["ProvisionedThroughputExceededException", "dropped", "ok"]);
}

#[tokio::test]
async fn a_lost_answer_makes_the_retry_meet_its_own_write() {
    let side = Side::in_memory().await;
    let function = side.trusted().retrying();
    side.aws.inject(fault("PutItem", FaultKind::AppliedAnswerLost, 1));
    let marked = item(&[("pk", "user#1"), ("sk", "x"), ("mark", "r-1")]);
    let put = function.dynamo().put_item().table_name("kith").set_item(Some(marked));
    let (outcome, calls) = function.calls_of(put.condition_expression("attribute_not_exists(pk)").send()).await;
    assert_eq!(code(outcome), "ConditionalCheckFailedException");
    assert_eq!(
        calls.iter().map(|call| call.outcome.as_str()).collect::<Vec<_>>(),
        ["dropped", "ConditionalCheckFailedException"]
    );
    let kept = function.dynamo().get_item().table_name("kith").set_key(Some(key("user#1"))).send().await.unwrap();
    assert_eq!(kept.item().unwrap()["mark"], text("r-1"));
}

#[tokio::test]
async fn a_transaction_whose_answer_was_lost_is_done_once_by_its_token() {
    let side = Side::in_memory().await;
    let function = side.trusted().retrying();
    side.aws.inject(fault("TransactWriteItems", FaultKind::AppliedAnswerLost, 1));
    let put = Put::builder().table_name("kith").set_item(Some(key("user#1")));
    let put = put.condition_expression("attribute_not_exists(pk)").build().unwrap();
    let element = TransactWriteItem::builder().put(put).build();
    let transaction = function.dynamo().transact_write_items().transact_items(element).client_request_token("token-1");
    let (outcome, calls) = function.calls_of(transaction.send()).await;
    assert_eq!(code(outcome), "ok");
    assert_eq!(calls.iter().map(|call| call.outcome.as_str()).collect::<Vec<_>>(), ["dropped", "ok"]);
    assert!(calls[0].write_units > 1.9 && calls[1].write_units < 0.1 && calls[1].read_units > 1.9);
}

#[tokio::test]
async fn random_faults_strike_the_database_only_and_every_call_of_it_at_rate_one() {
    let side = Side::start(None, 1.0).await;
    let function = side.trusted();
    for _ in 0..8 {
        assert_ne!(put(&function, "user#1").await, "ok");
    }
    let secret = function.secrets().put_secret_value().secret_id("kith/signing").secret_string("s").send().await;
    assert_eq!(code(secret), "ok");
}

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, DeleteRequest, Get, KeysAndAttributes, Put, TransactGetItem, TransactWriteItem, Update,
    WriteRequest,
};

use crate::caller::{Function, INDEX, Side, TABLE, allow, code, item, key, text};

const DENIED: &str = "AccessDeniedException";

async fn get(function: &Function<'_>, pk: &str) -> String {
    code(function.dynamo().get_item().table_name("kith").set_key(Some(key(pk))).send().await)
}

#[tokio::test]
async fn an_allowed_call_is_answered_and_a_denied_one_names_function_action_resource_and_key() {
    let side = Side::in_memory().await;
    let function = side.function("show-me", vec![allow(&["dynamodb:GetItem"], &[TABLE], Some(&["user#*"]))]);
    assert_eq!(get(&function, "user#1").await, "ok");
    let denied = function.dynamo().get_item().table_name("kith").set_key(Some(key("keys#signing"))).send().await;
    let error = denied.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some(DENIED));
    for part in ["show-me", "dynamodb:GetItem", TABLE, "keys#signing"] {
        assert!(error.message().unwrap().contains(part), "{error:?}");
    }
    assert_eq!(side.aws.policies()["show-me"].denied, ["dynamodb:GetItem keys#signing"]);
}

#[tokio::test]
async fn every_element_of_a_transaction_needs_the_right_of_its_own_kind() {
    let side = Side::in_memory().await;
    let kinds = ["PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"];
    for missing in kinds {
        let rights: Vec<String> =
            kinds.iter().filter(|kind| **kind != missing).map(|kind| format!("dynamodb:{kind}")).collect();
        let rights: Vec<&str> = rights.iter().map(String::as_str).collect();
        let function = side.function(missing, vec![allow(&rights, &[TABLE], Some(&["user#*"]))]);
        assert_eq!(transact(&function).await, DENIED, "{missing}");
        assert_eq!(side.aws.policies()[missing].denied.len(), 1);
    }
    let all = kinds.map(|kind| format!("dynamodb:{kind}"));
    let function = side.function("all", vec![allow(&all.each_ref().map(String::as_str), &[TABLE], Some(&["user#*"]))]);
    assert_eq!(transact(&function).await, "ok");
}

async fn transact(function: &Function<'_>) -> String {
    let put = Put::builder().table_name("kith").set_item(Some(key("user#1"))).build().unwrap();
    let update = Update::builder().table_name("kith").set_key(Some(key("user#2"))).update_expression("SET a = :a");
    let update = update.expression_attribute_values(":a", text("b")).build().unwrap();
    let delete = Delete::builder().table_name("kith").set_key(Some(key("user#3"))).build().unwrap();
    let check = ConditionCheck::builder().table_name("kith").set_key(Some(key("user#4")));
    let check = check.condition_expression("attribute_not_exists(pk)").build().unwrap();
    let element = TransactWriteItem::builder;
    let transaction = function.dynamo().transact_write_items();
    let transaction =
        transaction.transact_items(element().put(put).build()).transact_items(element().update(update).build());
    let transaction = transaction.transact_items(element().delete(delete).build());
    code(transaction.transact_items(element().condition_check(check).build()).send().await)
}

#[tokio::test]
async fn a_transactional_read_needs_get_item_and_a_batch_its_own_right() {
    let side = Side::in_memory().await;
    let reader = side.function("reader", vec![allow(&["dynamodb:GetItem"], &[TABLE], Some(&["user#*"]))]);
    let read = Get::builder().table_name("kith").set_key(Some(key("user#1"))).build().unwrap();
    let read = TransactGetItem::builder().get(read).build();
    assert_eq!(code(reader.dynamo().transact_get_items().transact_items(read).send().await), "ok");

    let wanted = |second: &str| KeysAndAttributes::builder().keys(key("user#1")).keys(key(second)).build().unwrap();
    let batch = |function: &Function<'_>, second: &str| {
        function.dynamo().batch_get_item().request_items("kith", wanted(second)).send()
    };
    assert_eq!(code(batch(&reader, "user#2").await), DENIED);
    let batcher = side.function("batcher", vec![allow(&["dynamodb:BatchGetItem"], &[TABLE], Some(&["user#*"]))]);
    assert_eq!(code(batch(&batcher, "user#2").await), "ok");
    assert_eq!(code(batch(&batcher, "session#2").await), DENIED);
    assert_eq!(side.aws.policies()["batcher"].denied, ["dynamodb:BatchGetItem session#2"]);

    let delete = DeleteRequest::builder().set_key(Some(key("user#1"))).build().unwrap();
    let write = WriteRequest::builder().delete_request(delete).build();
    assert_eq!(code(batcher.dynamo().batch_write_item().request_items("kith", vec![write]).send().await), DENIED);
}

#[tokio::test]
async fn a_query_on_an_index_needs_the_arn_of_the_index_and_its_own_key() {
    let side = Side::in_memory().await;
    let query = |function: &Function<'_>, key: &str| {
        let query = function.dynamo().query().table_name("kith").index_name("gsi1");
        let query = query.key_condition_expression("#k = :k").expression_attribute_names("#k", "gsi1pk");
        query.expression_attribute_values(":k", text(key)).send()
    };
    let on_table = side.function("on-table", vec![allow(&["dynamodb:Query"], &[TABLE], Some(&["outbox"]))]);
    assert_eq!(code(query(&on_table, "outbox").await), DENIED);
    let on_index = side.function("on-index", vec![allow(&["dynamodb:Query"], &[INDEX], Some(&["outbox"]))]);
    assert_eq!(code(query(&on_index, "outbox").await), "ok");
    assert_eq!(code(query(&on_index, "user#1").await), DENIED);
    assert_eq!(side.aws.policies()["on-index"].used, ["dynamodb:Query outbox on index gsi1"]);
}

#[tokio::test]
async fn scans_partiql_and_tables_are_denied_whatever_the_policy_says() {
    let side = Side::in_memory().await;
    let function = side.function("greedy", vec![allow(&["dynamodb:*"], &["*"], None)]);
    let dynamo = function.dynamo();
    assert_eq!(code(dynamo.scan().table_name("kith").send().await), DENIED);
    assert_eq!(code(dynamo.execute_statement().statement("SELECT * FROM kith").send().await), DENIED);
    assert_eq!(code(dynamo.delete_table().table_name("kith").send().await), DENIED);
    assert_eq!(code(dynamo.describe_table().table_name("kith").send().await), "ok");
    assert!(side.aws.policies()["greedy"].denied.contains(&"dynamodb:Scan on table/kith".to_owned()));
}

#[tokio::test]
async fn rights_that_no_call_relied_on_are_reported() {
    let side = Side::in_memory().await;
    let policy = vec![
        allow(&["dynamodb:GetItem", "dynamodb:PutItem"], &[TABLE], Some(&["user#*", "email#*"])),
        allow(&["logs:PutLogEvents"], &["*"], None),
    ];
    let function = side.function("show-me", policy);
    assert_eq!(get(&function, "user#1").await, "ok");
    let report = side.aws.policies()["show-me"].clone();
    assert_eq!(report.used, ["dynamodb:GetItem user#*"]);
    assert_eq!(report.superfluous, ["dynamodb:GetItem email#*", "dynamodb:PutItem user#*", "dynamodb:PutItem email#*"]);
    assert!(report.denied.is_empty());
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["superfluous"][0], "dynamodb:GetItem email#*");
}

#[tokio::test]
async fn the_other_services_need_their_resource_too() {
    let side = Side::in_memory().await;
    let function = side.function("none", Vec::new());
    assert_eq!(code(function.secrets().get_secret_value().secret_id("kith/signing").send().await), DENIED);
    assert_eq!(code(function.secrets().list_secrets().send().await), DENIED);
    let invoke = function.lambda().invoke().function_name("kith-deliver-mail");
    let invoke = invoke.invocation_type(aws_sdk_lambda::types::InvocationType::Event);
    assert_eq!(code(invoke.send().await), DENIED);
    assert_eq!(code(function.ses().get_send_quota().send().await), "AccessDenied");
    assert_eq!(
        side.aws.policies()["none"].denied,
        [
            "lambda:InvokeFunction on function:kith-deliver-mail",
            "secretsmanager:GetSecretValue on secret:kith/signing",
            "secretsmanager:ListSecrets on secret:*",
            "ses:GetSendQuota on identity/*",
        ]
    );
}

#[tokio::test]
async fn a_stranger_and_a_wrong_secret_are_turned_away() {
    let side = Side::in_memory().await;
    let mut function = side.trusted();
    function.secret_key = "wrong".into();
    assert_eq!(get(&function, "user#1").await, "InvalidSignatureException");
    assert_eq!(code(function.ses().get_send_quota().send().await), "SignatureDoesNotMatch");
    function.access_key = "KITHUNKNOWN".into();
    assert_eq!(get(&function, "user#1").await, "UnrecognizedClientException");
    assert_eq!(code(function.ses().get_send_quota().send().await), "InvalidClientTokenId");
    let other = side.trusted();
    let put =
        other.dynamo().put_item().table_name("kith").set_item(Some(item(&[("pk", "user#é"), ("sk", "€")]))).send();
    assert_eq!(code(put.await), "ok");
}

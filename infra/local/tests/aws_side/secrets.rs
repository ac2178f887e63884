use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_secretsmanager::Client;

use crate::caller::{SECRET, Side, code};

const FIRST: &str = "11111111-1111-4111-8111-111111111111";
const SECOND: &str = "22222222-2222-4222-8222-222222222222";

async fn put(secrets: &Client, token: &str, value: &str) -> String {
    let put = secrets.put_secret_value().secret_id(SECRET).client_request_token(token);
    code(put.secret_string(value).send().await)
}

async fn stage(secrets: &Client, stage: &str) -> Option<String> {
    let value = secrets.get_secret_value().secret_id("kith/signing").version_stage(stage).send().await.ok()?;
    value.secret_string().map(str::to_owned)
}

#[tokio::test]
async fn a_secret_without_a_value_is_not_found() {
    let side = Side::in_memory().await;
    let secrets = side.trusted().secrets();
    let error = secrets.get_secret_value().secret_id(SECRET).send().await.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception());
    assert_eq!(
        error.message(),
        Some("Secrets Manager can't find the specified secret value for staging label: AWSCURRENT")
    );
}

#[tokio::test]
async fn a_new_version_becomes_current_and_the_old_one_previous() {
    let side = Side::in_memory().await;
    let secrets = side.trusted().secrets();
    assert_eq!(put(&secrets, FIRST, "one").await, "ok");
    assert_eq!(stage(&secrets, "AWSPREVIOUS").await, None);
    assert_eq!(put(&secrets, SECOND, "two").await, "ok");
    assert_eq!(stage(&secrets, "AWSCURRENT").await.as_deref(), Some("two"));
    assert_eq!(stage(&secrets, "AWSPREVIOUS").await.as_deref(), Some("one"));
    let old = secrets.get_secret_value().secret_id(SECRET).version_id(FIRST).send().await.unwrap();
    assert_eq!((old.name(), old.version_stages()), (Some("kith/signing"), ["AWSPREVIOUS".to_owned()].as_slice()));
}

#[tokio::test]
async fn a_repeated_token_changes_nothing_and_with_another_value_is_refused() {
    let side = Side::in_memory().await;
    let secrets = side.trusted().secrets();
    assert_eq!(put(&secrets, FIRST, "one").await, "ok");
    assert_eq!(put(&secrets, SECOND, "two").await, "ok");
    assert_eq!(put(&secrets, FIRST, "one").await, "ok");
    assert_eq!(stage(&secrets, "AWSCURRENT").await.as_deref(), Some("two"));
    assert_eq!(put(&secrets, SECOND, "three").await, "ResourceExistsException");
}

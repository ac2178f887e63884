//! A runner's AWS side with the table of the template, and functions that call it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use kith_local::Clock;
use kith_local::aws::{Aws, AwsOptions, Call};
use kith_local::template::{BucketSpec, SecretSpec, Statement, TableSpec};
use serde_json::json;

pub(crate) const TABLE: &str = "arn:aws:dynamodb:eu-central-1:000000000000:table/kith";
pub(crate) const INDEX: &str = "arn:aws:dynamodb:eu-central-1:000000000000:table/kith/index/gsi1";
pub(crate) const SECRET: &str = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:kith/signing";
pub(crate) const BUCKET: &str = "arn:aws:s3:::kith-images";
pub(crate) const IDENTITY: &str = "arn:aws:ses:eu-central-1:000000000000:identity/kith.example";
pub(crate) const DELIVER_MAIL: &str = "arn:aws:lambda:eu-central-1:000000000000:function:kith-deliver-mail";

pub(crate) struct Side {
    pub(crate) aws: Aws,
    pub(crate) clock: Clock,
}

impl Side {
    pub(crate) async fn in_memory() -> Self {
        Self::start(None, 0.0).await
    }

    pub(crate) async fn start(data: Option<&Path>, fault_rate: f64) -> Self {
        let clock = Clock::new(SignedDuration::ZERO);
        let keys = |pk: &str, sk: &str| json!([{"AttributeName": pk, "KeyType": "HASH"}, {"AttributeName": sk, "KeyType": "RANGE"}]);
        let attribute = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
        let create = json!({
            "TableName": "kith",
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": keys("pk", "sk"),
            "AttributeDefinitions": [attribute("pk"), attribute("sk"), attribute("gsi1pk"), attribute("gsi1sk")],
            "GlobalSecondaryIndexes": [
                {"IndexName": "gsi1", "KeySchema": keys("gsi1pk", "gsi1sk"), "Projection": {"ProjectionType": "KEYS_ONLY"}}],
            "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
        });
        let aws = Aws::start(AwsOptions {
            data: data.map(Path::to_path_buf),
            table: TableSpec { name: "kith".into(), arn: TABLE.into(), create, ttl_attribute: "ttl".into() },
            secrets: vec![SecretSpec { name: "kith/signing".into(), arn: SECRET.into() }],
            buckets: vec![BucketSpec { name: "kith-images".into(), arn: BUCKET.into() }],
            clock: clock.clone(),
            fault_rate,
        });
        Self { aws: aws.await.unwrap(), clock }
    }

    pub(crate) fn function(&self, operation: &str, policy: Vec<Statement>) -> Function<'_> {
        let credentials = self.aws.admit(operation, Arc::new(policy));
        Function { side: self, access_key: credentials.access_key, secret_key: credentials.secret_key, tries: 1 }
    }

    /// A function that may do everything the tests do.
    pub(crate) fn trusted(&self) -> Function<'_> {
        let reads = ["GetItem", "BatchGetItem", "Query", "ConditionCheckItem", "DescribeTable"];
        let writes = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"];
        let dynamo: Vec<String> = reads.iter().chain(&writes).map(|action| format!("dynamodb:{action}")).collect();
        let dynamo: Vec<&str> = dynamo.iter().map(String::as_str).collect();
        self.function(
            "trusted",
            vec![
                allow(&dynamo, &[TABLE, INDEX], Some(&["*"])),
                allow(&["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"], &[SECRET], None),
                allow(&["s3:PutObject", "s3:GetObject", "s3:DeleteObject"], &[&format!("{BUCKET}/*")], None),
                allow(&["s3:ListBucket"], &[BUCKET], None),
                allow(&["ses:SendRawEmail"], &[IDENTITY], None),
                allow(&["lambda:InvokeFunction"], &[DELIVER_MAIL], None),
            ],
        )
    }
}

pub(crate) fn allow(actions: &[&str], resources: &[&str], leading_keys: Option<&[&str]>) -> Statement {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    Statement {
        actions: owned(actions),
        resources: owned(resources),
        leading_keys: leading_keys.map(owned),
        needs_keys: false,
    }
}

pub(crate) struct Function<'a> {
    side: &'a Side,
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    tries: u32,
}

macro_rules! clients {
    ($($name:ident: $sdk:ident),*) => {$(
        pub(crate) fn $name(&self) -> $sdk::Client {
            $sdk::Client::from_conf(
                $sdk::Config::builder()
                    .behavior_version(BehaviorVersion::latest())
                    .region(Region::new("eu-central-1"))
                    .endpoint_url(self.side.aws.url())
                    .credentials_provider(Credentials::new(&self.access_key, &self.secret_key, None, None, "test"))
                    .retry_config(
                        RetryConfig::standard()
                            .with_max_attempts(self.tries)
                            .with_initial_backoff(std::time::Duration::from_millis(1)),
                    )
                    .build(),
            )
        }
    )*};
}

impl Function<'_> {
    clients!(
        dynamo: aws_sdk_dynamodb,
        secrets: aws_sdk_secretsmanager,
        ses: aws_sdk_ses,
        lambda: aws_sdk_lambda,
        s3: aws_sdk_s3
    );

    /// Retries like the SDK does by default; without this, the first failure shows.
    pub(crate) fn retrying(mut self) -> Self {
        self.tries = 3;
        self
    }

    /// The calls that `work` makes.
    pub(crate) async fn calls_of<T>(&self, work: impl Future<Output = T>) -> (T, Vec<Call>) {
        self.side.aws.begin(&self.access_key, "request-1");
        let result = work.await;
        (result, self.side.aws.finish(&self.access_key))
    }
}

pub(crate) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A table key with sort key `x`.
pub(crate) fn key(pk: &str) -> HashMap<String, AttributeValue> {
    item(&[("pk", pk), ("sk", "x")])
}

pub(crate) fn item(attributes: &[(&str, &str)]) -> HashMap<String, AttributeValue> {
    attributes.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect()
}

/// The code of the error, as the service named it.
pub(crate) fn code<T, E: ProvideErrorMetadata, R>(result: Result<T, SdkError<E, R>>) -> String {
    match result {
        Ok(_) => "ok".into(),
        Err(SdkError::ServiceError(error)) => error.err().code().unwrap_or_default().into(),
        Err(SdkError::DispatchFailure(_) | SdkError::ResponseError(_)) => "no answer".into(),
        Err(_) => "other".into(),
    }
}

//! What a resource is called locally: the answers of `Ref` and `Fn::GetAtt` for the types that the templates use.

use serde_json::Value;

use super::{ACCOUNT, REGION};

/// A resource with its intrinsics resolved.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) file: String,
    pub(super) logical_id: String,
    pub(super) kind: String,
    pub(super) names: Names,
    pub(super) properties: Value,
}

impl Resource {
    /// Where the resource stands in its file.
    pub(super) fn path(&self) -> String {
        format!("Resources/{}", self.logical_id)
    }
}

/// What other resources may say about a resource.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// The answer of `Ref`; the physical name unless the type says otherwise.
    pub(super) reference: String,
    /// The answer of `Fn::GetAtt … Arn`.
    pub(super) arn: String,
    /// Other attributes.
    attributes: Vec<(&'static str, String)>,
}

impl Names {
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        if name == "Arn" && !self.arn.is_empty() {
            return Some(self.arn.clone());
        }
        self.attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone())
    }
}

/// Kinds of resource that create nothing the runner has to act on.
const PASSIVE: [&str; 14] = [
    "AWS::ApiGatewayV2::",
    "AWS::Budgets::",
    "AWS::CertificateManager::",
    "AWS::CloudWatch::",
    "AWS::IAM::",
    "AWS::KMS::",
    "AWS::KinesisFirehose::",
    "AWS::Lambda::",
    "AWS::Logs::",
    "AWS::OpenSearchService::",
    "AWS::Route53::",
    "AWS::SES::",
    "AWS::SNS::",
    "AWS::SQS::",
];

/// The local names of a resource; `physical` is the name that its properties give it, if any.
///
/// `None`: the runner does not know the kind.
pub(super) fn names(stack: &str, logical_id: &str, kind: &str, physical: Option<String>) -> Option<Names> {
    let given = physical.is_some();
    let name = physical.unwrap_or_else(|| format!("{stack}-{logical_id}"));
    let arn = |service: &str, rest: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}");
    let plain = |reference: String, arn: String| Names { reference, arn, attributes: Vec::new() };
    Some(match kind {
        "AWS::DynamoDB::Table" => {
            let table = arn("dynamodb", &format!("table/{name}"));
            Names { reference: name, attributes: vec![("StreamArn", format!("{table}/stream/local"))], arn: table }
        }
        // A bucket's name has no capital letters.
        "AWS::S3::Bucket" => {
            let name = name.to_ascii_lowercase();
            Names {
                arn: format!("arn:aws:s3:::{name}"),
                attributes: vec![("RegionalDomainName", format!("{name}.s3.{REGION}.amazonaws.com"))],
                reference: name,
            }
        }
        "AWS::S3::BucketPolicy" => plain(format!("{stack}-{logical_id}"), String::new()),
        "AWS::SecretsManager::Secret" => {
            let secret = arn("secretsmanager", &format!("secret:{name}-AbCdEf"));
            Names { reference: secret.clone(), attributes: vec![("Id", secret)], arn: String::new() }
        }
        "AWS::Serverless::Function" => plain(name.clone(), arn("lambda", &format!("function:{name}"))),
        // The gateway's own ids are short and lower case; the stack keeps them apart.
        "AWS::ApiGatewayV2::Api" => {
            let id = if given { format!("{stack}-{logical_id}") } else { name };
            Names {
                attributes: vec![
                    ("ApiId", id.clone()),
                    ("ApiEndpoint", format!("https://{id}.execute-api.{REGION}.amazonaws.com")),
                ],
                reference: id,
                arn: String::new(),
            }
        }
        "AWS::ApiGatewayV2::Integration" => {
            let id = format!("{stack}-{logical_id}");
            Names { attributes: vec![("IntegrationId", id.clone())], reference: id, arn: String::new() }
        }
        "AWS::CloudFormation::Stack" => plain(stack_id(&format!("{stack}-{logical_id}")), String::new()),
        "AWS::Events::Rule" => plain(name.clone(), arn("events", &format!("rule/{name}"))),
        "AWS::Scheduler::Schedule" => plain(name.clone(), arn("scheduler", &format!("schedule/default/{name}"))),
        "AWS::SNS::Topic" => {
            let topic = arn("sns", &name);
            Names {
                reference: topic.clone(),
                attributes: vec![("TopicArn", topic.clone()), ("TopicName", name)],
                arn: topic,
            }
        }
        "AWS::SQS::Queue" => Names {
            reference: format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"),
            arn: arn("sqs", &name),
            attributes: vec![("QueueName", name)],
        },
        "AWS::Logs::LogGroup" => plain(name.clone(), arn("logs", &format!("log-group:{name}:*"))),
        "AWS::IAM::Role" => plain(name.clone(), format!("arn:aws:iam::{ACCOUNT}:role/{name}")),
        "AWS::KMS::Key" => Names {
            reference: name.clone(),
            arn: arn("kms", &format!("key/{name}")),
            attributes: vec![("KeyId", name)],
        },
        kind if PASSIVE.iter().any(|prefix| kind.starts_with(prefix)) => {
            let service = kind.split("::").nth(1).unwrap_or_default().to_ascii_lowercase();
            plain(name.clone(), arn(&service, &name))
        }
        _ => return None,
    })
}

/// The id of the stack called `name`.
pub(super) fn stack_id(name: &str) -> String {
    format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/00000000-0000-0000-0000-000000000000")
}

/// The property that names a resource of this kind physically.
pub(super) fn name_property(kind: &str) -> &'static str {
    match kind {
        "AWS::DynamoDB::Table" => "TableName",
        "AWS::S3::Bucket" => "BucketName",
        "AWS::Serverless::Function" => "FunctionName",
        "AWS::Logs::LogGroup" => "LogGroupName",
        "AWS::SNS::Topic" => "TopicName",
        "AWS::SQS::Queue" => "QueueName",
        "AWS::IAM::Role" => "RoleName",
        "AWS::CloudWatch::Alarm" => "AlarmName",
        _ => "Name",
    }
}

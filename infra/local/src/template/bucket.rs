//! `AWS::S3::Bucket` as a [`BucketSpec`], and its policy.

use serde_json::Value;

use super::resource::Resource;
use super::{BucketSpec, TemplateError};

/// What protects a bucket, or names it, in the cloud. Here only the functions can reach it anyway.
const PROPERTIES: [&str; 5] =
    ["BucketEncryption", "BucketName", "OwnershipControls", "PublicAccessBlockConfiguration", "Tags"];

/// The buckets that `resources` declare.
pub(super) fn read(resources: &[Resource]) -> Result<Vec<BucketSpec>, TemplateError> {
    let of_kind = |kind: &'static str| resources.iter().filter(move |resource| resource.kind == kind);
    let buckets: Vec<BucketSpec> = of_kind("AWS::S3::Bucket").map(bucket).collect::<Result<_, _>>()?;
    for resource in of_kind("AWS::S3::BucketPolicy") {
        check_policy(resource, &buckets)?;
    }
    Ok(buckets)
}

fn refuse(resource: &Resource, message: &str) -> TemplateError {
    TemplateError::new(&resource.file, &resource.path(), message)
}

fn bucket(resource: &Resource) -> Result<BucketSpec, TemplateError> {
    let properties = resource.properties.as_object();
    if let Some(key) = properties.and_then(|map| map.keys().find(|key| !PROPERTIES.contains(&key.as_str()))) {
        return Err(refuse(resource, &format!("the runner does not know the property {key}")));
    }
    Ok(BucketSpec { name: resource.names.reference.clone(), arn: resource.names.arn.clone() })
}

/// A policy that only denies, such as what comes without TLS, takes nothing from the functions here. One that allows
/// would give rights beside those of their own policies.
fn check_policy(resource: &Resource, buckets: &[BucketSpec]) -> Result<(), TemplateError> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let name = text(&resource.properties, "Bucket");
    if !buckets.iter().any(|bucket| bucket.name == name) {
        return Err(refuse(resource, &format!("Bucket `{name}` is no bucket of the templates")));
    }
    let statements = resource.properties.pointer("/PolicyDocument/Statement").and_then(Value::as_array);
    let statements = statements.ok_or_else(|| refuse(resource, "PolicyDocument needs a list of statements"))?;
    if statements.iter().any(|statement| text(statement, "Effect") != "Deny") {
        return Err(refuse(resource, "a bucket's policy may only deny: rights are in the functions' policies"));
    }
    Ok(())
}

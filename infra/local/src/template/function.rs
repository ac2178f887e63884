//! `AWS::Serverless::Function` as a [`FunctionSpec`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::intrinsic::scalar;
use super::resource::Resource;
use super::{FunctionSpec, Statement, TemplateError};

/// Properties that the runner reads, and those that change nothing on one machine.
const PROPERTIES: [&str; 22] = [
    "CodeUri",
    "Environment",
    "EventInvokeConfig",
    "Events",
    "FunctionName",
    "MemorySize",
    "Policies",
    "Timeout",
    "Architectures",
    "AutoPublishAlias",
    "AutoPublishAliasAllProperties",
    "DeploymentPreference",
    "Description",
    "EphemeralStorage",
    "Handler",
    "LoggingConfig",
    "PermissionsBoundary",
    "PropagateTags",
    "ReservedConcurrentExecutions",
    "Runtime",
    "Tags",
    "Tracing",
];

/// Reads the function that `resource` declares.
pub(super) fn read(resource: &Resource) -> Result<FunctionSpec, TemplateError> {
    let properties = &resource.properties;
    let refuse = |property: &str, message: String| {
        TemplateError::new(&resource.file, &format!("{}/Properties/{property}", resource.path()), message)
    };
    if let Some(unknown) =
        properties.as_object().and_then(|map| map.keys().find(|key| !PROPERTIES.contains(&key.as_str())))
    {
        return Err(refuse(unknown, "the runner does not know this property".to_owned()));
    }
    let text = |property: &str| properties.get(property).and_then(scalar);
    let operation = text("CodeUri")
        .and_then(|uri| uri.trim_end_matches('/').rsplit('/').next().map(str::to_owned))
        .filter(|operation| !operation.is_empty())
        .ok_or_else(|| refuse("CodeUri", "is needed: its last segment is the operation".to_owned()))?;
    if text("Runtime").as_deref() != Some("provided.al2023") || text("Handler").as_deref() != Some("bootstrap") {
        return Err(refuse("Runtime", "a Rust function has Runtime provided.al2023 and Handler bootstrap".to_owned()));
    }
    let number = |property: &str, default: u32| match text(property) {
        None => Ok(default),
        Some(text) => text.parse::<u32>().map_err(|_| refuse(property, format!("`{text}` is no number"))),
    };
    let async_retries = properties.pointer("/EventInvokeConfig/MaximumRetryAttempts").and_then(scalar);
    let async_retries = async_retries.map_or(Ok(2), |text| {
        text.parse().map_err(|_| refuse("EventInvokeConfig", format!("`{text}` is no number")))
    })?;
    Ok(FunctionSpec {
        operation,
        file: resource.file.clone(),
        logical_id: resource.logical_id.clone(),
        name: resource.names.reference.clone(),
        arn: resource.names.arn.clone(),
        environment: environment(properties, &refuse)?,
        policy: Arc::new(policy(properties, &refuse)?),
        memory_mib: number("MemorySize", 128)?,
        timeout: Duration::from_secs(u64::from(number("Timeout", 3)?)),
        async_retries,
    })
}

fn environment(
    properties: &Value,
    refuse: &impl Fn(&str, String) -> TemplateError,
) -> Result<BTreeMap<String, String>, TemplateError> {
    let mut environment = BTreeMap::new();
    let Some(variables) = properties.pointer("/Environment/Variables").and_then(Value::as_object) else {
        return Ok(environment);
    };
    for (name, value) in variables {
        let value =
            scalar(value).ok_or_else(|| refuse(&format!("Environment/Variables/{name}"), "is no string".to_owned()))?;
        environment.insert(name.clone(), value);
    }
    Ok(environment)
}

fn policy(
    properties: &Value,
    refuse: &impl Fn(&str, String) -> TemplateError,
) -> Result<Vec<Statement>, TemplateError> {
    let refuse = |message: String| refuse("Policies", message);
    let documents = match properties.get("Policies") {
        None => return Ok(Vec::new()),
        Some(Value::Array(documents)) => documents.iter().collect(),
        Some(document) => vec![document],
    };
    let mut statements = Vec::new();
    for document in documents {
        let Some(map) = document.as_object() else {
            return Err(refuse(format!(
                "{document}: only statements are allowed here, since a managed policy hides its actions"
            )));
        };
        if let Some(key) = map.keys().find(|key| !["Version", "Statement", "Id"].contains(&key.as_str())) {
            return Err(refuse(format!("{key}: only statements are allowed here")));
        }
        match map.get("Statement") {
            Some(Value::Array(items)) => {
                for item in items {
                    statements.push(statement(item, &refuse)?);
                }
            }
            Some(item) => statements.push(statement(item, &refuse)?),
            None => return Err(refuse("a policy without Statement".to_owned())),
        }
    }
    Ok(statements)
}

fn statement(item: &Value, refuse: &impl Fn(String) -> TemplateError) -> Result<Statement, TemplateError> {
    let map = item.as_object().ok_or_else(|| refuse("a statement is a mapping".to_owned()))?;
    if let Some(key) =
        map.keys().find(|key| !["Sid", "Effect", "Action", "Resource", "Condition"].contains(&key.as_str()))
    {
        return Err(refuse(format!("the runner does not enforce {key}")));
    }
    if map.get("Effect").and_then(Value::as_str) != Some("Allow") {
        return Err(refuse("the runner enforces Allow statements only".to_owned()));
    }
    let list = |key: &str| {
        strings(map.get(key))
            .filter(|items| !items.is_empty())
            .ok_or_else(|| refuse(format!("{key} needs a string or strings")))
    };
    let condition = map.get("Condition").map(|condition| leading_keys(condition, refuse)).transpose()?;
    let (leading_keys, needs_keys) = condition.map_or((None, false), |(keys, needed)| (Some(keys), needed));
    Ok(Statement { actions: list("Action")?, resources: list("Resource")?, leading_keys, needs_keys })
}

/// The conditions that the runner enforces, on leading keys: which they must be, and whether there must be some. Another
/// would have to be enforced, too, before it may be used.
fn leading_keys(
    condition: &Value,
    refuse: &impl Fn(String) -> TemplateError,
) -> Result<(Vec<String>, bool), TemplateError> {
    let unknown = || refuse(format!("the runner does not enforce the condition {condition}"));
    let named = |inner: &Value| match inner.as_object() {
        Some(map) if map.len() == 1 => map.get("dynamodb:LeadingKeys").cloned(),
        _ => None,
    };
    let (mut patterns, mut needed) = (None, false);
    for (operator, inner) in condition.as_object().ok_or_else(unknown)? {
        let value = named(inner).ok_or_else(unknown)?;
        match operator.as_str() {
            "ForAllValues:StringLike" => patterns = strings(Some(&value)),
            "Null" if value == "false" => needed = true,
            _ => return Err(unknown()),
        }
    }
    patterns.map(|patterns| (patterns, needed)).ok_or_else(unknown)
}

/// A string or a list of strings.
pub(super) fn strings(value: Option<&Value>) -> Option<Vec<String>> {
    match value? {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

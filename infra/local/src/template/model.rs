//! The typed view of the resolved resources.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::bucket;
use super::events::Sources;
use super::function::{self, strings};
use super::intrinsic::scalar;
use super::resource::Resource;
use super::stack::Resolved;
use super::{ACCOUNT, ApiSpec, Cors, FunctionSpec, REGION, RouteSpec, SecretSpec, TableSpec, Template, TemplateError};

/// Builds the model.
pub(super) fn build(resolved: Resolved) -> Result<Template, TemplateError> {
    let resources = &resolved.resources;
    let of_kind = |kind: &'static str| resources.iter().filter(move |resource| resource.kind == kind);
    let mut functions = BTreeMap::new();
    let mut sources = Sources::default();
    for resource in of_kind("AWS::Serverless::Function") {
        let function = function::read(resource)?;
        sources.add_sam_events(resource, &function.operation)?;
        if let Some(other) = functions.insert(function.operation.clone(), function) {
            return Err(refuse(
                resource,
                &format!("{} declares the operation {}, too", other.logical_id, other.operation),
            ));
        }
    }
    let operation_of = |arn: &str| operation_of(&functions, arn);
    for resource in of_kind("AWS::Events::Rule") {
        sources.add_rule_resource(resource, operation_of)?;
    }
    for resource in of_kind("AWS::Lambda::EventSourceMapping") {
        sources.add_mapping_resource(resource, operation_of)?;
    }
    if let Some(resource) = of_kind("AWS::Scheduler::Schedule").next() {
        return Err(refuse(resource, "declare the schedule as an event of its function"));
    }
    let mut retries = Vec::new();
    for resource in of_kind("AWS::Lambda::EventInvokeConfig") {
        let text = |key: &str| resource.properties.get(key).and_then(scalar);
        let operation = operation_of(&text("FunctionName").unwrap_or_default())
            .ok_or_else(|| refuse(resource, "FunctionName is no function"))?;
        if let Some(attempts) = text("MaximumRetryAttempts").and_then(|text| text.parse().ok()) {
            retries.push((operation, attempts));
        }
    }
    let api = api(resources)?;
    let routes = routes(resources, &api, &functions)?;
    let table = one(of_kind("AWS::DynamoDB::Table"), "AWS::DynamoDB::Table").and_then(table)?;
    let secrets = of_kind("AWS::SecretsManager::Secret").map(secret).collect::<Result<_, _>>()?;
    let buckets = bucket::read(resources)?;
    for (operation, attempts) in retries {
        if let Some(function) = functions.get_mut(&operation) {
            function.async_retries = attempts;
        }
    }
    let Sources { schedules, event_rules, streams } = sources;
    let stacks = resolved.stacks;
    Ok(Template { api, functions, routes, schedules, event_rules, streams, table, secrets, buckets, stacks })
}

fn refuse(resource: &Resource, message: &str) -> TemplateError {
    TemplateError::new(&resource.file, &resource.path(), message)
}

fn one<'a>(mut resources: impl Iterator<Item = &'a Resource>, kind: &str) -> Result<&'a Resource, TemplateError> {
    let first = resources
        .next()
        .ok_or_else(|| TemplateError::new(super::source::ROOT, "Resources", format!("there is no {kind}")))?;
    match resources.next() {
        None => Ok(first),
        Some(second) => Err(refuse(second, &format!("{} is a {kind} already; the runner knows one", first.logical_id))),
    }
}

/// The operation of the function that `arn` names: its name, its ARN, or an ARN around it, as an integration has it.
fn operation_of(functions: &BTreeMap<String, FunctionSpec>, arn: &str) -> Option<String> {
    let name = arn.split_once(":function:").map_or(arn, |(_, rest)| rest);
    let name = name.split([':', '/']).next().unwrap_or(name);
    functions.values().find(|function| function.name == name).map(|function| function.operation.clone())
}

fn api(resources: &[Resource]) -> Result<ApiSpec, TemplateError> {
    let is_http = |resource: &&Resource| {
        resource.kind == "AWS::ApiGatewayV2::Api"
            && resource.properties.get("ProtocolType").and_then(Value::as_str) == Some("HTTP")
    };
    let resource = one(resources.iter().filter(is_http), "AWS::ApiGatewayV2::Api with ProtocolType HTTP")?;
    let id = resource.names.reference.clone();
    let stage = resources.iter().filter(|stage| stage.kind == "AWS::ApiGatewayV2::Stage").find(|stage| {
        let text = |key: &str| stage.properties.get(key).and_then(Value::as_str);
        text("ApiId") == Some(&id)
            && text("StageName") == Some("$default")
            && stage.properties.get("AutoDeploy").and_then(scalar).as_deref() == Some("true")
    });
    if stage.is_none() {
        return Err(refuse(resource, "has no stage `$default` with AutoDeploy"));
    }
    let cors = resource.properties.get("CorsConfiguration").map(|cors| read_cors(resource, cors)).transpose()?;
    Ok(ApiSpec { id, cors })
}

fn read_cors(resource: &Resource, cors: &Value) -> Result<Cors, TemplateError> {
    let mut read = Cors::default();
    for (key, value) in cors.as_object().into_iter().flatten() {
        let list =
            || strings(Some(value)).ok_or_else(|| refuse(resource, &format!("CorsConfiguration/{key} needs strings")));
        match key.as_str() {
            "AllowOrigins" => read.allow_origins = list()?,
            "AllowMethods" => read.allow_methods = list()?,
            "AllowHeaders" => read.allow_headers = list()?,
            "ExposeHeaders" => read.expose_headers = list()?,
            "MaxAge" => read.max_age = scalar(value).and_then(|text| text.parse().ok()),
            "AllowCredentials" => read.allow_credentials = scalar(value).as_deref() == Some("true"),
            _ => return Err(refuse(resource, &format!("unknown CorsConfiguration/{key}"))),
        }
    }
    Ok(read)
}

fn routes(
    resources: &[Resource],
    api: &ApiSpec,
    functions: &BTreeMap<String, FunctionSpec>,
) -> Result<Vec<RouteSpec>, TemplateError> {
    let mut routes: Vec<RouteSpec> = Vec::new();
    for resource in resources.iter().filter(|resource| resource.kind == "AWS::ApiGatewayV2::Route") {
        let text = |key: &str| resource.properties.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("ApiId") != api.id {
            return Err(refuse(resource, "ApiId is not the HTTP API"));
        }
        let key = text("RouteKey");
        if key != "$default"
            && !key.split_once(' ').is_some_and(|(method, path)| is_method(method) && path.starts_with('/'))
        {
            return Err(refuse(resource, &format!("`{key}` is no route key")));
        }
        let authorization = resource.properties.get("AuthorizationType").and_then(Value::as_str).unwrap_or("NONE");
        if authorization != "NONE" {
            return Err(refuse(resource, "the runner knows no authorizers"));
        }
        let operation = integrated(resources, resource, text("Target"), functions)?;
        if !permitted(resources, api, key, &operation, functions) {
            return Err(refuse(
                resource,
                &format!("no AWS::Lambda::Permission lets the API invoke {operation} by this route"),
            ));
        }
        if let Some(other) = routes.iter().find(|route| route.key == key) {
            return Err(refuse(resource, &format!("{} has the route key {key}, too", other.operation)));
        }
        routes.push(RouteSpec { key: key.to_owned(), operation });
    }
    routes.sort_by(|left, right| left.key.cmp(&right.key));
    Ok(routes)
}

fn is_method(method: &str) -> bool {
    ["ANY", "GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"].contains(&method)
}

/// The operation behind the integration that `target` names.
fn integrated(
    resources: &[Resource],
    route: &Resource,
    target: &str,
    functions: &BTreeMap<String, FunctionSpec>,
) -> Result<String, TemplateError> {
    let id = target.strip_prefix("integrations/").unwrap_or_default();
    let integration = resources
        .iter()
        .find(|resource| resource.kind == "AWS::ApiGatewayV2::Integration" && resource.names.reference == id);
    let integration = integration.ok_or_else(|| refuse(route, &format!("the target `{target}` is no integration")))?;
    let text = |key: &str| integration.properties.get(key).and_then(scalar).unwrap_or_default();
    if text("IntegrationType") != "AWS_PROXY" || text("PayloadFormatVersion") != "2.0" {
        return Err(refuse(integration, "needs IntegrationType AWS_PROXY and PayloadFormatVersion 2.0"));
    }
    operation_of(functions, &text("IntegrationUri"))
        .ok_or_else(|| refuse(integration, "IntegrationUri is no function of the templates"))
}

/// Whether a permission lets the gateway invoke `operation` for the route `key`.
fn permitted(
    resources: &[Resource],
    api: &ApiSpec,
    key: &str,
    operation: &str,
    functions: &BTreeMap<String, FunctionSpec>,
) -> bool {
    let base = format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{}/$default", api.id);
    let arn = match key.split_once(' ') {
        Some((method, path)) => format!("{base}/{method}{path}"),
        None => format!("{base}/{key}"),
    };
    resources.iter().filter(|resource| resource.kind == "AWS::Lambda::Permission").any(|permission| {
        let text = |key: &str| permission.properties.get(key).and_then(Value::as_str);
        text("Action") == Some("lambda:InvokeFunction")
            && text("Principal") == Some("apigateway.amazonaws.com")
            && text("FunctionName").and_then(|name| operation_of(functions, name)).as_deref() == Some(operation)
            && text("SourceArn").is_none_or(|pattern| like(pattern, &arn))
    })
}

/// Whether `text` is like `pattern`, in which `*` stands for any characters.
fn like(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(head) else {
        return false;
    };
    (0..=rest.len())
        .filter(|at| rest.is_char_boundary(*at))
        .any(|at| rest.get(at..).is_some_and(|rest| like(tail, rest)))
}

fn table(resource: &Resource) -> Result<TableSpec, TemplateError> {
    let properties = &resource.properties;
    let mut create = Map::from_iter([("TableName".to_owned(), json!(resource.names.reference))]);
    for key in ["AttributeDefinitions", "KeySchema", "BillingMode"] {
        let value = properties.get(key).ok_or_else(|| refuse(resource, &format!("{key} is missing")))?;
        create.insert(key.to_owned(), value.clone());
    }
    for (key, value) in properties.as_object().into_iter().flatten() {
        match key.as_str() {
            "GlobalSecondaryIndexes" => {
                let indexes = value.as_array().into_iter().flatten().map(|index| {
                    let part = |key: &str| index.get(key).cloned().unwrap_or_default();
                    json!({"IndexName": part("IndexName"), "KeySchema": part("KeySchema"), "Projection": part("Projection")})
                });
                create.insert(key.clone(), Value::Array(indexes.collect()));
            }
            "StreamSpecification" => {
                let view = value.get("StreamViewType").cloned().unwrap_or_default();
                create.insert(key.clone(), json!({"StreamEnabled": true, "StreamViewType": view}));
            }
            // What is taken above, and what protects data, or names it, in the cloud.
            "AttributeDefinitions"
            | "BillingMode"
            | "KeySchema"
            | "TableName"
            | "TimeToLiveSpecification"
            | "ContributorInsightsSpecification"
            | "DeletionProtectionEnabled"
            | "OnDemandThroughput"
            | "PointInTimeRecoverySpecification"
            | "ResourcePolicy"
            | "SSESpecification"
            | "TableClass"
            | "Tags" => {}
            _ => {
                return Err(refuse(resource, &format!("the runner does not know the property {key}")));
            }
        }
    }
    let ttl = properties.pointer("/TimeToLiveSpecification/AttributeName").and_then(Value::as_str);
    let ttl_attribute = ttl.ok_or_else(|| refuse(resource, "TimeToLiveSpecification is missing"))?.to_owned();
    Ok(TableSpec {
        name: resource.names.reference.clone(),
        arn: resource.names.arn.clone(),
        create: Value::Object(create),
        ttl_attribute,
    })
}

fn secret(resource: &Resource) -> Result<SecretSpec, TemplateError> {
    let known = ["Name", "Description", "KmsKeyId", "Tags"];
    if let Some(key) =
        resource.properties.as_object().and_then(|map| map.keys().find(|key| !known.contains(&key.as_str())))
    {
        return Err(refuse(
            resource,
            &format!("the runner does not know the property {key}; rotate-keys writes the value"),
        ));
    }
    let arn = resource.names.reference.clone();
    let name = arn.rsplit(':').next().and_then(|tail| tail.strip_suffix("-AbCdEf")).unwrap_or_default().to_owned();
    Ok(SecretSpec { name, arn })
}

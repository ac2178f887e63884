//! What starts functions besides routes: schedules, event rules, streams.

use serde_json::Value;

use super::intrinsic::scalar;
use super::resource::Resource;
use super::{ACCOUNT, EventRuleSpec, REGION, ScheduleSpec, StreamSpec, TemplateError};
use crate::filter::Pattern;

/// Event sources of all functions.
#[derive(Default)]
pub(super) struct Sources {
    pub(super) schedules: Vec<ScheduleSpec>,
    pub(super) event_rules: Vec<EventRuleSpec>,
    pub(super) streams: Vec<StreamSpec>,
}

/// Where an event stands, for errors.
struct Place<'a> {
    file: &'a str,
    path: String,
}

impl Place<'_> {
    fn refuse(&self, message: impl Into<String>) -> TemplateError {
        TemplateError::new(self.file, &self.path, message)
    }

    fn known(&self, properties: &Value, known: &[&str]) -> Result<(), TemplateError> {
        match properties.as_object().and_then(|map| map.keys().find(|key| !known.contains(&key.as_str()))) {
            Some(unknown) => Err(self.refuse(format!("the runner does not know the property {unknown}"))),
            None => Ok(()),
        }
    }
}

impl Sources {
    /// Adds what the `Events` of the function `resource` declare.
    pub(super) fn add_sam_events(&mut self, resource: &Resource, operation: &str) -> Result<(), TemplateError> {
        for (id, event) in resource.properties.get("Events").and_then(Value::as_object).into_iter().flatten() {
            let place = Place { file: &resource.file, path: format!("{}/Properties/Events/{id}", resource.path()) };
            let properties = event.get("Properties").unwrap_or(&Value::Null);
            let rule = format!("{}{id}", resource.logical_id);
            match event.get("Type").and_then(Value::as_str) {
                Some("Schedule") => {
                    place.known(
                        properties,
                        &["Schedule", "Name", "Description", "Enabled", "State", "RetryPolicy", "DeadLetterConfig"],
                    )?;
                    self.add_schedule(&place, properties.get("Schedule"), operation, &rule)?;
                }
                Some("ScheduleV2") => {
                    let known = [
                        "ScheduleExpression",
                        "ScheduleExpressionTimezone",
                        "FlexibleTimeWindow",
                        "Name",
                        "OmitName",
                        "Description",
                        "State",
                        "RetryPolicy",
                        "DeadLetterConfig",
                    ];
                    place.known(properties, &known)?;
                    self.add_schedule(&place, properties.get("ScheduleExpression"), operation, &rule)?;
                }
                Some("EventBridgeRule" | "CloudWatchEvent") => {
                    place.known(properties, &["Pattern", "RuleName", "State", "RetryPolicy", "DeadLetterConfig"])?;
                    self.add_rule(&place, properties.get("Pattern"), operation)?;
                }
                Some("DynamoDB") => {
                    let stream = properties.get("Stream").and_then(Value::as_str);
                    self.add_stream(&place, properties, stream, operation)?;
                }
                other => return Err(place.refuse(format!("the runner does not know events of type {other:?}"))),
            }
        }
        Ok(())
    }

    /// Adds an `AWS::Events::Rule`; `operation_of` finds the function with an ARN.
    pub(super) fn add_rule_resource(
        &mut self,
        resource: &Resource,
        operation_of: impl Fn(&str) -> Option<String>,
    ) -> Result<(), TemplateError> {
        let place = Place { file: &resource.file, path: format!("{}/Properties", resource.path()) };
        let properties = &resource.properties;
        place.known(properties, &["Name", "Description", "State", "ScheduleExpression", "EventPattern", "Targets"])?;
        for target in properties.get("Targets").and_then(Value::as_array).into_iter().flatten() {
            place.known(target, &["Arn", "Id", "RetryPolicy", "DeadLetterConfig"])?;
            let arn = target.get("Arn").and_then(Value::as_str).unwrap_or_default();
            let operation =
                operation_of(arn).ok_or_else(|| place.refuse(format!("the target {arn} is no function")))?;
            match (properties.get("ScheduleExpression"), properties.get("EventPattern")) {
                (Some(expression), None) => {
                    self.add_schedule(&place, Some(expression), &operation, &resource.names.reference)?;
                }
                (None, pattern) => self.add_rule(&place, pattern, &operation)?,
                _ => return Err(place.refuse("a rule has either a schedule or a pattern")),
            }
        }
        Ok(())
    }

    /// Adds an `AWS::Lambda::EventSourceMapping`.
    pub(super) fn add_mapping_resource(
        &mut self,
        resource: &Resource,
        operation_of: impl Fn(&str) -> Option<String>,
    ) -> Result<(), TemplateError> {
        let place = Place { file: &resource.file, path: format!("{}/Properties", resource.path()) };
        let text = |key: &str| resource.properties.get(key).and_then(Value::as_str).unwrap_or_default();
        let operation =
            operation_of(text("FunctionName")).ok_or_else(|| place.refuse("FunctionName is no function"))?;
        let mut properties = resource.properties.clone();
        if let Some(map) = properties.as_object_mut() {
            map.remove("FunctionName");
            map.remove("EventSourceArn");
        }
        self.add_stream(&place, &properties, Some(text("EventSourceArn")), &operation)
    }

    fn add_schedule(
        &mut self,
        place: &Place<'_>,
        expression: Option<&Value>,
        operation: &str,
        rule: &str,
    ) -> Result<(), TemplateError> {
        let expression = expression.and_then(Value::as_str).unwrap_or_default();
        if !["rate(", "cron("].iter().any(|kind| expression.starts_with(kind)) || !expression.ends_with(')') {
            return Err(place.refuse(format!("`{expression}` is no schedule")));
        }
        let arn = format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule}");
        self.schedules.push(ScheduleSpec { expression: expression.to_owned(), operation: operation.to_owned(), arn });
        Ok(())
    }

    fn add_rule(&mut self, place: &Place<'_>, pattern: Option<&Value>, operation: &str) -> Result<(), TemplateError> {
        let pattern = pattern.ok_or_else(|| place.refuse("a rule needs a pattern"))?;
        let pattern = Pattern::parse(pattern).map_err(|error| place.refuse(error.to_string()))?;
        self.event_rules.push(EventRuleSpec { pattern, operation: operation.to_owned() });
        Ok(())
    }

    fn add_stream(
        &mut self,
        place: &Place<'_>,
        properties: &Value,
        stream: Option<&str>,
        operation: &str,
    ) -> Result<(), TemplateError> {
        let known = [
            "Stream",
            "StartingPosition",
            "BatchSize",
            "BisectBatchOnFunctionError",
            "FilterCriteria",
            "FunctionResponseTypes",
            "MaximumRetryAttempts",
            // Waiting, splitting by partition key and where failures go make no difference on one machine.
            "DestinationConfig",
            "Enabled",
            "MaximumBatchingWindowInSeconds",
            "MaximumRecordAgeInSeconds",
            "ParallelizationFactor",
        ];
        place.known(properties, &known)?;
        let stream_arn = stream
            .filter(|arn| arn.contains(":dynamodb:") && arn.contains("/stream/"))
            .ok_or_else(|| place.refuse("Stream is no table's stream"))?;
        if properties.get("StartingPosition").and_then(Value::as_str) != Some("TRIM_HORIZON") {
            return Err(place.refuse(
                "StartingPosition has to be TRIM_HORIZON: LATEST loses what is written before the mapping is active",
            ));
        }
        let number = |key: &str| match properties.get(key).and_then(scalar) {
            None => Ok(None),
            Some(text) => {
                text.parse::<i64>().map(Some).map_err(|_| place.refuse(format!("{key}: `{text}` is no number")))
            }
        };
        let reports_failures = match properties.get("FunctionResponseTypes") {
            None => false,
            Some(types) if *types == serde_json::json!(["ReportBatchItemFailures"]) => true,
            Some(types) => return Err(place.refuse(format!("unknown FunctionResponseTypes {types}"))),
        };
        self.streams.push(StreamSpec {
            operation: operation.to_owned(),
            filters: filters(place, properties)?,
            batch_size: usize::try_from(number("BatchSize")?.unwrap_or(100)).unwrap_or(100).clamp(1, 10_000),
            reports_failures,
            bisects: properties.get("BisectBatchOnFunctionError").and_then(scalar).as_deref() == Some("true"),
            max_retries: number("MaximumRetryAttempts")?.and_then(|retries| u32::try_from(retries).ok()),
            stream_arn: stream_arn.to_owned(),
        });
        Ok(())
    }
}

fn filters(place: &Place<'_>, properties: &Value) -> Result<Vec<Pattern>, TemplateError> {
    let Some(criteria) = properties.get("FilterCriteria") else {
        return Ok(Vec::new());
    };
    let filters = criteria
        .get("Filters")
        .and_then(Value::as_array)
        .ok_or_else(|| place.refuse("FilterCriteria needs Filters"))?;
    filters
        .iter()
        .map(|filter| {
            let text = filter
                .get("Pattern")
                .and_then(Value::as_str)
                .ok_or_else(|| place.refuse("a filter needs a Pattern, as JSON text"))?;
            let pattern: Value =
                serde_json::from_str(text).map_err(|error| place.refuse(format!("Pattern is no JSON: {error}")))?;
            Pattern::parse(&pattern).map_err(|error| place.refuse(error.to_string()))
        })
        .collect()
}

//! Event patterns, as event rules and stream filters use them.

use serde_json::Value;

/// A pattern that the runner does not know.
#[derive(Debug, thiserror::Error)]
#[error("unknown pattern at `{path}`: {what}")]
pub struct PatternError {
    path: String,
    what: String,
}

/// An event pattern: every named field has to match one of its values.
#[derive(Clone, Debug)]
pub struct Pattern {
    fields: Vec<(String, Node)>,
}

#[derive(Clone, Debug)]
enum Node {
    Nested(Pattern),
    AnyOf(Vec<Test>),
}

#[derive(Clone, Debug)]
enum Test {
    Equals(Value),
    EqualsIgnoreCase(String),
    Prefix(String),
    Suffix(String),
    Exists(bool),
    AnythingBut(Vec<Value>),
}

impl Pattern {
    /// Reads a pattern; an operator that is not known is an error, since ignoring it would let events through.
    pub fn parse(pattern: &Value) -> Result<Self, PatternError> {
        Self::parse_at("", pattern)
    }

    fn parse_at(path: &str, pattern: &Value) -> Result<Self, PatternError> {
        let Value::Object(fields) = pattern else {
            return Err(refuse(path, "an object is needed"));
        };
        let mut parsed = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let node = match value {
                Value::Object(_) => Node::Nested(Self::parse_at(&path, value)?),
                Value::Array(tests) if !tests.is_empty() => {
                    Node::AnyOf(tests.iter().map(|test| Test::parse(&path, test)).collect::<Result<_, _>>()?)
                }
                _ => return Err(refuse(&path, "a list with values is needed")),
            };
            parsed.push((name.clone(), node));
        }
        Ok(Self { fields: parsed })
    }

    /// Whether `event` passes.
    pub fn matches(&self, event: &Value) -> bool {
        self.matches_option(Some(event))
    }

    fn matches_option(&self, event: Option<&Value>) -> bool {
        self.fields.iter().all(|(name, node)| {
            let value = event.and_then(|event| event.get(name));
            match node {
                Node::Nested(pattern) => pattern.matches_option(value),
                // A list in the event matches when one of its members does.
                Node::AnyOf(tests) => match value {
                    Some(Value::Array(items)) if !items.is_empty() => {
                        items.iter().any(|item| tests.iter().any(|test| test.matches(Some(item))))
                    }
                    value => tests.iter().any(|test| test.matches(value)),
                },
            }
        })
    }
}

impl Test {
    fn parse(path: &str, written: &Value) -> Result<Self, PatternError> {
        let Value::Object(operator) = written else {
            return Ok(Self::Equals(written.clone()));
        };
        let mut entries = operator.iter();
        let (Some((name, operand)), None) = (entries.next(), entries.next()) else {
            return Err(refuse(path, "an operator has one name"));
        };
        Ok(match (name.as_str(), operand) {
            ("prefix", Value::String(text)) => Self::Prefix(text.clone()),
            ("suffix", Value::String(text)) => Self::Suffix(text.clone()),
            ("equals-ignore-case", Value::String(text)) => Self::EqualsIgnoreCase(text.to_lowercase()),
            ("exists", Value::Bool(exists)) => Self::Exists(*exists),
            ("anything-but", Value::Array(values)) if !values.iter().any(Value::is_object) => {
                Self::AnythingBut(values.clone())
            }
            ("anything-but", value) if !value.is_object() => Self::AnythingBut(vec![value.clone()]),
            (name, operand) => return Err(refuse(path, &format!("{name} of {operand}"))),
        })
    }

    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Equals(wanted) => value == Some(wanted),
            Self::EqualsIgnoreCase(wanted) => {
                value.and_then(Value::as_str).is_some_and(|text| text.to_lowercase() == *wanted)
            }
            Self::Prefix(prefix) => value.and_then(Value::as_str).is_some_and(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => value.and_then(Value::as_str).is_some_and(|text| text.ends_with(suffix)),
            Self::Exists(exists) => value.is_some() == *exists,
            Self::AnythingBut(refused) => value.is_some_and(|value| !refused.contains(value)),
        }
    }
}

fn refuse(path: &str, what: &str) -> PatternError {
    PatternError { path: path.to_owned(), what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn passes(pattern: Value, event: &Value) -> bool {
        Pattern::parse(&pattern).unwrap().matches(event)
    }

    #[test]
    fn stream_filters_select_by_name_and_key_prefix() {
        let pattern = json!({"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "outbox#"}]}}}});
        let insert = json!({"eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": "outbox#1"}}}});
        assert!(passes(pattern.clone(), &insert));
        let mut modify = insert.clone();
        modify["eventName"] = json!("MODIFY");
        assert!(!passes(pattern.clone(), &modify));
        let user = json!({"eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": "user#1"}}}});
        assert!(!passes(pattern.clone(), &user));
        assert!(!passes(pattern, &json!({"eventName": "INSERT"})));
    }

    #[test]
    fn exists_tests_presence_and_absence() {
        let image = json!({"dynamodb": {"NewImage": {"S": "x"}}});
        assert!(passes(json!({"dynamodb": {"NewImage": {"S": [{"exists": true}]}}}), &image));
        assert!(passes(json!({"dynamodb": {"OldImage": {"S": [{"exists": false}]}}}), &image));
        assert!(!passes(json!({"dynamodb": {"OldImage": {"S": [{"exists": true}]}}}), &image));
    }

    #[test]
    fn values_are_alternatives_and_fields_are_joined() {
        let event =
            json!({"source": "aws.cloudformation", "detail": {"status-details": {"status": "CREATE_COMPLETE"}}});
        let status =
            |values: Value| json!({"source": ["aws.cloudformation"], "detail": {"status-details": {"status": values}}});
        assert!(passes(status(json!(["CREATE_COMPLETE", "UPDATE_COMPLETE"])), &event));
        assert!(!passes(status(json!(["UPDATE_COMPLETE"])), &event));
        assert!(passes(status(json!([{"suffix": "_COMPLETE"}])), &event));
        assert!(!passes(status(json!([{"anything-but": ["CREATE_COMPLETE"]}])), &event));
        assert!(passes(status(json!([{"equals-ignore-case": "create_complete"}])), &event));
    }

    #[test]
    fn an_unknown_operator_is_refused() {
        for pattern in [json!({"a": [{"wildcard": "x*"}]}), json!({"a": "x"}), json!([]), json!({"a": [{"prefix": 1}]})]
        {
            assert!(Pattern::parse(&pattern).is_err(), "{pattern}");
        }
    }
}

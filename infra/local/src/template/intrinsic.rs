//! CloudFormation's intrinsic functions over long-form JSON.

use serde_json::{Map, Value};

use super::TemplateError;
use super::source::join;
use super::stack::Scope;

/// A node with its place, for errors.
pub(super) struct At<'a> {
    pub(super) file: &'a str,
    pub(super) path: String,
}

impl At<'_> {
    pub(super) fn error(&self, message: impl Into<String>) -> TemplateError {
        TemplateError::new(self.file, &self.path, message)
    }

    fn child(&self, key: &str) -> Self {
        Self { file: self.file, path: join(&self.path, key) }
    }
}

impl Scope<'_> {
    /// `node` with every intrinsic replaced; `None` for `AWS::NoValue`.
    pub(super) fn resolve(&self, at: &At<'_>, node: &Value) -> Result<Option<Value>, TemplateError> {
        match node {
            Value::Array(items) => {
                let mut resolved = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    resolved.extend(self.resolve(&at.child(&index.to_string()), item)?);
                }
                Ok(Some(Value::Array(resolved)))
            }
            Value::Object(map) => {
                if let Some((name, argument)) = intrinsic(map) {
                    return self.call(&at.child(name), name, argument);
                }
                let mut resolved = Map::new();
                for (key, value) in map {
                    if key.starts_with("Fn::") || key == "Ref" {
                        return Err(at.error(format!("{key} stands beside other keys")));
                    }
                    if let Some(value) = self.resolve(&at.child(key), value)? {
                        resolved.insert(key.clone(), value);
                    }
                }
                Ok(Some(Value::Object(resolved)))
            }
            other => Ok(Some(other.clone())),
        }
    }

    /// `node` resolved to a string; numbers and booleans are written as CloudFormation writes them.
    pub(super) fn resolve_string(&self, at: &At<'_>, node: &Value) -> Result<String, TemplateError> {
        let value = self.resolve(at, node)?;
        value.as_ref().and_then(scalar).ok_or_else(|| at.error("a string is needed here"))
    }

    fn resolve_list(&self, at: &At<'_>, node: &Value) -> Result<Vec<Value>, TemplateError> {
        match self.resolve(at, node)? {
            Some(Value::Array(items)) => Ok(items),
            _ => Err(at.error("a list is needed here")),
        }
    }

    fn call(&self, at: &At<'_>, name: &str, argument: &Value) -> Result<Option<Value>, TemplateError> {
        Ok(Some(match name {
            "Ref" => {
                let target = argument.as_str().ok_or_else(|| at.error("Ref needs a name"))?;
                if target == "AWS::NoValue" {
                    return Ok(None);
                }
                self.reference(at, target)?
            }
            "Fn::GetAtt" => match argument.as_array().map(Vec::as_slice) {
                Some([Value::String(resource), Value::String(attribute)]) => self.attribute(at, resource, attribute)?,
                _ => return Err(at.error("Fn::GetAtt needs a resource and an attribute")),
            },
            "Fn::Sub" => Value::String(self.sub(at, argument)?),
            "Fn::Join" => {
                let [separator, items] = arguments(at, argument)?;
                let separator = self.resolve_string(at, separator)?;
                let items = self.resolve_list(at, items)?;
                let texts: Option<Vec<String>> = items.iter().map(scalar).collect();
                Value::String(texts.ok_or_else(|| at.error("Fn::Join joins strings only"))?.join(&separator))
            }
            "Fn::Split" => {
                let [separator, text] = arguments(at, argument)?;
                let (separator, text) = (self.resolve_string(at, separator)?, self.resolve_string(at, text)?);
                if separator.is_empty() {
                    return Err(at.error("Fn::Split needs a separator"));
                }
                Value::from(text.split(&separator).collect::<Vec<_>>())
            }
            "Fn::Select" => {
                let [index, items] = arguments(at, argument)?;
                let index: usize =
                    self.resolve_string(at, index)?.parse().map_err(|_| at.error("Fn::Select needs an index"))?;
                let items = self.resolve_list(at, items)?;
                items.into_iter().nth(index).ok_or_else(|| at.error(format!("Fn::Select: there is no item {index}")))?
            }
            "Fn::If" => {
                let [condition, yes, no] = arguments(at, argument)?;
                let condition = condition.as_str().ok_or_else(|| at.error("Fn::If needs the name of a condition"))?;
                let chosen = if self.condition(at, condition)? { yes } else { no };
                return self.resolve(at, chosen);
            }
            "Fn::FindInMap" => {
                let [map, first, second] = arguments(at, argument)?;
                let keys =
                    [self.resolve_string(at, map)?, self.resolve_string(at, first)?, self.resolve_string(at, second)?];
                self.mapping(&keys)
                    .cloned()
                    .ok_or_else(|| at.error(format!("there is no mapping {}", keys.join(" / "))))?
            }
            "Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or" => Value::Bool(self.truth(at, name, argument)?),
            "Fn::ImportValue" => {
                return Err(at.error("nothing is exported locally: pass the value as a parameter of the nested stack"));
            }
            other => return Err(at.error(format!("unknown intrinsic {other}"))),
        }))
    }

    /// The truth of a node of the section `Conditions`.
    pub(super) fn truth_of(&self, at: &At<'_>, node: &Value) -> Result<bool, TemplateError> {
        let map = node.as_object().ok_or_else(|| at.error("a condition is needed here"))?;
        if map.len() == 1
            && let Some(Value::String(name)) = map.get("Condition")
        {
            return self.condition(at, name);
        }
        match intrinsic(map) {
            Some((name, argument)) => self.truth(&at.child(name), name, argument),
            None => Err(at.error("a condition is needed here")),
        }
    }

    fn truth(&self, at: &At<'_>, name: &str, argument: &Value) -> Result<bool, TemplateError> {
        match name {
            "Fn::Equals" => {
                let [left, right] = arguments(at, argument)?;
                Ok(self.resolve_string(at, left)? == self.resolve_string(at, right)?)
            }
            "Fn::Not" => {
                let [inner] = arguments(at, argument)?;
                Ok(!self.truth_of(at, inner)?)
            }
            "Fn::And" | "Fn::Or" => {
                let items = argument.as_array().ok_or_else(|| at.error(format!("{name} needs a list")))?;
                let truths: Vec<bool> = items.iter().map(|item| self.truth_of(at, item)).collect::<Result<_, _>>()?;
                Ok(if name == "Fn::And" {
                    truths.iter().all(|truth| *truth)
                } else {
                    truths.iter().any(|truth| *truth)
                })
            }
            other => Err(at.error(format!("{other} is no condition"))),
        }
    }

    fn sub(&self, at: &At<'_>, argument: &Value) -> Result<String, TemplateError> {
        let (text, local) = match argument {
            Value::String(text) => (text, None),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(text), Value::Object(local)] => (text, Some(local)),
                _ => return Err(at.error("Fn::Sub needs a text and a map")),
            },
            _ => return Err(at.error("Fn::Sub needs a text")),
        };
        let mut answer = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            answer.push_str(before);
            let (name, tail) = after.split_once('}').ok_or_else(|| at.error("`${` is not closed"))?;
            rest = tail;
            if let Some(literal) = name.strip_prefix('!') {
                answer.extend(["${", literal, "}"]);
                continue;
            }
            let name = name.trim();
            let value = match local.and_then(|local| local.get(name)) {
                Some(value) => self.resolve(at, value)?,
                None => Some(match name.split_once('.') {
                    Some((resource, attribute)) => self.attribute(at, resource, attribute)?,
                    None => self.reference(at, name)?,
                }),
            };
            let value = value.as_ref().and_then(scalar).ok_or_else(|| at.error(format!("${{{name}}} is no string")))?;
            answer.push_str(&value);
        }
        answer.push_str(rest);
        Ok(answer)
    }
}

/// The one intrinsic that `map` is, if it is one.
fn intrinsic(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (key, value) = map.iter().next().filter(|_| map.len() == 1)?;
    (key == "Ref" || key.starts_with("Fn::")).then_some((key.as_str(), value))
}

fn arguments<'a, const N: usize>(at: &At<'_>, argument: &'a Value) -> Result<&'a [Value; N], TemplateError> {
    argument
        .as_array()
        .and_then(|items| items.as_slice().try_into().ok())
        .ok_or_else(|| at.error(format!("a list of {N} is needed here")))
}

/// A scalar as CloudFormation writes it into a string.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

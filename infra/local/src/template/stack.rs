//! Resolves the root template and its nested stacks into a flat list of resources.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::intrinsic::{At, scalar};
use super::resource::{self, Names, Resource};
use super::source::{ROOT, Sources, join};
use super::{ACCOUNT, REGION, STACK, StackSpec, TemplateError};

/// Everything the templates declare, intrinsics resolved.
pub(super) struct Resolved {
    pub(super) resources: Vec<Resource>,
    pub(super) stacks: Vec<StackSpec>,
}

/// Resolves all stacks; `parameters` are those of the root.
pub(super) fn resolve(sources: &Sources, parameters: &BTreeMap<String, String>) -> Result<Resolved, TemplateError> {
    let loader = Loader { sources, resources: RefCell::default(), stacks: RefCell::default() };
    let given = parameters.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect();
    loader.stack(ROOT, STACK, &given)?;
    Ok(Resolved { resources: loader.resources.into_inner(), stacks: loader.stacks.into_inner() })
}

struct Loader<'a> {
    sources: &'a Sources,
    resources: RefCell<Vec<Resource>>,
    stacks: RefCell<Vec<StackSpec>>,
}

type Outputs = BTreeMap<String, Value>;

/// One stack while it is resolved.
pub(super) struct Scope<'a> {
    loader: &'a Loader<'a>,
    file: &'a str,
    name: &'a str,
    document: Map<String, Value>,
    parameters: BTreeMap<String, Value>,
    /// Outputs of nested stacks; `None` while one is being resolved.
    nested: RefCell<BTreeMap<String, Option<Outputs>>>,
    /// Conditions and resource names being resolved, to name a cycle instead of recursing for ever.
    active: RefCell<Vec<String>>,
}

const SECTIONS: [&str; 10] = [
    "AWSTemplateFormatVersion",
    "Transform",
    "Description",
    "Metadata",
    "Parameters",
    "Mappings",
    "Conditions",
    "Globals",
    "Resources",
    "Outputs",
];

const RESOURCE_KEYS: [&str; 7] =
    ["Type", "Properties", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"];

impl Loader<'_> {
    fn stack(&self, file: &str, name: &str, given: &BTreeMap<String, Value>) -> Result<Outputs, TemplateError> {
        let Value::Object(document) = self.sources.parse(file)? else {
            return Err(TemplateError::new(file, "", "a template is a mapping"));
        };
        if let Some(section) = document.keys().find(|section| !SECTIONS.contains(&section.as_str())) {
            return Err(TemplateError::new(file, section, "unknown section"));
        }
        if let Some(transform) = document.get("Transform")
            && transform != "AWS::Serverless-2016-10-31"
        {
            return Err(TemplateError::new(file, "Transform", format!("unknown transform {transform}")));
        }
        let parameters = parameters(file, &document, given)?;
        let scope = Scope {
            loader: self,
            file,
            name,
            document,
            parameters,
            nested: RefCell::default(),
            active: RefCell::default(),
        };
        scope.resolve_resources()?;
        let outputs = scope.outputs()?;
        self.stacks.borrow_mut().push(StackSpec { name: name.to_owned(), id: resource::stack_id(name) });
        Ok(outputs)
    }
}

fn parameters(
    file: &str,
    document: &Map<String, Value>,
    given: &BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>, TemplateError> {
    let empty = Map::new();
    let declared = document.get("Parameters").and_then(Value::as_object).unwrap_or(&empty);
    if let Some(name) = given.keys().find(|name| !declared.contains_key(*name)) {
        return Err(TemplateError::new(
            file,
            "Parameters",
            format!("the template does not declare the parameter {name}"),
        ));
    }
    let mut values = BTreeMap::new();
    for (name, declaration) in declared {
        let path = format!("Parameters/{name}");
        let refuse = |message: String| TemplateError::new(file, &path, message);
        let value = given
            .get(name)
            .or_else(|| declaration.get("Default"))
            .ok_or_else(|| refuse("has neither a value nor a default".to_owned()))?;
        // A list may be passed on from a list parameter of the parent.
        let text = match value {
            Value::Array(items) => {
                items.iter().map(|item| scalar(item).unwrap_or_default()).collect::<Vec<_>>().join(",")
            }
            other => scalar(other).ok_or_else(|| refuse("its value is no string".to_owned()))?,
        };
        if let Some(Value::Array(allowed)) = declaration.get("AllowedValues")
            && !allowed.iter().any(|value| scalar(value).as_deref() == Some(&text))
        {
            return Err(refuse(format!("`{text}` is not among the allowed values")));
        }
        if let Some(pattern) = declaration.get("AllowedPattern").and_then(Value::as_str) {
            // CloudFormation's pattern has to match the whole value.
            let whole =
                regex_lite::Regex::new(&format!("^(?:{pattern})$")).map_err(|error| refuse(error.to_string()))?;
            if !whole.is_match(&text) {
                return Err(refuse(format!("`{text}` does not match {pattern}")));
            }
        }
        let value = match declaration.get("Type").and_then(Value::as_str) {
            Some("String") => Value::String(text),
            Some("Number") if text.parse::<f64>().is_ok() => Value::String(text),
            Some("Number") => return Err(refuse(format!("`{text}` is no number"))),
            Some("CommaDelimitedList") => Value::from(text.split(',').map(str::trim).collect::<Vec<_>>()),
            other => return Err(refuse(format!("unknown type {other:?}"))),
        };
        values.insert(name.clone(), value);
    }
    Ok(values)
}

impl Scope<'_> {
    fn section(&self, name: &str) -> Option<&Map<String, Value>> {
        self.document.get(name).and_then(Value::as_object)
    }

    fn at(&self, path: impl Into<String>) -> At<'_> {
        At { file: self.file, path: path.into() }
    }

    fn resolve_resources(&self) -> Result<(), TemplateError> {
        let resources =
            self.section("Resources").ok_or_else(|| TemplateError::new(self.file, "Resources", "is missing"))?;
        for (logical_id, declaration) in resources {
            let at = self.at(format!("Resources/{logical_id}"));
            if !self.exists(&at, declaration)? {
                continue;
            }
            if let Some(key) =
                declaration.as_object().and_then(|map| map.keys().find(|key| !RESOURCE_KEYS.contains(&key.as_str())))
            {
                return Err(at.error(format!("unknown key {key}")));
            }
            let names = self.names(&at, logical_id)?;
            let kind = kind_of(declaration).to_owned();
            if kind == "AWS::CloudFormation::Stack" {
                self.nested(&at, logical_id)?;
                continue;
            }
            let mut properties = declaration.get("Properties").cloned().unwrap_or_else(|| Value::Object(Map::new()));
            if kind == "AWS::Serverless::Function" {
                properties = self.with_globals(properties)?;
            }
            let properties = self.resolve(&self.at(join(&at.path, "Properties")), &properties)?.unwrap_or_default();
            let resource =
                Resource { file: self.file.to_owned(), logical_id: logical_id.clone(), kind, names, properties };
            self.loader.resources.borrow_mut().push(resource);
        }
        Ok(())
    }

    fn with_globals(&self, properties: Value) -> Result<Value, TemplateError> {
        let Some(globals) = self.section("Globals") else {
            return Ok(properties);
        };
        if let Some(other) = globals.keys().find(|key| *key != "Function") {
            return Err(TemplateError::new(self.file, &format!("Globals/{other}"), "unknown kind of globals"));
        }
        Ok(globals.get("Function").map_or_else(|| properties.clone(), |globals| merge(globals, &properties)))
    }

    fn exists(&self, at: &At<'_>, declaration: &Value) -> Result<bool, TemplateError> {
        match declaration.get("Condition") {
            None => Ok(true),
            Some(Value::String(name)) => self.condition(at, name),
            Some(_) => Err(at.error("Condition needs the name of a condition")),
        }
    }

    fn outputs(&self) -> Result<Outputs, TemplateError> {
        let mut outputs = Outputs::new();
        for (name, declaration) in self.section("Outputs").into_iter().flatten() {
            let at = self.at(format!("Outputs/{name}"));
            if self.exists(&at, declaration)? {
                let value = declaration.get("Value").ok_or_else(|| at.error("has no value"))?;
                outputs.insert(name.clone(), Value::String(self.resolve_string(&at, value)?));
            }
        }
        Ok(outputs)
    }

    /// The truth of the condition `name`.
    pub(super) fn condition(&self, at: &At<'_>, name: &str) -> Result<bool, TemplateError> {
        let node = self.section("Conditions").and_then(|conditions| conditions.get(name));
        let node = node.ok_or_else(|| at.error(format!("there is no condition {name}")))?;
        let path = format!("Conditions/{name}");
        self.guarded(at, &path, || self.truth_of(&self.at(path.clone()), node))
    }

    /// The entry of the section `Mappings`.
    pub(super) fn mapping(&self, keys: &[String; 3]) -> Option<&Value> {
        let [map, first, second] = keys;
        self.section("Mappings")?.get(map)?.get(first)?.get(second)
    }

    /// `Ref` to a parameter, a pseudo parameter or a resource.
    pub(super) fn reference(&self, at: &At<'_>, target: &str) -> Result<Value, TemplateError> {
        if let Some(value) = self.parameters.get(target) {
            return Ok(value.clone());
        }
        let pseudo = match target {
            "AWS::Region" => REGION,
            "AWS::AccountId" => ACCOUNT,
            "AWS::Partition" => "aws",
            "AWS::URLSuffix" => "amazonaws.com",
            "AWS::StackName" => self.name,
            "AWS::StackId" => return Ok(Value::String(resource::stack_id(self.name))),
            _ => {
                // SAM lets one refer to the alias and version that it generates.
                return match target.split_once('.') {
                    Some((function, generated)) => self.attribute(at, function, generated),
                    None => Ok(Value::String(self.names(at, target)?.reference)),
                };
            }
        };
        Ok(Value::String(pseudo.to_owned()))
    }

    /// `Fn::GetAtt`.
    pub(super) fn attribute(&self, at: &At<'_>, target: &str, attribute: &str) -> Result<Value, TemplateError> {
        let resources = self.section("Resources");
        let declaration = resources.and_then(|resources| resources.get(target));
        if let Some(output) = attribute.strip_prefix("Outputs.") {
            let outputs = self.nested(at, target)?;
            return outputs
                .get(output)
                .cloned()
                .ok_or_else(|| at.error(format!("the stack {target} has no output {output}")));
        }
        // SAM generates a role per function.
        if declaration.is_none()
            && let Some(function) = target.strip_suffix("Role")
            && resources
                .and_then(|resources| resources.get(function))
                .is_some_and(|function| kind_of(function) == "AWS::Serverless::Function")
        {
            let names = resource::names(self.name, target, "AWS::IAM::Role", None);
            return names
                .and_then(|names| names.attribute(attribute))
                .map(Value::String)
                .ok_or_else(|| at.error(format!("{target} has no {attribute}")));
        }
        let names = self.names(at, target)?;
        if declaration.is_some_and(|declaration| kind_of(declaration) == "AWS::Serverless::Function") {
            match attribute {
                "Alias" => return Ok(Value::String(format!("{}:live", names.arn))),
                "Version" => return Ok(Value::String(format!("{}:1", names.arn))),
                _ => {}
            }
        }
        names
            .attribute(attribute)
            .map(Value::String)
            .ok_or_else(|| at.error(format!("the runner knows no attribute {attribute} of {target}")))
    }

    fn names(&self, at: &At<'_>, logical_id: &str) -> Result<Names, TemplateError> {
        let declaration = self.section("Resources").and_then(|resources| resources.get(logical_id));
        let declaration =
            declaration.ok_or_else(|| at.error(format!("there is no parameter or resource {logical_id}")))?;
        let path = format!("Resources/{logical_id}");
        self.guarded(at, &path, || {
            let here = self.at(path.clone());
            if !self.exists(&here, declaration)? {
                return Err(at.error(format!("{logical_id} is not created under the current conditions")));
            }
            let kind = kind_of(declaration);
            let physical = match declaration
                .get("Properties")
                .and_then(|properties| properties.get(resource::name_property(kind)))
            {
                None => None,
                Some(node) => self.resolve(&here, node)?.as_ref().and_then(scalar),
            };
            resource::names(self.name, logical_id, kind, physical)
                .ok_or_else(|| here.error(format!("unknown kind of resource {kind:?}")))
        })
    }

    /// Runs `inner` unless `what` is being resolved already.
    fn guarded<T>(
        &self,
        at: &At<'_>,
        what: &str,
        inner: impl FnOnce() -> Result<T, TemplateError>,
    ) -> Result<T, TemplateError> {
        if self.active.borrow().iter().any(|active| active == what) {
            return Err(at.error(format!("{what} depends on itself")));
        }
        self.active.borrow_mut().push(what.to_owned());
        let answer = inner();
        self.active.borrow_mut().pop();
        answer
    }

    /// The outputs of the nested stack `logical_id`, which is resolved at its first use.
    fn nested(&self, at: &At<'_>, logical_id: &str) -> Result<Outputs, TemplateError> {
        match self.nested.borrow().get(logical_id) {
            Some(Some(outputs)) => return Ok(outputs.clone()),
            Some(None) => return Err(at.error(format!("the stack {logical_id} depends on itself"))),
            None => {}
        }
        let declaration = self.section("Resources").and_then(|resources| resources.get(logical_id));
        let declaration = declaration.filter(|declaration| kind_of(declaration) == "AWS::CloudFormation::Stack");
        let properties = declaration.and_then(|declaration| declaration.get("Properties"));
        let properties = properties.ok_or_else(|| at.error(format!("there is no nested stack {logical_id}")))?;
        self.nested.borrow_mut().insert(logical_id.to_owned(), None);

        let here = self.at(format!("Resources/{logical_id}/Properties"));
        let resolved = self.resolve(&here, properties)?.unwrap_or_default();
        let mut given = BTreeMap::new();
        for (key, value) in resolved.as_object().into_iter().flatten() {
            match (key.as_str(), value) {
                ("TemplateURL" | "Tags", _) => {}
                ("Parameters", Value::Object(parameters)) => {
                    given.extend(parameters.iter().map(|(name, value)| (name.clone(), value.clone())));
                }
                _ => return Err(here.error(format!("unknown property {key}"))),
            }
        }
        let url =
            resolved.get("TemplateURL").and_then(Value::as_str).ok_or_else(|| here.error("has no TemplateURL"))?;
        let file = beside(self.file, url);
        let outputs = self.loader.stack(&file, &format!("{}-{logical_id}", self.name), &given)?;
        self.nested.borrow_mut().insert(logical_id.to_owned(), Some(outputs.clone()));
        Ok(outputs)
    }
}

fn kind_of(declaration: &Value) -> &str {
    declaration.get("Type").and_then(Value::as_str).unwrap_or_default()
}

/// `url` relative to the folder of `file`, without `.` and `..`.
fn beside(file: &str, url: &str) -> String {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in url.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// SAM's merge of globals: maps merge, lists join, everything else is replaced.
fn merge(globals: &Value, own: &Value) -> Value {
    match (globals, own) {
        (Value::Object(globals), Value::Object(own)) => {
            let mut merged = globals.clone();
            for (key, value) in own {
                let value = merged.get(key).map_or_else(|| value.clone(), |global| merge(global, value));
                merged.insert(key.clone(), value);
            }
            Value::Object(merged)
        }
        (Value::Array(globals), Value::Array(own)) => Value::Array(globals.iter().chain(own).cloned().collect()),
        (_, own) => own.clone(),
    }
}

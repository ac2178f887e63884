//! Template texts, and YAML with CloudFormation's tags as long-form JSON.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};
use serde_norway::Value as Yaml;

use super::TemplateError;

/// File name of the root template.
pub(super) const ROOT: &str = "template.yaml";

/// The texts of all templates, by path relative to the project root.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: BTreeMap<String, String>,
}

impl Sources {
    /// Reads `template.yaml` and `infra/stacks/*.yaml`.
    pub fn read(root: &Path) -> Result<Self, TemplateError> {
        let mut sources = Self::default();
        let read = |name: &str| {
            std::fs::read_to_string(root.join(name))
                .map_err(|error| TemplateError::new(name, "", format!("cannot be read: {error}")))
        };
        sources.insert(ROOT, read(ROOT)?);
        let stacks = "infra/stacks";
        let entries = std::fs::read_dir(root.join(stacks))
            .map_err(|error| TemplateError::new(stacks, "", format!("cannot be read: {error}")))?;
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if Path::new(&name).extension().is_some_and(|extension| extension == "yaml") {
                let name = format!("{stacks}/{name}");
                let text = read(&name)?;
                sources.insert(&name, text);
            }
        }
        Ok(sources)
    }

    /// Adds or replaces the text of `file` (relative to the project root).
    pub fn insert(&mut self, file: &str, text: impl Into<String>) {
        self.files.insert(file.to_owned(), text.into());
    }

    /// The text of `file`.
    pub fn text(&self, file: &str) -> Option<&str> {
        self.files.get(file).map(String::as_str)
    }

    /// All files and their texts, in order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(file, text)| (file.as_str(), text.as_str()))
    }

    /// The root template.
    pub(crate) fn root(&self) -> Result<Value, TemplateError> {
        self.parse(ROOT)
    }

    /// Names of the parameters that the root template declares.
    pub fn parameters(&self) -> Result<Vec<String>, TemplateError> {
        let root = self.root()?;
        Ok(root
            .get("Parameters")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect())
    }

    /// `file` as JSON with every short tag in its long form.
    pub(super) fn parse(&self, file: &str) -> Result<Value, TemplateError> {
        let text = self.text(file).ok_or_else(|| TemplateError::new(file, "", "there is no such template"))?;
        let yaml: Yaml =
            serde_norway::from_str(text).map_err(|error| TemplateError::new(file, "", error.to_string()))?;
        long_form(file, "", yaml)
    }
}

/// Tags that only gain the prefix `Fn::`.
const FUNCTION_TAGS: [&str; 12] =
    ["Sub", "GetAtt", "Join", "If", "Equals", "Not", "And", "Or", "Select", "Split", "ImportValue", "FindInMap"];

fn long_form(file: &str, path: &str, yaml: Yaml) -> Result<Value, TemplateError> {
    let refuse = |message: String| TemplateError::new(file, path, message);
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::String(value) => Value::String(value),
        Yaml::Number(number) => {
            if let Some(integer) = number.as_i64() {
                Value::from(integer)
            } else {
                number
                    .as_f64()
                    .and_then(serde_json::Number::from_f64)
                    .map(Value::Number)
                    .ok_or_else(|| refuse(format!("{number} is no number of JSON")))?
            }
        }
        Yaml::Sequence(items) => Value::Array(
            items
                .into_iter()
                .enumerate()
                .map(|(index, item)| long_form(file, &join(path, &index.to_string()), item))
                .collect::<Result<_, _>>()?,
        ),
        Yaml::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let Yaml::String(key) = key else {
                    return Err(refuse("a key is not a string".to_owned()));
                };
                let value = long_form(file, &join(path, &key), value)?;
                map.insert(key, value);
            }
            Value::Object(map)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let tag = tag.trim_start_matches('!');
            let value = long_form(file, path, tagged.value)?;
            let (key, value) = match (tag, value) {
                ("Ref" | "Condition", value) => (tag.to_owned(), value),
                ("GetAtt", Value::String(text)) => {
                    let (resource, attribute) =
                        text.split_once('.').ok_or_else(|| refuse(format!("!GetAtt {text} names no attribute")))?;
                    ("Fn::GetAtt".to_owned(), Value::from(vec![resource, attribute]))
                }
                (tag, value) if FUNCTION_TAGS.contains(&tag) => (format!("Fn::{tag}"), value),
                (tag, _) => return Err(refuse(format!("unknown tag !{tag}"))),
            };
            Value::Object(Map::from_iter([(key, value)]))
        }
    })
}

/// `path` with one more key.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}/{key}") }
}

//! The templates as the runner needs them: what CloudFormation would create, resolved and typed.
//!
//! Reading has three steps: [`source`] turns YAML into long-form JSON, [`stack`] resolves intrinsics with
//! parameters and nested stacks (every resource gets a local name and ARN), [`model`] builds the typed view.
//! Whatever a step does not know is an error that names file and path: a construct that the runner ignored
//! would first fail in the cloud.

mod bucket;
mod events;
mod function;
mod intrinsic;
mod model;
mod resource;
mod source;
mod stack;
#[cfg(test)]
mod tests;
mod writers;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

pub use source::Sources;
pub use writers::{WRITERS, writers};

use crate::filter::Pattern;

/// Account id in local ARNs.
pub const ACCOUNT: &str = "000000000000";
/// Region of functions and local ARNs.
pub const REGION: &str = "eu-central-1";
/// Name of the root stack.
pub const STACK: &str = "kith";

/// A template that the runner cannot read, or that would not work when deployed.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {path}: {message}")]
pub struct TemplateError {
    /// Template file, relative to the project root.
    pub file: String,
    /// Keys from the file's root, joined by `/`.
    pub path: String,
    /// What is wrong.
    pub message: String,
}

impl TemplateError {
    pub(crate) fn new(file: &str, path: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), path: path.to_owned(), message: message.into() }
    }
}

/// One `Allow` statement of a function's policy, with its intrinsics resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Actions such as `dynamodb:GetItem`, as written.
    pub actions: Vec<String>,
    /// ARNs (a pattern may end in `*`).
    pub resources: Vec<String>,
    /// Patterns of the condition `ForAllValues:StringLike` on `dynamodb:LeadingKeys`; `None`: no such condition.
    pub leading_keys: Option<Vec<String>>,
    /// Whether it allows nothing to a call without leading keys (`Null`), for which the other condition holds.
    pub needs_keys: bool,
}

/// The table.
#[derive(Clone, Debug)]
pub struct TableSpec {
    /// Physical name, as in `TABLE_NAME`.
    pub name: String,
    /// ARN without index.
    pub arn: String,
    /// A `CreateTable` request.
    pub create: Value,
    /// Attribute that TTL reads (seconds since the epoch).
    pub ttl_attribute: String,
}

/// A secret; the template gives it no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretSpec {
    /// Physical name.
    pub name: String,
    /// ARN.
    pub arn: String,
}

/// A bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketSpec {
    /// Physical name.
    pub name: String,
    /// ARN.
    pub arn: String,
}

/// A function as deployed.
#[derive(Clone, Debug)]
pub struct FunctionSpec {
    /// Last segment of `CodeUri`: links the function to its code.
    pub operation: String,
    /// Template file that declares it.
    pub file: String,
    /// Logical id.
    pub logical_id: String,
    /// Physical name, as Lambda Invoke takes it.
    pub name: String,
    /// ARN without version.
    pub arn: String,
    /// Environment variables, globals merged.
    pub environment: BTreeMap<String, String>,
    /// What the function may do.
    pub policy: Arc<Vec<Statement>>,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// When Lambda ends an invocation.
    pub timeout: Duration,
    /// Attempts after the first failure of an asynchronous invocation (0 to 2).
    pub async_retries: u32,
}

/// A route of the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteSpec {
    /// `POST /v1/auth/login` or `$default`.
    pub key: String,
    /// Function behind it.
    pub operation: String,
}

/// CORS of the HTTP API, as the gateway answers it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors {
    /// Origins, or `*`.
    pub allow_origins: Vec<String>,
    /// Methods, or `*`.
    pub allow_methods: Vec<String>,
    /// Request headers, or `*`.
    pub allow_headers: Vec<String>,
    /// Answer headers that scripts may read.
    pub expose_headers: Vec<String>,
    /// Seconds that a browser may keep a preflight.
    pub max_age: Option<i64>,
    /// Whether credentials are allowed.
    pub allow_credentials: bool,
}

/// The HTTP API.
#[derive(Clone, Debug)]
pub struct ApiSpec {
    /// Local id.
    pub id: String,
    /// CORS, when configured.
    pub cors: Option<Cors>,
}

/// A schedule; the runner fires it by hand only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleSpec {
    /// `rate(…)` or `cron(…)`.
    pub expression: String,
    /// Function it fires.
    pub operation: String,
    /// ARN of the rule, in the event's `resources`.
    pub arn: String,
}

/// A rule on events of the default bus.
#[derive(Clone, Debug)]
pub struct EventRuleSpec {
    /// Which events.
    pub pattern: Pattern,
    /// Function it invokes.
    pub operation: String,
}

/// A consumer of the table's stream.
#[derive(Clone, Debug)]
pub struct StreamSpec {
    /// Function that consumes.
    pub operation: String,
    /// A record passes when one of these matches; empty: all pass.
    pub filters: Vec<Pattern>,
    /// Records per invocation at most.
    pub batch_size: usize,
    /// Whether the function reports the items that failed.
    pub reports_failures: bool,
    /// Whether a failed batch is halved.
    pub bisects: bool,
    /// Attempts after the first failure; `None`: until the record leaves the stream.
    pub max_retries: Option<u32>,
    /// ARN of the stream.
    pub stream_arn: String,
}

/// A stack, root or nested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackSpec {
    /// Name; nested ones after the logical id.
    pub name: String,
    /// Stack id (an ARN), as in CloudFormation's events.
    pub id: String,
}

/// Everything the runner takes from the templates.
#[derive(Clone, Debug)]
pub struct Template {
    /// The HTTP API.
    pub api: ApiSpec,
    /// Functions by operation.
    pub functions: BTreeMap<String, FunctionSpec>,
    /// Routes of the HTTP API.
    pub routes: Vec<RouteSpec>,
    /// Schedules.
    pub schedules: Vec<ScheduleSpec>,
    /// Event rules.
    pub event_rules: Vec<EventRuleSpec>,
    /// Stream consumers.
    pub streams: Vec<StreamSpec>,
    /// The table.
    pub table: TableSpec,
    /// Secrets.
    pub secrets: Vec<SecretSpec>,
    /// Buckets.
    pub buckets: Vec<BucketSpec>,
    /// Stacks, nested ones before their parents, as CloudFormation completes them.
    pub stacks: Vec<StackSpec>,
}

impl Template {
    /// Reads `template.yaml` and the stacks below `infra/stacks` of the project at `root`.
    ///
    /// `parameters` replace defaults of the root template; a name that it does not declare is an error.
    pub fn load(root: &Path, parameters: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        Self::from_sources(&Sources::read(root)?, parameters)
    }

    /// As [`Template::load`], from texts that a test may have changed.
    pub fn from_sources(sources: &Sources, parameters: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        model::build(stack::resolve(sources, parameters)?)
    }

    /// The function whose physical name or ARN (with or without version or alias) is `name`.
    pub fn function_named(&self, name: &str) -> Option<&FunctionSpec> {
        let bare = name.split_once(":function:").map_or(name, |(_, rest)| rest);
        let bare = bare.split(':').next().unwrap_or(bare);
        self.functions.values().find(|function| function.name == bare)
    }
}

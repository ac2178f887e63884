//! DynamoDB: the embedded database behind the SDK's requests.

use std::path::Path;
use std::sync::Arc;

use dynoxide::DynoxideError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::database::Database;
use super::keys::{KeySchema, Touch};
use super::ledger::{Call, key_prefix};
use super::policy::Need;
use super::reply::{Answer, Refusal};
use super::tokens::Tokens;
use super::units::{self, Units};
use super::{Plan, Planned, StartError, Unplanned};
use crate::clock::Clock;
use crate::template::TableSpec;

/// The database and its one table.
pub(super) struct Dynamo {
    pub(super) database: Arc<Database>,
    schema: Arc<KeySchema>,
    tokens: Arc<Tokens>,
    table: String,
    ttl_attribute: String,
    clock: Clock,
}

/// A request that is understood and may run once it is allowed.
#[derive(Debug)]
pub(super) struct Request {
    operation: String,
    pub(super) body: Value,
    /// Whether the caller wants to see the consumed capacity.
    asked: bool,
}

/// The moved clock as the database reads it. Whole seconds are rounded up, so that an item is expired within the very
/// second its TTL names (the database compares with less-than).
struct MovedClock(Clock);

impl dynoxide::storage_backend::Clock for MovedClock {
    fn now_unix_secs(&self) -> u64 {
        let now = self.0.now();
        u64::try_from(now.as_second()).unwrap_or(0) + u64::from(now.subsec_nanosecond() > 0)
    }

    #[expect(clippy::cast_precision_loss, reason = "microseconds since the epoch fit")]
    fn now_unix_secs_f64(&self) -> f64 {
        self.0.now().as_microsecond() as f64 / 1e6
    }
}

impl Dynamo {
    /// Opens the database (in memory without `data`), and creates the table if it is not there yet.
    pub(super) fn open(data: Option<&Path>, spec: &TableSpec, clock: &Clock) -> Result<Self, StartError> {
        let schema =
            KeySchema::of(spec).ok_or_else(|| StartError::Table("CreateTable names no partition key".into()))?;
        let file = data.map(|data| data.join("dynamodb.sqlite"));
        let database = Database::open(file.as_deref(), Arc::new(MovedClock(clock.clone())))?;
        create_once(&database, spec)?;
        database.index_expiry(&spec.name, &spec.ttl_attribute)?;
        Ok(Self {
            database: Arc::new(database),
            schema: Arc::new(schema),
            tokens: Arc::default(),
            table: spec.name.clone(),
            ttl_attribute: spec.ttl_attribute.clone(),
            clock: clock.clone(),
        })
    }

    /// Reads a request. An operation that no policy can allow is denied at once.
    pub(super) fn plan(&self, operation: &str, body: &[u8]) -> Planned {
        let mut body: Value =
            serde_json::from_slice(body).map_err(|error| Refusal::new("SerializationException", error.to_string()))?;
        let touch = self.schema.touch(operation, &body).ok_or_else(|| {
            let resources = vec![self.schema.table_arn(&body)];
            Unplanned::Denied(Need { action: format!("dynamodb:{operation}"), resources, keys: Vec::new() })
        })?;
        let Touch { needs, consistent, index } = touch?;
        let mut key_prefixes: Vec<String> =
            needs.iter().flat_map(|need| &need.keys).map(|key| key_prefix(key).to_owned()).collect();
        key_prefixes.sort();
        key_prefixes.dedup();
        let asked = matches!(body.get("ReturnConsumedCapacity").and_then(Value::as_str), Some("TOTAL" | "INDEXES"));
        if !asked && let Some(object) = body.as_object_mut() {
            object.insert("ReturnConsumedCapacity".into(), "TOTAL".into());
        }
        let call = Call { key_prefixes, consistent, index, ..Call::default() };
        Ok((Plan::Dynamo(Request { operation: operation.to_owned(), body, asked }), needs, call))
    }

    /// Runs a request off the async threads: it reads files, and calls queue for one lock.
    pub(super) async fn perform(&self, request: Request) -> (Result<Answer, Refusal>, Units) {
        let (database, schema, tokens) =
            (Arc::clone(&self.database), Arc::clone(&self.schema), Arc::clone(&self.tokens));
        let work = tokio::task::spawn_blocking(move || run(&database, &schema, &tokens, request));
        work.await.unwrap_or_else(|_| (Err(broken("the database call panicked")), Units::default()))
    }

    /// Deletes what has expired by the moved clock, with stream records like those of DynamoDB's own deletions.
    pub(super) fn sweep(&self) -> Result<usize, DynoxideError> {
        let now = dynoxide::storage_backend::Clock::now_unix_secs(&MovedClock(self.clock.clone()));
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        self.database.sweep(&self.table, &self.ttl_attribute, now, |item| self.schema.key_of(item))
    }
}

fn create_once(database: &Database, spec: &TableSpec) -> Result<(), StartError> {
    if database.get_table_metadata(&spec.name)?.is_none() {
        let request = read(spec.create.clone()).map_err(|error| StartError::Table(error.to_string()))?;
        database.create_table(request)?;
    }
    let table = database.get_table_metadata(&spec.name)?;
    let table = table.ok_or_else(|| StartError::Table("CreateTable names another table".into()))?;
    if let Some(missing) = missing_index(spec, table.gsi_definitions.as_deref()) {
        let message = format!("the stored table has no index {missing}; start with an empty data directory");
        return Err(StartError::Table(message));
    }
    if table.ttl_attribute.as_deref() != Some(&spec.ttl_attribute) || !table.ttl_enabled {
        let specification = json!({ "AttributeName": spec.ttl_attribute, "Enabled": true });
        let request = read(json!({ "TableName": spec.name, "TimeToLiveSpecification": specification }))?;
        database.update_time_to_live(request)?;
    }
    Ok(())
}

/// An index that the template has and an older data directory has not.
fn missing_index<'a>(spec: &'a TableSpec, stored: Option<&str>) -> Option<&'a str> {
    let stored: Value = stored.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let name = |index: &Value| index.get("IndexName").and_then(Value::as_str).map(str::to_owned);
    let stored: Vec<String> = stored.as_array().into_iter().flatten().filter_map(name).collect();
    let wanted = spec.create.get("GlobalSecondaryIndexes").and_then(Value::as_array).into_iter().flatten();
    wanted.filter_map(|index| index.get("IndexName")?.as_str()).find(|name| !stored.iter().any(|stored| stored == name))
}

fn run(database: &Database, schema: &KeySchema, tokens: &Tokens, request: Request) -> (Result<Answer, Refusal>, Units) {
    let Request { operation, body, asked } = request;
    // Only a failed write needs its request again, to be accounted.
    let kept = units::is_write(&operation).then(|| body.clone());
    let done = if operation == "TransactWriteItems" {
        tokens.once(database, schema, body, |body| call(body, |request| database.transact_write_items(request)))
    } else {
        dispatch(database, &operation, body)
    };
    match done {
        Ok(mut answer) => {
            let units = units::of_answer(&operation, &answer);
            if !asked && let Some(object) = answer.as_object_mut() {
                object.remove("ConsumedCapacity");
            }
            (Ok(Answer::json(&answer)), units)
        }
        Err(error) => {
            let units =
                kept.map(|body| units::of_failure(database, schema, &operation, &body, &error)).unwrap_or_default();
            (Err(refusal(&error)), units)
        }
    }
}

fn dispatch(database: &Database, operation: &str, body: Value) -> Result<Value, DynoxideError> {
    match operation {
        "GetItem" => call(body, |request| database.get_item(request)),
        "PutItem" => call(body, |request| database.put_item(request)),
        "UpdateItem" => call(body, |request| database.update_item(request)),
        "DeleteItem" => call(body, |request| database.delete_item(request)),
        "Query" => call(body, |request| database.query(request)),
        "BatchGetItem" => call(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => call(body, |request| database.batch_write_item(request)),
        "TransactGetItems" => call(body, |request| database.transact_get_items(request)),
        "DescribeTable" => call(body, |request| database.describe_table(request)),
        _ => Err(DynoxideError::AccessDeniedException(format!("{operation} is not served"))),
    }
}

fn call<Q: DeserializeOwned, A: Serialize>(
    body: Value,
    act: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<Value, DynoxideError> {
    let answer = act(read(body)?)?;
    serde_json::to_value(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// Reads a request. The database's own readers mark in front of a message which error it stands for.
fn read<Q: DeserializeOwned>(body: Value) -> Result<Q, DynoxideError> {
    serde_json::from_value(body).map_err(|error| {
        let message = error.to_string();
        let text = |message: &str| message.to_owned();
        for marker in ["VALIDATION:", "VALIDATION_REQUEST:", "VALIDATION_AS_READ:"] {
            if let Some(message) = message.strip_prefix(marker) {
                return DynoxideError::ValidationException(text(message));
            }
        }
        for marker in ["SERIALIZATION:", "SERIALIZATION_AS_READ:"] {
            if let Some(message) = message.strip_prefix(marker) {
                return DynoxideError::SerializationException(text(message));
            }
        }
        DynoxideError::ValidationException(message)
    })
}

fn refusal(error: &DynoxideError) -> Refusal {
    let code = error.error_type().rsplit('#').next().unwrap_or("InternalServerError");
    let mut refusal = Refusal::new(code, error.to_string()).with_status(error.status_code());
    if let Ok(Value::Object(members)) = serde_json::from_str(&error.to_json()) {
        refusal.members =
            members.into_iter().filter(|(name, _)| matches!(name.as_str(), "Item" | "CancellationReasons")).collect();
    }
    refusal
}

fn broken(message: &str) -> Refusal {
    Refusal::new("InternalServerError", message).with_status(500)
}

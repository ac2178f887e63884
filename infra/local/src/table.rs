//! The table as the runner itself reads it, wherever it is: requests and answers are DynamoDB's own JSON.

use std::sync::Arc;

use dynoxide::DynoxideError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::aws::Database;
use crate::other_aws::{CallError, Caller, Service};

/// The table.
pub(crate) enum Table {
    /// In the embedded database.
    Here(Arc<Database>),
    /// In another AWS.
    Elsewhere(Arc<Caller>),
}

/// What the runner reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    Query,
    Scan,
    DescribeTable,
    DescribeStream,
    GetShardIterator,
    GetRecords,
}

/// The table cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The database refuses.
    #[error("{0}")]
    Database(#[from] DynoxideError),
    /// The other AWS refuses.
    #[error("{0}")]
    Elsewhere(#[from] CallError),
    /// Request or answer is not what the database knows.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// The database panicked.
    #[error("the database call panicked")]
    Panicked,
}

impl ReadError {
    /// Whether the position in the stream is too old, or the iterator has expired.
    pub(crate) fn is_about_the_position(&self) -> bool {
        let codes = ["TrimmedDataAccessException", "ExpiredIteratorException"];
        matches!(self, Self::Elsewhere(error) if codes.iter().any(|code| error.is(code)))
    }
}

impl Table {
    pub(crate) const fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Elsewhere(_))
    }

    /// Reads. The embedded database works off the async threads: it reads files, and calls queue for one lock.
    pub(crate) async fn read(&self, what: Read, request: Value) -> Result<Value, ReadError> {
        match self {
            Self::Here(database) => {
                let database = Arc::clone(database);
                let work = tokio::task::spawn_blocking(move || here(&database, what, request));
                work.await.unwrap_or(Err(ReadError::Panicked))
            }
            Self::Elsewhere(caller) => {
                let service = match what {
                    Read::Query | Read::Scan | Read::DescribeTable => Service::Dynamo,
                    Read::DescribeStream | Read::GetShardIterator | Read::GetRecords => Service::Streams,
                };
                // The names of the actions are those of the variants.
                Ok(caller.call(service, &format!("{what:?}"), &request).await?)
            }
        }
    }

    /// The keys of up to 100 tasks in the outbox of `table`, oldest first.
    pub(crate) async fn outbox(&self, table: &str) -> Result<Vec<Value>, ReadError> {
        let query = json!({
            "TableName": table,
            "IndexName": "gsi1",
            "KeyConditionExpression": "gsi1pk = :outbox",
            "ExpressionAttributeValues": {":outbox": {"S": "outbox"}},
            "Limit": 100,
        });
        let mut answer = self.read(Read::Query, query).await?;
        match answer.get_mut("Items").map(Value::take) {
            Some(Value::Array(items)) => Ok(items),
            _ => Ok(Vec::new()),
        }
    }
}

fn here(database: &Database, what: Read, request: Value) -> Result<Value, ReadError> {
    match what {
        Read::Query => call(request, |request| database.query(request)),
        Read::Scan => call(request, |request| database.scan(request)),
        Read::DescribeTable => call(request, |request| database.describe_table(request)),
        Read::DescribeStream => call(request, |request| database.describe_stream(request)),
        Read::GetShardIterator => call(request, |request| database.get_shard_iterator(request)),
        Read::GetRecords => call(request, |request| database.get_records(request)),
    }
}

fn call<Q: DeserializeOwned, A: Serialize>(
    request: Value,
    act: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<Value, ReadError> {
    Ok(serde_json::to_value(act(serde_json::from_value(request)?)?)?)
}

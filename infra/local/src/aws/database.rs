//! The embedded database, as the library's own handle would be, but for what grows with history: what its stream has
//! delivered is trimmed, and neither a write nor a sweep reads more than it needs.
//!
//! The library's `Database` keeps its connection to itself, so this one stands in its place, over the same storage and
//! the same actions. A database in a file has the moved clock, too.

use std::path::Path;
use std::sync::{Arc, Mutex};

use dynoxide::actions::vector_lifecycle::VectorIndexLifecycle;
use dynoxide::actions::{
    batch_get_item, batch_write_item, create_table, delete_item, describe_stream, describe_table, get_item,
    get_records, get_shard_iterator, import_items, list_streams, put_item, query, scan, transact_get_items,
    transact_write_items, update_item, update_time_to_live,
};
use dynoxide::storage::{Storage, TableMetadata};
use dynoxide::storage_backend::Clock;
use dynoxide::{DynoxideError, ImportOptions, ImportResult, Item, Result};
use futures::FutureExt as _;
use serde_json::{Value, json};

use super::locked;

/// What the numbers of stream records are counted from where they are shown.
const SHOWN_FROM: u128 = 100_000_000_000_000_000_000;
/// Expired items deleted while others wait.
const SWEPT_AT_ONCE: usize = 25;
/// Who deletes what has expired.
const TTL_SERVICE: &str = r#"{"type":"Service","principalId":"dynamodb.amazonaws.com"}"#;

/// The database.
pub struct Database {
    storage: Mutex<Storage>,
    /// The library asks for it where it describes a table.
    vectors: VectorIndexLifecycle,
}

/// The library's actions, one at a time. Its futures wait for nothing but the storage, which is there.
macro_rules! actions {
    ($($action:ident($request:ident) -> $answer:ident;)*) => {
        $(
            #[doc = concat!("DynamoDB's `", stringify!($action), "`.")]
            pub fn $action(&self, request: $action::$request) -> Result<$action::$answer> {
                at_once($action::execute(&*locked(&self.storage), request))
            }
        )*
    };
}

impl Database {
    /// Opens the database in `file`, or in memory.
    pub(super) fn open(file: Option<&Path>, clock: Arc<dyn Clock>) -> Result<Self> {
        let storage = match file {
            Some(file) => Storage::new(&file.to_string_lossy())?,
            None => Storage::memory()?,
        };
        // Each write asks for the largest number, and each reader for those after its own.
        storage.conn().execute_batch(
            "CREATE INDEX IF NOT EXISTS kith_stream_by_number
             ON _stream_records (table_name, CAST(sequence_number AS INTEGER))",
        )?;
        Ok(Self { storage: Mutex::new(storage.with_clock(clock)), vectors: VectorIndexLifecycle::new() })
    }

    actions! {
        batch_get_item(BatchGetItemRequest) -> BatchGetItemResponse;
        batch_write_item(BatchWriteItemRequest) -> BatchWriteItemResponse;
        create_table(CreateTableRequest) -> CreateTableResponse;
        delete_item(DeleteItemRequest) -> DeleteItemResponse;
        describe_stream(DescribeStreamRequest) -> DescribeStreamResponse;
        get_item(GetItemRequest) -> GetItemResponse;
        get_records(GetRecordsRequest) -> GetRecordsResponse;
        get_shard_iterator(GetShardIteratorRequest) -> GetShardIteratorResponse;
        list_streams(ListStreamsRequest) -> ListStreamsResponse;
        put_item(PutItemRequest) -> PutItemResponse;
        query(QueryRequest) -> QueryResponse;
        scan(ScanRequest) -> ScanResponse;
        transact_get_items(TransactGetItemsRequest) -> TransactGetItemsResponse;
        transact_write_items(TransactWriteItemsRequest) -> TransactWriteItemsResponse;
        update_item(UpdateItemRequest) -> UpdateItemResponse;
        update_time_to_live(UpdateTimeToLiveRequest) -> UpdateTimeToLiveResponse;
    }

    /// DynamoDB's `describe_table`.
    pub fn describe_table(
        &self,
        request: describe_table::DescribeTableRequest,
    ) -> Result<describe_table::DescribeTableResponse> {
        at_once(describe_table::execute(&*locked(&self.storage), request, &self.vectors))
    }

    /// Puts many items at once, for tests that need a full table.
    pub fn import_items(&self, table: &str, items: Vec<Item>, options: ImportOptions) -> Result<ImportResult> {
        at_once(import_items::execute(&*locked(&self.storage), table, items, &options))
    }

    /// What is known of a table; `None` if there is none.
    pub fn get_table_metadata(&self, table: &str) -> Result<Option<TableMetadata>> {
        locked(&self.storage).get_table_metadata(table)
    }

    /// How many records the stream of `table` keeps.
    pub fn stream_length(&self, table: &str) -> Result<u64> {
        let count = "SELECT COUNT(*) FROM _stream_records WHERE table_name = ?1";
        Ok(locked(&self.storage).conn().query_row(count, (table,), |row| row.get(0))?)
    }

    /// The number of the newest record in the stream of `table`, as it is shown; `None` if there is no record.
    pub(crate) fn newest_record(&self, table: &str) -> Result<Option<String>> {
        let newest = "SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1";
        let newest: Option<i64> = locked(&self.storage).conn().query_row(newest, (table,), |row| row.get(0))?;
        Ok(newest.and_then(|number| u128::try_from(number).ok()).map(|number| (SHOWN_FROM + number).to_string()))
    }

    /// Takes the records before this number out of the stream of `table`, and says how many. The newest record stays:
    /// the number of the next one follows from it, whatever the clock shows by then.
    pub(crate) fn trim_stream(&self, table: &str, before: &str) -> Result<usize> {
        let number = before.parse::<u128>().ok().and_then(|shown| shown.checked_sub(SHOWN_FROM));
        let Some(number) = number.and_then(|number| i64::try_from(number).ok()) else {
            return Ok(0);
        };
        let trim = "DELETE FROM _stream_records
             WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) < MIN(?2, (
                 SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1))";
        Ok(locked(&self.storage).conn().execute(trim, (table, number))?)
    }

    /// Makes what has expired quick to find; `attribute` says when an item does.
    pub(super) fn index_expiry(&self, table: &str, attribute: &str) -> Result<()> {
        let (table, expiry) = (quoted(table), expiry(attribute));
        let index = format!("CREATE INDEX IF NOT EXISTS kith_by_expiry ON {table} ({expiry})");
        Ok(locked(&self.storage).conn().execute_batch(&index)?)
    }

    /// Deletes what has expired before `now`, in seconds since the epoch, some at a time, and says how many. The stream
    /// tells that the database itself did.
    pub(super) fn sweep(
        &self,
        table: &str,
        attribute: &str,
        now: i64,
        key_of: impl Fn(&Value) -> Value,
    ) -> Result<usize> {
        let mut deleted = 0;
        loop {
            let swept = self.sweep_some(table, attribute, now, &key_of)?;
            deleted += swept;
            if swept < SWEPT_AT_ONCE {
                return Ok(deleted);
            }
            // Lets go of the lock for long enough that those who wait for it get it.
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    fn sweep_some(&self, table: &str, attribute: &str, now: i64, key_of: impl Fn(&Value) -> Value) -> Result<usize> {
        let storage = locked(&self.storage);
        let expiry = expiry(attribute);
        let find = format!(
            "SELECT item_json FROM {} WHERE {expiry} >= 0 AND {expiry} < ?1 ORDER BY {expiry} LIMIT {SWEPT_AT_ONCE}",
            quoted(table)
        );
        let mut find = storage.conn().prepare(&find)?;
        let expired = find.query_map((now,), |row| row.get(0))?.collect::<std::result::Result<Vec<String>, _>>()?;
        for item in &expired {
            let item: Value = serde_json::from_str(item).map_err(|error| broken(&error))?;
            let request = json!({"TableName": table, "Key": key_of(&item)});
            let request = serde_json::from_value(request).map_err(|error| broken(&error))?;
            at_once(delete_item::execute(&*storage, request))?;
            // The action cannot be told who acts. A runner that dies in between leaves a deletion like any other.
            let mark = "UPDATE _stream_records SET user_identity = ?2
                 WHERE table_name = ?1 AND event_name = 'REMOVE' AND CAST(sequence_number AS INTEGER) = (
                     SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1)";
            storage.conn().execute(mark, (table, TTL_SERVICE))?;
        }
        Ok(expired.len())
    }
}

/// The second at which an item expires, for SQL; null where it has none.
fn expiry(attribute: &str) -> String {
    format!("CAST(json_extract(item_json, '$.\"{}\".N') AS INTEGER)", attribute.replace(['"', '\''], ""))
}

fn quoted(table: &str) -> String {
    format!("\"{}\"", table.replace('"', "\"\""))
}

fn at_once<T>(action: impl Future<Output = Result<T>>) -> Result<T> {
    action.now_or_never().unwrap_or_else(|| Err(DynoxideError::InternalServerError("the action did not finish".into())))
}

fn broken(error: &serde_json::Error) -> DynoxideError {
    DynoxideError::InternalServerError(error.to_string())
}

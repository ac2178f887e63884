//! Reads the table's stream for each consumer, as Lambda's event source mapping does.
//!
//! A consumer's position moves only when a batch is done with, and is kept with the data, so that a restart repeats
//! rather than misses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::core::Core;
use crate::jobs::new_id;
use crate::table::{Read, ReadError, Table};
use crate::template::{REGION, StreamSpec};

/// How often the stream is read when nobody says that there is news.
const IDLE: Duration = Duration::from_millis(250);
/// Pauses between attempts at a failing batch grow from the first to the last of these.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(2);
/// Records read at once.
const READ: usize = 1000;
/// How long the list of shards is taken as it was. Elsewhere, shards come and go within hours.
const SHARDS_KEPT: Duration = Duration::from_secs(10);

/// The table's stream cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamError {
    /// The database refuses.
    #[error("the stream cannot be read: {0}")]
    Database(#[from] ReadError),
    /// The table has none.
    #[error("the table has no stream")]
    Missing,
    /// The position cannot be kept.
    #[error("the stream position cannot be kept: {0}")]
    Position(#[from] std::io::Error),
}

/// The consumers of the stream.
pub(crate) struct Readers {
    readers: Vec<Arc<Reader>>,
    stream: Stream,
}

/// The stream and its shards: one in the embedded database, several elsewhere, where they are split and closed.
struct Stream {
    arn: String,
    shards: Mutex<Option<(Instant, Vec<Shard>)>>,
}

#[derive(Clone, Debug)]
struct Shard {
    id: String,
    /// The shard whose records come before.
    parent: Option<String>,
}

impl Stream {
    async fn find(table: &Table, name: &str) -> Result<Self, StreamError> {
        let described = table.read(Read::DescribeTable, json!({"TableName": name})).await?;
        let arn = described.pointer("/Table/LatestStreamArn").and_then(Value::as_str).ok_or(StreamError::Missing)?;
        Ok(Self { arn: arn.to_owned(), shards: Mutex::default() })
    }

    async fn shards(&self, table: &Table) -> Result<Vec<Shard>, StreamError> {
        if let Some((at, shards)) = &*locked(&self.shards)
            && (at.elapsed() < SHARDS_KEPT || !table.is_elsewhere())
        {
            return Ok(shards.clone());
        }
        let mut shards = Vec::new();
        let mut request = json!({"StreamArn": self.arn});
        loop {
            let page = table.read(Read::DescribeStream, request.clone()).await?;
            let listed = page.pointer("/StreamDescription/Shards").and_then(Value::as_array).into_iter().flatten();
            let text = |shard: &Value, key: &str| shard.get(key).and_then(Value::as_str).map(str::to_owned);
            let shard =
                |shard: &Value| Some(Shard { id: text(shard, "ShardId")?, parent: text(shard, "ParentShardId") });
            shards.extend(listed.filter_map(shard));
            match page.pointer("/StreamDescription/LastEvaluatedShardId") {
                Some(last) if last.is_string() => set(&mut request, "ExclusiveStartShardId", last.clone()),
                _ => break,
            }
        }
        *locked(&self.shards) = Some((Instant::now(), shards.clone()));
        Ok(shards)
    }
}

/// One consumer.
pub(crate) struct Reader {
    spec: StreamSpec,
    news: Arc<Notify>,
    /// Whether a batch is at work or waits for its next attempt.
    busy: AtomicBool,
    /// Shards that are closed and read to their end.
    finished: Mutex<BTreeSet<String>>,
    /// Where to go on reading, by shard. Only elsewhere: there, a page may be empty though more follow.
    iterators: Mutex<BTreeMap<String, String>>,
}

impl Readers {
    /// One reader of the stream of `table` for each of `specs`; nothing runs yet.
    pub(crate) async fn new(specs: &[StreamSpec], table: &Table, name: &str) -> Result<Self, StreamError> {
        let reader = |spec: &StreamSpec| {
            Arc::new(Reader {
                spec: spec.clone(),
                news: Arc::new(Notify::new()),
                busy: AtomicBool::new(false),
                finished: Mutex::default(),
                iterators: Mutex::default(),
            })
        };
        Ok(Self { readers: specs.iter().map(reader).collect(), stream: Stream::find(table, name).await? })
    }

    /// What to tell when there may be new records.
    pub(crate) fn news(&self) -> Vec<Arc<Notify>> {
        self.readers.iter().map(|reader| Arc::clone(&reader.news)).collect()
    }

    pub(crate) fn all(&self) -> &[Arc<Reader>] {
        &self.readers
    }

    /// The number up to which every reader is done with the stream, where it has one shard; `None` while one of them has
    /// done nothing.
    pub(crate) async fn done(&self, core: &Core) -> Result<Option<String>, StreamError> {
        let shards = self.stream.shards(&core.table).await?;
        let positions = self.readers.iter().flat_map(|reader| shards.iter().map(|shard| reader.position(shard)));
        let done: Option<Vec<String>> = positions.map(|position| core.state.stream_position(&position)).collect();
        // All have the same length.
        Ok(done.and_then(|done| done.into_iter().min()))
    }
}

impl Reader {
    /// The function that consumes.
    pub(crate) fn operation(&self) -> &str {
        &self.spec.operation
    }

    /// Whether every record in the stream that the function wants is done with. What it does not want may come all the
    /// time, and keeps nobody waiting.
    pub(crate) async fn is_at_end(&self, core: &Core) -> Result<bool, StreamError> {
        if self.busy.load(Ordering::Acquire) {
            return Ok(false);
        }
        for shard in self.readable(core).await? {
            let page = read(core, &self.start(core, &shard).await?, READ).await?;
            // Behind a full page there may be more.
            if page.records.len() >= READ || page.records.iter().any(|record| self.wants(record)) {
                return Ok(false);
            }
        }
        Ok(!self.busy.load(Ordering::Acquire))
    }

    /// Reads for ever.
    pub(crate) async fn run(self: Arc<Self>, core: Arc<Core>) {
        loop {
            match self.read_to_end(&core).await {
                Ok(()) => {
                    let _ = tokio::time::timeout(IDLE, self.news.notified()).await;
                }
                Err(error) => {
                    // What was read and not done with is read again.
                    locked(&self.iterators).clear();
                    tracing::error!(operation = %self.operation(), %error, "reading the stream failed");
                    tokio::time::sleep(LAST_PAUSE).await;
                }
            }
        }
    }

    async fn read_to_end(&self, core: &Core) -> Result<(), StreamError> {
        loop {
            let mut found = false;
            for shard in self.readable(core).await? {
                found |= self.read_page(core, &shard).await?;
            }
            if !found {
                return Ok(());
            }
        }
    }

    /// The shards that may hold something new: their parents are done with.
    async fn readable(&self, core: &Core) -> Result<Vec<Shard>, StreamError> {
        let shards = core.readers.stream.shards(&core.table).await?;
        let mut finished = locked(&self.finished);
        // Shards go after a day.
        finished.retain(|id| shards.iter().any(|shard| shard.id == *id));
        let is_open = |id: &str| shards.iter().any(|shard| shard.id == id) && !finished.contains(id);
        let readable =
            shards.iter().filter(|shard| is_open(&shard.id) && !shard.parent.as_deref().is_some_and(is_open));
        Ok(readable.cloned().collect())
    }

    /// Reads a page and does it; whether there was something.
    async fn read_page(&self, core: &Core, shard: &Shard) -> Result<bool, StreamError> {
        let kept = locked(&self.iterators).remove(&shard.id);
        let iterator = match kept {
            Some(iterator) => iterator,
            None => self.start(core, shard).await?,
        };
        let Page { records, next } = read(core, &iterator, READ).await?;
        let Some(last) = records.last().map(sequence_number) else {
            match next {
                None => drop(locked(&self.finished).insert(shard.id.clone())),
                Some(next) if core.table.is_elsewhere() => {
                    locked(&self.iterators).insert(shard.id.clone(), next);
                }
                Some(_) => {}
            }
            return Ok(false);
        };
        self.busy.store(records.iter().any(|record| self.wants(record)), Ordering::Release);
        let done = self.work_off(core, shard, records, &last).await;
        self.busy.store(false, Ordering::Release);
        if let (Some(next), true) = (next, core.table.is_elsewhere()) {
            locked(&self.iterators).insert(shard.id.clone(), next);
        }
        done.map(|()| true)
    }

    async fn work_off(&self, core: &Core, shard: &Shard, records: Vec<Value>, last: &str) -> Result<(), StreamError> {
        let position = self.position(shard);
        let wanted: Vec<Value> = records.into_iter().filter(|record| self.wants(record)).collect();
        for batch in wanted.chunks(self.spec.batch_size) {
            self.process(core, batch).await;
            if let Some(done) = batch.last() {
                core.state.keep_stream_position(&position, &sequence_number(done))?;
            }
        }
        core.state.keep_stream_position(&position, last)?;
        Ok(())
    }

    /// The name under which the position in a shard is kept.
    fn position(&self, shard: &Shard) -> String {
        format!("{} {}", self.operation(), shard.id)
    }

    /// An iterator after what is done with; from the start where that is too long ago.
    async fn start(&self, core: &Core, shard: &Shard) -> Result<String, StreamError> {
        let after = |position: Option<String>| {
            let mut request = json!({
                "StreamArn": core.readers.stream.arn,
                "ShardId": shard.id,
                "ShardIteratorType": if position.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" },
            });
            if let Some(position) = position {
                set(&mut request, "SequenceNumber", json!(position));
            }
            core.table.read(Read::GetShardIterator, request)
        };
        let answer = match after(core.state.stream_position(&self.position(shard))).await {
            Err(error) if error.is_about_the_position() => after(None).await?,
            answer => answer?,
        };
        let iterator = answer.get("ShardIterator").and_then(Value::as_str);
        iterator.map(str::to_owned).ok_or(StreamError::Missing)
    }

    fn wants(&self, record: &Value) -> bool {
        self.spec.filters.is_empty() || self.spec.filters.iter().any(|filter| filter.matches(record))
    }

    /// Invokes until the batch is done with: processed, or given up after the retries.
    async fn process(&self, core: &Core, batch: &[Value]) {
        // Parts of the batch still to do, the first one last, each with the attempts that it has had.
        let mut parts = vec![(batch, 0_u32)];
        let mut pause = FIRST_PAUSE;
        while let Some((part, attempts)) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            let result = core.run_job(self.operation(), "stream", json!({"Records": part}), &new_id()).await;
            let failed_from = match &result {
                Ok(answer) if self.spec.reports_failures => first_failure(part, answer),
                Ok(_) => None,
                Err(_) => Some(0),
            };
            let Some(failed_from) = failed_from else {
                pause = FIRST_PAUSE;
                continue;
            };
            // What comes before the first failure is done; Lambda repeats the rest.
            let (_, rest) = part.split_at(failed_from);
            let attempts = if failed_from > 0 { 0 } else { attempts + 1 };
            if self.spec.max_retries.is_some_and(|most| attempts > most) {
                tracing::error!(operation = %self.operation(), records = rest.len(), "stream records were given up");
                continue;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
            if self.spec.bisects && result.is_err() && rest.len() > 1 {
                let (first, second) = rest.split_at(rest.len() / 2);
                // Halving does not use up attempts, as on Lambda.
                parts.extend([(second, 0), (first, 0)]);
            } else {
                parts.push((rest, attempts));
            }
        }
    }
}

/// Index of the first record of `batch` that `answer` reports as failed. An answer that names an unknown record, or
/// none, means that all failed.
fn first_failure(batch: &[Value], answer: &Value) -> Option<usize> {
    let failures = answer.get("batchItemFailures").and_then(Value::as_array).filter(|failures| !failures.is_empty())?;
    let mut first = batch.len();
    for failure in failures {
        let id = failure.get("itemIdentifier").and_then(Value::as_str).unwrap_or_default();
        match batch.iter().position(|record| sequence_number(record) == id) {
            Some(index) => first = first.min(index),
            None => return Some(0),
        }
    }
    Some(first)
}

fn sequence_number(record: &Value) -> String {
    record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Records, and where to go on; nowhere in a closed shard.
struct Page {
    records: Vec<Value>,
    next: Option<String>,
}

/// Up to `limit` records from `iterator` on, as Lambda hands them to functions.
async fn read(core: &Core, iterator: &str, limit: usize) -> Result<Page, StreamError> {
    let request = json!({"ShardIterator": iterator, "Limit": limit});
    let mut page = core.table.read(Read::GetRecords, request).await?;
    let next = page.get("NextShardIterator").and_then(Value::as_str).map(str::to_owned);
    let now = core.clock.now().as_second();
    let offset = core.clock.offset().as_secs();
    // The database here keeps the moved time; elsewhere it is the machine's.
    let is_moved = !core.table.is_elsewhere();
    let to_event = |mut record: Value| {
        set(&mut record, "awsRegion", json!(REGION));
        set(&mut record, "eventSourceARN", json!(format!("{}/stream/local", core.template.table.arn)));
        if let Some(change) = record.get_mut("dynamodb") {
            // Whole seconds of the moved clock.
            #[expect(clippy::cast_possible_truncation, reason = "seconds since the epoch")]
            let written = change.get("ApproximateCreationDateTime").and_then(Value::as_f64).unwrap_or_default() as i64;
            let moved = if is_moved { written } else { written.saturating_add(offset) };
            set(change, "ApproximateCreationDateTime", json!(moved.min(now)));
        }
        record
    };
    let records = match page.get_mut("Records").map(Value::take) {
        Some(Value::Array(records)) => records.into_iter().map(to_event).collect(),
        _ => Vec::new(),
    };
    Ok(Page { records, next })
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn set(value: &mut Value, key: &str, to: Value) {
    if let Some(map) = value.as_object_mut() {
        map.insert(key.to_owned(), to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(numbers: &[u8]) -> Vec<Value> {
        numbers.iter().map(|number| json!({"dynamodb": {"SequenceNumber": number.to_string()}})).collect()
    }

    #[test]
    fn a_report_repeats_from_the_first_failure_on() {
        let batch = batch(&[1, 2, 3]);
        let report = |ids: &[&str]| json!({"batchItemFailures": ids.iter().map(|id| json!({"itemIdentifier": id})).collect::<Vec<_>>()});
        assert_eq!(first_failure(&batch, &report(&[])), None);
        assert_eq!(first_failure(&batch, &Value::Null), None);
        assert_eq!(first_failure(&batch, &report(&["3", "2"])), Some(1));
        assert_eq!(first_failure(&batch, &report(&["9"])), Some(0), "an unknown id fails the whole batch");
        assert_eq!(first_failure(&batch, &report(&[""])), Some(0), "an empty id fails the whole batch");
    }
}

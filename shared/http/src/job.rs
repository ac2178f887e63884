//! Jobs: schedules, the table's stream, and work handed over by another function.

use crate::function::Job;
use crate::{App, Limit, Problem, Setting, Settings};
use futures::FutureExt as _;
use jiff::Timestamp;
use kith_domain::{TaskId, Worker};
use kith_store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

/// The context of a job. The time comes with its event.
#[derive(Clone)]
pub struct JobCx {
    store: Option<Store>,
    app: App,
}

impl JobCx {
    /// The table, with this invocation's mark and meter; an error for a job that does not name it among its needs.
    pub fn store(&self) -> Result<&Store, JobError> {
        self.store.as_ref().ok_or_else(|| JobError("the function has no table".into()))
    }

    /// The function's settings.
    pub fn settings(&self) -> &Settings {
        self.app.settings()
    }

    /// Region, credentials and endpoint for further AWS clients.
    pub fn aws(&self) -> &aws_types::SdkConfig {
        self.app.aws()
    }

    /// Counts one more for a subject; false where it is one too many. A job that runs again for the same task counts
    /// once.
    pub async fn allows(&self, limit: &Limit, subject: &str, task: TaskId, now: Timestamp) -> Result<bool, JobError> {
        Ok(limit.allows(self.store()?, subject, &task.to_string(), now).await?)
    }

    /// An absolute link to a path of this deployment.
    pub fn link(&self, path: &str) -> Result<String, JobError> {
        Ok(format!("{}{path}", self.settings().get(Setting::PublicUrl)?))
    }
}

/// A job failed; whoever invoked it tries again. The text is for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct JobError(pub String);

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

impl From<kith_objects::ObjectError> for JobError {
    fn from(error: kith_objects::ObjectError) -> Self {
        Self(error.to_string())
    }
}

impl From<Problem> for JobError {
    fn from(problem: Problem) -> Self {
        Self(problem.source().unwrap_or(problem.detail()).to_owned())
    }
}

/// An event of `EventBridge`: a schedule, or news about the stack.
#[derive(Debug, Clone, Deserialize)]
pub struct Scheduled {
    /// When it was due.
    pub time: Timestamp,
    /// Who sends it: `aws.events`, `aws.scheduler`, `aws.cloudformation`.
    pub source: String,
}

/// Records of the table's stream. Only what the relay needs is read: keys, never images.
#[derive(Debug, Clone, Deserialize)]
pub struct StreamBatch {
    /// The records, in the order of their writes.
    #[serde(rename = "Records")]
    pub records: Vec<StreamRecord>,
}

/// One change of an item.
#[derive(Debug, Clone, Deserialize)]
pub struct StreamRecord {
    dynamodb: StreamChange,
}

#[derive(Debug, Clone, Deserialize)]
struct StreamChange {
    #[serde(rename = "Keys")]
    keys: StreamKeys,
    #[serde(rename = "SequenceNumber")]
    sequence_number: String,
    #[serde(rename = "ApproximateCreationDateTime")]
    created: f64,
}

#[derive(Debug, Clone, Deserialize)]
struct StreamKeys {
    pk: StreamText,
}

#[derive(Debug, Clone, Deserialize)]
struct StreamText {
    #[serde(rename = "S")]
    text: String,
}

impl StreamRecord {
    /// The task whose item changed and who does it; `None` for other items.
    pub fn task(&self) -> Option<(TaskId, Worker)> {
        kith_store::task_of(&self.dynamodb.keys.pk.text)
    }

    /// The record's place in the stream.
    pub fn sequence_number(&self) -> &str {
        &self.dynamodb.sequence_number
    }

    /// About when the change was made, to the second.
    pub fn time(&self) -> Timestamp {
        #[expect(clippy::cast_possible_truncation, reason = "seconds of this century")]
        let seconds = self.dynamodb.created as i64;
        Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// Which records of a batch must come again: everything from the first of them.
#[derive(Debug, Default, Serialize)]
pub struct StreamFailures {
    /// Empty when all went well.
    #[serde(rename = "batchItemFailures")]
    pub failures: Vec<StreamFailure>,
}

/// A record that must come again.
#[derive(Debug, Serialize)]
pub struct StreamFailure {
    /// Its sequence number.
    #[serde(rename = "itemIdentifier")]
    pub sequence_number: String,
}

/// A task handed over to the function that does it. No secret and no personal data: asynchronous events are stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delivery {
    /// The task.
    pub task: TaskId,
    /// When it was handed over.
    pub time: Timestamp,
}

/// Runs a job once and logs it.
pub(crate) async fn run(app: &App, job: &Job, event: Value, request_id: &str) -> Result<Value, JobError> {
    let began = Instant::now();
    let store = app.store().map(|store| store.for_request(request_id));
    let cx = JobCx { store: store.clone(), app: app.clone() };
    let done = match AssertUnwindSafe(job(cx, event)).catch_unwind().await {
        Ok(done) => done,
        Err(_) => Err(JobError("panic".into())),
    };
    let millis = began.elapsed().as_secs_f64() * 1000.0;
    let spent = store.map(|store| store.spent()).unwrap_or_default();
    let database = spent.time.as_secs_f64() * 1000.0;
    macro_rules! job {
        ($level:ident, $($more:tt)*) => {
            tracing::$level!(
                name = app.operation(), request_id, millis, database_millis = database, database_calls = spent.calls,
                read_units = spent.read_units, write_units = spent.write_units, $($more)* "job"
            )
        };
    }
    match &done {
        Ok(_) => job!(info,),
        Err(error) => job!(error, error = error.0,),
    }
    done
}

//! The last requests and invocations, with what they did and what they would cost.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::aws::Call;
use crate::instances::Run;
use crate::price::Usage;

/// How many records are kept.
const KEPT: usize = 2000;

/// One request through the gateway, or one invocation of a job.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Record {
    /// The gateway's request id (`apigw-requestid`); for jobs the invocation's.
    pub(crate) request_id: String,
    /// Lambda's request id, the same on a retry; `null` if no function ran.
    pub(crate) invocation_id: Option<String>,
    /// The function; `null` if the gateway answered.
    pub(crate) operation: Option<String>,
    /// Route key, or `schedule`, `stream`, `async`, `event` for jobs.
    pub(crate) route: String,
    /// HTTP status; for jobs 200 or 500.
    pub(crate) status: u16,
    /// From arrival to answer, in milliseconds.
    pub(crate) duration_ms: f64,
    /// In the function, start-up included, in milliseconds.
    pub(crate) function_ms: f64,
    /// Whether a sandbox was started for it.
    pub(crate) cold: bool,
    /// Bytes sent to the client: status, headers and body; 0 for jobs.
    pub(crate) egress_bytes: u64,
    /// What it did on AWS; all of it is `null` where the calls go to another AWS.
    #[serde(flatten)]
    pub(crate) work: Work,
    /// When it was answered, by the moved clock.
    pub(crate) at: jiff::Timestamp,
}

/// What a request did on AWS, and what that would cost.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Work {
    /// Calls to AWS in order.
    pub(crate) calls: Option<Vec<Call>>,
    /// How many of them went to the database.
    pub(crate) database_calls: Option<usize>,
    /// Read request units.
    pub(crate) read_units: Option<f64>,
    /// Write request units.
    pub(crate) write_units: Option<f64>,
    /// Price on AWS, in US dollars.
    pub(crate) price_usd: Option<f64>,
}

impl Work {
    /// The work of these calls, priced together with the rest of `usage`.
    fn new(calls: Vec<Call>, usage: Usage) -> Self {
        let units = |of: fn(&Call) -> f64| calls.iter().fold(0.0, |sum, call| sum + of(call));
        let (read_units, write_units) = (units(|call| call.read_units), units(|call| call.write_units));
        let (object_puts, object_gets) = (units(Call::object_puts), units(Call::object_gets));
        let price_usd = Usage { read_units, write_units, object_puts, object_gets, ..usage }.price_usd();
        Self {
            database_calls: Some(calls.iter().filter(|call| call.service == "dynamodb").count()),
            calls: Some(calls),
            read_units: Some(read_units),
            write_units: Some(write_units),
            // Below a millionth of a millionth there is only noise.
            price_usd: Some((price_usd * 1e12).round() / 1e12),
        }
    }
}

impl Record {
    /// A record of `run`, if a function ran. What came through the gateway has bytes that went out.
    pub(crate) fn new(
        request_id: String,
        route: &str,
        egress_bytes: Option<u64>,
        status: u16,
        duration_ms: f64,
        run: Option<Run>,
        at: jiff::Timestamp,
    ) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "no answer is that long")]
        let mut usage = Usage {
            gateway_requests: f64::from(u8::from(egress_bytes.is_some())),
            egress_bytes: egress_bytes.unwrap_or_default() as f64,
            ..Usage::default()
        };
        let mut record = Self {
            request_id,
            invocation_id: None,
            operation: None,
            route: route.to_owned(),
            status,
            duration_ms: rounded(duration_ms),
            function_ms: 0.0,
            cold: false,
            egress_bytes: egress_bytes.unwrap_or_default(),
            work: Work::default(),
            at,
        };
        let mut calls = Some(Vec::new());
        if let Some(run) = run {
            usage.invocations = f64::from(u8::from(run.started));
            usage.memory_mib = run.memory_mib;
            usage.function_ms = run.function_ms;
            record.function_ms = rounded(run.function_ms);
            record.cold = run.cold;
            calls = run.calls;
            record.operation = Some(run.operation);
            record.invocation_id = Some(run.invocation_id);
        }
        if let Some(calls) = calls {
            record.work = Work::new(calls, usage);
        }
        record
    }
}

/// Microseconds are more than enough.
fn rounded(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}

/// The last [`KEPT`] records.
#[derive(Default)]
pub(crate) struct RequestLog {
    records: Mutex<VecDeque<Record>>,
}

impl RequestLog {
    /// Adds a record, dropping the oldest if there are too many.
    pub(crate) fn add(&self, record: Record) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() == KEPT {
            records.pop_front();
        }
        records.push_back(record);
    }

    /// The newest `limit` records, newest first; of one request, where its id is given.
    pub(crate) fn newest_first(&self, limit: usize, request_id: Option<&str>) -> Vec<Record> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let is_wanted = |record: &&Record| request_id.is_none_or(|wanted| record.request_id == wanted);
        records.iter().rev().filter(is_wanted).take(limit).cloned().collect()
    }
}

//! What each request cost: the calls an instance made between its `begin` and its `finish`.

use std::collections::HashMap;
use std::sync::Mutex;

use serde::Serialize;

use super::locked;

/// One call of a function to AWS.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Call {
    /// `dynamodb`, `s3`, `secretsmanager`, `ses` or `lambda`.
    pub service: &'static str,
    /// The operation of the service, such as `TransactWriteItems`.
    pub action: String,
    /// The kinds of partition touched: each partition key up to its first `#`, once.
    pub key_prefixes: Vec<String>,
    /// Whether every read of the call was strongly consistent. False for writes.
    pub consistent: bool,
    /// The index that was queried.
    pub index: Option<String>,
    /// Read request units.
    pub read_units: f64,
    /// Write request units, also of writes that failed on their condition.
    pub write_units: f64,
    /// Time on the AWS side, in microseconds.
    pub micros: u64,
    /// `ok`, the code of the error, or `dropped` when a fault left the caller without an answer.
    pub outcome: String,
}

impl Call {
    /// Objects that it put: 1 or 0.
    pub(crate) fn object_puts(&self) -> f64 {
        f64::from(u8::from(self.service == "s3" && self.action == "PutObject"))
    }

    /// Objects that it got, content or not: 1 or 0.
    pub(crate) fn object_gets(&self) -> f64 {
        f64::from(u8::from(self.service == "s3" && matches!(self.action.as_str(), "GetObject" | "HeadObject")))
    }
}

/// The calls of the requests in flight, by access key.
#[derive(Default)]
pub(super) struct Ledger {
    in_flight: Mutex<HashMap<String, InFlight>>,
}

struct InFlight {
    request_id: String,
    calls: Vec<Call>,
}

impl Ledger {
    pub(super) fn begin(&self, access_key: &str, request_id: &str) {
        let fresh = InFlight { request_id: request_id.to_owned(), calls: Vec::new() };
        locked(&self.in_flight).insert(access_key.to_owned(), fresh);
    }

    pub(super) fn finish(&self, access_key: &str) -> Vec<Call> {
        locked(&self.in_flight).remove(access_key).map(|request| request.calls).unwrap_or_default()
    }

    /// Keeps the call if a request of this caller is in flight; calls at start-up belong to no request.
    pub(super) fn record(&self, access_key: &str, call: Call) {
        if let Some(request) = locked(&self.in_flight).get_mut(access_key) {
            tracing::trace!(request = request.request_id, action = call.action, outcome = call.outcome, "AWS call");
            request.calls.push(call);
        }
    }
}

/// A partition key without the part that names one individual: `user#usr_1` is `user#`.
pub(super) fn key_prefix(key: &str) -> &str {
    key.find('#').and_then(|at| key.get(..=at)).unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_calls_between_begin_and_finish_are_kept() {
        let ledger = Ledger::default();
        ledger.record("A", Call::default());
        ledger.begin("A", "r-1");
        ledger.record("A", Call { action: "GetItem".into(), ..Call::default() });
        ledger.record("B", Call::default());
        let calls = ledger.finish("A");
        assert_eq!(calls.iter().map(|call| call.action.as_str()).collect::<Vec<_>>(), ["GetItem"]);
        assert!(ledger.finish("A").is_empty());
    }

    #[test]
    fn a_key_prefix_names_the_kind_and_nobody() {
        assert_eq!(key_prefix("user#usr_1"), "user#");
        assert_eq!(key_prefix("outbox"), "outbox");
    }
}

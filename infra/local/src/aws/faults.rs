//! What goes wrong in the cloud now and then: throttling, time-outs, conflicts, lost answers.

use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::locked;
use super::reply::Refusal;

/// How long a call hangs before its connection is closed. Real ones hang for seconds; tests need not.
pub(super) const HANG: Duration = Duration::from_millis(50);

/// How long a late call is on its way.
pub(super) const LATE: Duration = Duration::from_secs(2);

/// Random faults come in the same order in every run, so that a failure can be looked at again.
const SEED: u64 = 0x006b_6974_6800;

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Refused for going too fast; nothing is done. The SDK retries.
    Throttle,
    /// No answer and nothing done; the connection closes after a moment. The SDK retries.
    Timeout,
    /// Another transaction holds an item: `TransactionConflictException`, or a transaction cancelled for `TransactionConflict`.
    Conflict,
    /// The work is done, but the connection closes without an answer. The SDK retries, so the call arrives twice.
    AppliedAnswerLost,
    /// Done, but late: what others do meanwhile comes first.
    Late,
    /// An internal error with status 500; nothing is done. The SDK retries.
    Error,
}

/// Faults for the next calls of one function to one action.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// The function, such as `log-in`; `*` for all.
    pub operation: String,
    /// The action, such as `TransactWriteItems`, `PutObject` or `SendRawEmail`; `*` for all.
    pub action: String,
    /// What happens.
    pub kind: FaultKind,
    /// How many calls it happens to. The SDK tries a call three times by default.
    pub times: u32,
    /// How many such calls go well before that.
    #[serde(default)]
    pub after: u32,
}

/// Decides which calls go wrong.
pub(super) struct Faults {
    rate: f64,
    random: Mutex<fastrand::Rng>,
    targeted: Mutex<Vec<Fault>>,
}

impl Faults {
    /// `rate` from 0 to 1 is the share of DynamoDB calls that go wrong at random.
    pub(super) fn new(rate: f64) -> Self {
        Self { rate, random: Mutex::new(fastrand::Rng::with_seed(SEED)), targeted: Mutex::default() }
    }

    pub(super) fn inject(&self, fault: Fault) {
        locked(&self.targeted).push(fault);
    }

    /// The fault of this call, if it is to have one.
    pub(super) fn strike(&self, operation: &str, service: &str, action: &str) -> Option<FaultKind> {
        self.targeted(operation, action).or_else(|| if service == "dynamodb" { self.random(action) } else { None })
    }

    fn targeted(&self, operation: &str, action: &str) -> Option<FaultKind> {
        let mut faults = locked(&self.targeted);
        let fault = faults.iter_mut().find(|fault| {
            fault.times > 0
                && (fault.operation == "*" || fault.operation == operation)
                && (fault.action == "*" || fault.action == action)
        })?;
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        fault.times -= 1;
        let kind = fault.kind;
        faults.retain(|fault| fault.times > 0);
        Some(kind)
    }

    fn random(&self, action: &str) -> Option<FaultKind> {
        if self.rate <= 0.0 {
            return None;
        }
        let kinds: &[FaultKind] = match action {
            "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems" => {
                &[FaultKind::Throttle, FaultKind::Timeout, FaultKind::Conflict, FaultKind::AppliedAnswerLost]
            }
            "BatchWriteItem" => &[FaultKind::Throttle, FaultKind::Timeout, FaultKind::AppliedAnswerLost],
            "TransactGetItems" => &[FaultKind::Throttle, FaultKind::Timeout, FaultKind::Conflict],
            _ => &[FaultKind::Throttle, FaultKind::Timeout],
        };
        let mut random = locked(&self.random);
        if random.f64() < self.rate { random.choice(kinds).copied() } else { None }
    }
}

/// The error a fault answers with. `None` for the faults that answer nothing.
pub(super) fn refusal(kind: FaultKind, service: &str, action: &str, request: &Value) -> Option<Refusal> {
    let code = if service == "s3" { "InternalError" } else { "InternalServerError" };
    let broken = || Refusal::new(code, "injected fault: internal error").with_status(500);
    match kind {
        FaultKind::Timeout | FaultKind::AppliedAnswerLost | FaultKind::Late => None,
        FaultKind::Error => Some(broken()),
        FaultKind::Throttle => {
            let message = "injected fault: the rate of requests exceeds the allowed throughput";
            Some(match service {
                "dynamodb" => Refusal::new("ProvisionedThroughputExceededException", message),
                "s3" => Refusal::new("SlowDown", message).with_status(503),
                "ses" => Refusal::new("Throttling", message),
                "lambda" => Refusal::new("TooManyRequestsException", message).with_status(429),
                _ => Refusal::new("ThrottlingException", message),
            })
        }
        FaultKind::Conflict => Some(match action {
            "TransactWriteItems" | "TransactGetItems" => conflicting_transaction(request),
            "PutItem" | "UpdateItem" | "DeleteItem" => {
                Refusal::new("TransactionConflictException", "Transaction is ongoing for the item")
            }
            _ => broken(),
        }),
    }
}

/// The first item of the transaction is the contended one.
fn conflicting_transaction(request: &Value) -> Refusal {
    let count = request.get("TransactItems").and_then(Value::as_array).map_or(1, Vec::len).max(1);
    let conflict = json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" });
    let mut reasons = vec![json!({ "Code": "None" }); count];
    if let Some(first) = reasons.first_mut() {
        *first = conflict;
    }
    let codes = reasons.iter().filter_map(|reason| reason.get("Code")?.as_str()).collect::<Vec<_>>().join(", ");
    Refusal::new(
        "TransactionCanceledException",
        format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"),
    )
    .with_member("CancellationReasons", Value::Array(reasons))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_targeted_fault_strikes_its_function_and_action_only_and_as_often_as_asked() {
        let faults = Faults::new(0.0);
        let fault = |times| Fault {
            operation: "log-in".into(),
            action: "PutItem".into(),
            kind: FaultKind::Throttle,
            times,
            after: 0,
        };
        faults.inject(fault(2));
        assert_eq!(faults.strike("log-out", "dynamodb", "PutItem"), None);
        assert_eq!(faults.strike("log-in", "dynamodb", "GetItem"), None);
        assert_eq!(faults.strike("log-in", "dynamodb", "PutItem"), Some(FaultKind::Throttle));
        assert_eq!(faults.strike("log-in", "dynamodb", "PutItem"), Some(FaultKind::Throttle));
        assert_eq!(faults.strike("log-in", "dynamodb", "PutItem"), None);
        faults.inject(fault(0));
        assert_eq!(faults.strike("log-in", "dynamodb", "PutItem"), None);
        faults.inject(Fault { after: 1, ..fault(1) });
        assert_eq!(faults.strike("log-in", "dynamodb", "PutItem"), None);
        assert_eq!(faults.strike("log-in", "dynamodb", "PutItem"), Some(FaultKind::Throttle));
    }

    #[test]
    fn random_faults_keep_to_their_rate_and_to_the_database() {
        let faults = Faults::new(0.25);
        let struck = (0..4000).filter(|_| faults.strike("log-in", "dynamodb", "PutItem").is_some()).count();
        assert!((850..1150).contains(&struck), "{struck}");
        assert!((0..1000).all(|_| faults.strike("log-in", "ses", "SendRawEmail").is_none()));
    }

    #[test]
    fn reads_never_lose_an_applied_answer_or_conflict() {
        let faults = Faults::new(1.0);
        assert!((0..200).all(|_| {
            matches!(faults.strike("x", "dynamodb", "GetItem"), Some(FaultKind::Throttle | FaultKind::Timeout))
        }));
    }

    #[test]
    fn a_conflicting_transaction_has_one_reason_per_item() {
        let request = json!({ "TransactItems": [{}, {}, {}] });
        let refusal = refusal(FaultKind::Conflict, "dynamodb", "TransactWriteItems", &request).unwrap();
        assert_eq!(refusal.members["CancellationReasons"].as_array().unwrap().len(), 3);
        assert!(refusal.message.ends_with("[TransactionConflict, None, None]"));
    }
}

//! Jobs: asynchronous invocations as Lambda repeats them, schedules fired by hand, events of the stack.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::aws::AsyncInvoke;
use crate::core::Core;
use crate::instances::Failure;
use crate::template::{ACCOUNT, REGION};

/// Pauses before the first and the second retry. Lambda waits one and two minutes; nobody wants that here.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(300)];

/// How many invocations that were given up are kept.
const MOST_DEAD: usize = 1000;

/// An asynchronous invocation that failed for good.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DeadLetter {
    operation: String,
    request_id: String,
    payload: Value,
    attempts: u32,
    error: String,
    at: jiff::Timestamp,
}

/// Asynchronous invocations under way, and the last [`MOST_DEAD`] given up.
#[derive(Default)]
pub(crate) struct Deliveries {
    under_way: AtomicUsize,
    dead: Mutex<VecDeque<DeadLetter>>,
}

impl Deliveries {
    /// How many are under way, their pauses included.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Acquire)
    }

    /// The ones given up, oldest first.
    pub(crate) fn dead_letters(&self) -> Vec<DeadLetter> {
        self.dead.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn bury(&self, letter: DeadLetter) {
        tracing::error!(operation = %letter.operation, request_id = %letter.request_id, error = %letter.error, "an asynchronous invocation was given up");
        let mut dead = self.dead.lock().unwrap_or_else(PoisonError::into_inner);
        if dead.len() == MOST_DEAD {
            dead.pop_front();
        }
        dead.push_back(letter);
    }
}

/// How the last run of a job ended.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outcome {
    /// What started it: `schedule`, `stream`, `async` or `event`.
    route: String,
    duration_ms: f64,
    /// The job's answer; `null` if it failed.
    result: Option<Value>,
    error: Option<String>,
    at: jiff::Timestamp,
}

/// The last outcome of each job.
#[derive(Default)]
pub(crate) struct Outcomes(Mutex<BTreeMap<String, Outcome>>);

impl Outcomes {
    /// Keeps how a run ended.
    pub(crate) fn keep(
        &self,
        operation: &str,
        route: &str,
        duration_ms: f64,
        result: &Result<Value, Failure>,
        at: jiff::Timestamp,
    ) {
        let outcome = Outcome {
            route: route.to_owned(),
            duration_ms: (duration_ms * 1000.0).round() / 1000.0,
            result: result.as_ref().ok().cloned(),
            error: result.as_ref().err().map(ToString::to_string),
            at,
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(operation.to_owned(), outcome);
    }

    /// All of them, by operation.
    pub(crate) fn all(&self) -> BTreeMap<String, Outcome> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Takes asynchronous invocations until the AWS side ends.
pub(crate) async fn deliver(core: Arc<Core>, mut invocations: UnboundedReceiver<AsyncInvoke>) {
    while let Some(invoke) = invocations.recv().await {
        core.deliveries.under_way.fetch_add(1, Ordering::AcqRel);
        let core = Arc::clone(&core);
        tokio::spawn(async move {
            let AsyncInvoke { function_name, payload, request_id } = invoke;
            if let Some(function) = core.template.function_named(&function_name) {
                let (operation, retries) = (function.operation.as_str(), function.async_retries);
                // A failure for good has been logged and kept as a dead letter.
                let _ = attempt(&core, operation, "async", payload, &request_id, retries).await;
            } else {
                tracing::error!(%function_name, "an asynchronous invocation of an unknown function");
            }
            core.deliveries.under_way.fetch_sub(1, Ordering::AcqRel);
        });
    }
}

/// Invokes until it succeeds or `retries` more attempts have failed; all attempts have the same request id.
async fn attempt(
    core: &Core,
    operation: &str,
    route: &str,
    payload: Value,
    request_id: &str,
    retries: u32,
) -> Result<(), Failure> {
    let mut pauses = PAUSES.iter();
    let mut attempts = 0;
    loop {
        attempts += 1;
        let Err(failure) = core.run_job(operation, route, payload.clone(), request_id).await else {
            return Ok(());
        };
        let Some(pause) = pauses.next().filter(|_| attempts <= retries) else {
            core.deliveries.bury(DeadLetter {
                operation: operation.to_owned(),
                request_id: request_id.to_owned(),
                payload,
                attempts,
                error: failure.to_string(),
                at: core.clock.now(),
            });
            return Err(failure);
        };
        tokio::time::sleep(*pause).await;
    }
}

/// Why a job was not fired by hand.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FireError {
    /// There is no schedule for it.
    #[error("no schedule fires {operation}; there are {known}")]
    Unknown {
        /// What was asked for.
        operation: String,
        /// What there is.
        known: String,
    },
    /// It ran and failed.
    #[error("{0}")]
    Failed(#[from] Failure),
}

/// Fires the schedule of `operation` now, once, and answers what the function answers.
///
/// `event` stands in for the schedule's own; it gets the moved `time` if it has none.
pub(crate) async fn fire(core: &Core, operation: &str, event: Option<Map<String, Value>>) -> Result<Value, FireError> {
    let schedules = &core.template.schedules;
    let schedule =
        schedules.iter().find(|schedule| schedule.operation == operation).ok_or_else(|| FireError::Unknown {
            operation: operation.to_owned(),
            known: schedules.iter().map(|schedule| schedule.operation.as_str()).collect::<Vec<_>>().join(", "),
        })?;
    let event = match event {
        Some(mut event) => {
            event.entry("time").or_insert_with(|| json!(whole_seconds(core)));
            Value::Object(event)
        }
        None => bus_event(core, "Scheduled Event", "aws.events", &schedule.arn, json!({})),
    };
    Ok(core.run_job(operation, "schedule", event, &new_id()).await?)
}

/// Fires what runs when the stacks have reached `status`, such as `CREATE_COMPLETE`, and waits for it.
pub(crate) async fn stack_reached(core: &Core, status: &str) -> Result<(), Failure> {
    for stack in &core.template.stacks {
        let detail = json!({
            "stack-id": stack.id,
            "status-details": {"status": status, "status-reason": ""},
            "client-request-token": new_id(),
        });
        let event = bus_event(core, "CloudFormation Stack Status Change", "aws.cloudformation", &stack.id, detail);
        for rule in core.template.event_rules.iter().filter(|rule| rule.pattern.matches(&event)) {
            let retries = core.template.functions.get(&rule.operation).map_or(2, |function| function.async_retries);
            attempt(core, &rule.operation, "event", event.clone(), &new_id(), retries).await?;
        }
    }
    Ok(())
}

fn bus_event(core: &Core, kind: &str, source: &str, resource: &str, detail: Value) -> Value {
    json!({
        "version": "0",
        "id": new_id(),
        "detail-type": kind,
        "source": source,
        "account": ACCOUNT,
        "time": whole_seconds(core),
        "region": REGION,
        "resources": [resource],
        "detail": detail,
    })
}

/// The moved time as EventBridge gives it.
fn whole_seconds(core: &Core) -> String {
    jiff::Timestamp::from_second(core.clock.now().as_second()).unwrap_or_default().to_string()
}

/// A random id, as Lambda and EventBridge give them.
pub(crate) fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

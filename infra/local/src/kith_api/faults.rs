//! `POST /_kith/faults`: lets the next calls or invocations of a function go wrong.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Shared, answer, elsewhere, problem, read};
use crate::aws::Fault;
use crate::instances::Crash;

/// A fault of the sandbox; all others are those of [`Fault`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CrashFault {
    operation: String,
    kind: CrashKind,
    #[serde(default = "once")]
    times: u32,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CrashKind {
    CrashBefore,
    CrashAfter,
}

fn once() -> u32 {
    1
}

pub(super) async fn inject(State(core): Shared, body: Bytes) -> Response {
    let value: Value = match read(&body) {
        Ok(value) => value,
        Err(unreadable) => return unreadable.into_response(),
    };
    let refuse = |detail: String| problem(StatusCode::UNPROCESSABLE_ENTITY, &detail);
    let is_crash = value.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.starts_with("crash"));
    if is_crash {
        let fault: CrashFault = match serde_json::from_value(value) {
            Ok(fault) => fault,
            Err(error) => return refuse(error.to_string()),
        };
        let crash = match fault.kind {
            CrashKind::CrashBefore => Crash::Before,
            CrashKind::CrashAfter => Crash::After,
        };
        if !core.pools.inject(&fault.operation, crash, fault.times) {
            return refuse(format!("there is no function {}", fault.operation));
        }
    } else if core.table.is_elsewhere() {
        return elsewhere("faults of the database cannot be injected");
    } else {
        let fault: Fault = match serde_json::from_value(value) {
            Ok(fault) => fault,
            Err(error) => return refuse(error.to_string()),
        };
        if fault.operation != "*" && !core.template.functions.contains_key(&fault.operation) {
            return refuse(format!("there is no function {}", fault.operation));
        }
        core.aws.inject(fault);
    }
    answer(&json!({"injected": true}))
}

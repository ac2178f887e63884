//! `/_kith/jobs`: schedules to fire by hand, what is at work, what was given up.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Shared, answer, problem, read};
use crate::jobs::{self, FireError};
use crate::settle;
use crate::template::ScheduleSpec;

pub(super) async fn list(State(core): Shared) -> Response {
    let mut outcomes = core.outcomes.all();
    let schedule = |schedule: &ScheduleSpec| {
        let last = outcomes.remove(&schedule.operation);
        json!({"operation": schedule.operation, "expression": schedule.expression, "last": last})
    };
    let schedules: Vec<Value> = core.template.schedules.iter().map(schedule).collect();
    let others = outcomes.into_iter().map(|(operation, last)| json!({"operation": operation, "last": last}));
    answer(&json!({
        "schedules": schedules,
        "others": others.collect::<Vec<_>>(),
        "under_way": core.deliveries.under_way(),
        "busy": settle::busy(&core).await,
        "outbox": settle::tasks(&core).await.unwrap_or_else(|error| vec![error]),
        "dead_letters": core.deliveries.dead_letters(),
    }))
}

/// Fires a schedule. An object in the body is the event in place of the schedule's own.
pub(super) async fn fire(State(core): Shared, Path(operation): Path<String>, body: Bytes) -> Response {
    let event: Option<Map<String, Value>> = match if body.is_empty() { Ok(None) } else { read(&body) } {
        Ok(event) => event,
        Err(unreadable) => return unreadable.into_response(),
    };
    // Nothing in it says nothing about the event.
    let event = event.filter(|event| !event.is_empty());
    match jobs::fire(&core, &operation, event).await {
        Ok(result) => match result.get("refused").and_then(Value::as_str) {
            // The job has done nothing, and says what is wrong with the event.
            Some(why) => problem(StatusCode::UNPROCESSABLE_ENTITY, why),
            None => answer(&result),
        },
        Err(error @ FireError::Unknown { .. }) => problem(StatusCode::NOT_FOUND, &error.to_string()),
        Err(error @ FireError::Failed(_)) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

//! `/_kith/clock`: reads and moves the clock.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{Shared, answer, problem, read};
use crate::clock::{Clock, parse_span};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    advance: Option<String>,
    set: Option<String>,
}

pub(super) async fn show(State(core): Shared) -> Response {
    answer(&shown(&core.clock))
}

fn shown(clock: &Clock) -> serde_json::Value {
    json!({"now": clock.now().to_string(), "offset_seconds": clock.offset().as_secs()})
}

pub(super) async fn change(State(core): Shared, body: Bytes) -> Response {
    let change: Change = match read(&body) {
        Ok(change) => change,
        Err(unreadable) => return unreadable.into_response(),
    };
    let refuse = |detail: &str| problem(StatusCode::UNPROCESSABLE_ENTITY, detail);
    match (change.advance, change.set) {
        (Some(advance), None) => match parse_span(&advance) {
            Ok(by) => core.clock.advance(by),
            Err(error) => return refuse(&error.to_string()),
        },
        (None, Some(set)) => match set.parse() {
            Ok(to) => core.clock.set(to),
            Err(_) => return refuse(&format!("`{set}` is no time: write 2027-01-31T20:00:00Z")),
        },
        _ => return refuse("give either {\"advance\": \"7d\"} or {\"set\": \"2027-01-31T20:00:00Z\"}"),
    }
    match core.state.keep_clock_offset(core.clock.offset()) {
        Ok(()) => answer(&shown(&core.clock)),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &format!("the offset cannot be kept: {error}")),
    }
}

//! The movable clock.

use crate::connection::Connection;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::OwnedRwLockWriteGuard;

/// The hand on the clock: as long as a test has it, no other test runs.
///
/// It only moves forward and never back: whatever ended stays ended.
#[derive(Debug)]
pub struct ClockHand {
    to: Arc<Connection>,
    _alone: Option<OwnedRwLockWriteGuard<()>>,
}

impl ClockHand {
    pub(crate) fn new(to: Arc<Connection>, alone: Option<OwnedRwLockWriteGuard<()>>) -> Self {
        Self { to, _alone: alone }
    }

    /// Moves the clock by a length of time such as `90s`, `25h` or `7d`; answers the new time.
    pub async fn advance(&mut self, by: &str) -> Timestamp {
        time_in(&self.to.helper(Method::POST, "/_kith/clock", Some(json!({"advance": by}))).await)
    }

    /// Moves the clock to a time that is yet to come; answers the new time, a moment later.
    pub async fn set(&mut self, to: Timestamp) -> Timestamp {
        let now = self.now().await;
        assert!(to > now, "{to} is over: it is {now}");
        time_in(&self.to.helper(Method::POST, "/_kith/clock", Some(json!({"set": to.to_string()}))).await)
    }

    /// What the clock shows.
    pub async fn now(&self) -> Timestamp {
        now(&self.to).await
    }
}

pub(crate) async fn now(to: &Connection) -> Timestamp {
    time_in(&to.helper(Method::GET, "/_kith/clock", None).await)
}

fn time_in(shown: &Value) -> Timestamp {
    let time = shown.get("now").and_then(Value::as_str).and_then(|text| text.parse().ok());
    time.unwrap_or_else(|| panic!("the clock shows no time: {shown}"))
}

//! What is planned with somebody, as it is shown.

use kith_domain::{FollowUp, MeetingPoint, Occasion, RemindBefore, TimeZoneName};
use kith_http::Time;
use serde::Serialize;
use utoipa::ToSchema;

/// What is planned with somebody.
#[derive(Debug, Serialize, ToSchema)]
pub struct FollowUpView {
    /// When it is.
    at: Time,
    /// The same moment as clocks in the time zone show it.
    #[schema(examples("2026-12-01T15:00:00+01:00"))]
    local_at: String,
    /// Your time zone when you planned it.
    time_zone: TimeZoneName,
    what: Occasion,
    place: Option<MeetingPoint>,
    /// How many minutes before it you wanted to be reminded; null for the day before and that morning.
    remind_before: Option<RemindBefore>,
    /// When the next reminder comes, within five minutes; null when none is to come.
    remind_at: Option<Time>,
    /// When you were reminded last; null until then.
    reminded_at: Option<Time>,
}

impl From<FollowUp> for FollowUpView {
    fn from(follow_up: FollowUp) -> Self {
        Self {
            at: follow_up.at.into(),
            local_at: follow_up.local().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            time_zone: follow_up.time_zone,
            what: follow_up.what,
            place: follow_up.place,
            remind_before: follow_up.remind_before,
            remind_at: follow_up.remind_at.map(Into::into),
            reminded_at: follow_up.reminded_at.map(Into::into),
        }
    }
}

//! Reminders: when somebody is told of what they have planned.

use crate::{Due, FollowUp};
use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest time before a meeting at which somebody can be reminded of it.
pub const EARLIEST_REMINDER: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How many reminder mails an account gets in a day. The last one also tells of the rest of the day.
pub const REMINDER_MAILS_A_DAY: i64 = 50;

/// How long after its time something planned is over: it may have begun late, and a reminder comes minutes late.
const OVER_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// When a reminder comes on the day itself, if it need not come sooner.
const MORNING: Time = Time::constant(8, 0, 0, 0);
/// How long before a meeting the reminder of its day comes at the latest.
const ON_THE_WAY: SignedDuration = SignedDuration::from_hours(1);

/// How long before a meeting one is reminded: 0 to 10,080 minutes, which are seven days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = u32, minimum = 0, maximum = 10080, examples(90))]
pub struct RemindBefore(u32);

impl<'de> Deserialize<'de> for RemindBefore {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Minutes;
        impl serde::de::Visitor<'_> for Minutes {
            type Value = RemindBefore;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a whole number of minutes from 0 to 10080")
            }

            fn visit_u64<E: serde::de::Error>(self, minutes: u64) -> Result<RemindBefore, E> {
                let minutes = u32::try_from(minutes).ok().filter(|minutes| *minutes <= 7 * 24 * 60);
                let wrong = || E::custom("must be a whole number of minutes from 0 to 10080");
                minutes.map(RemindBefore).ok_or_else(wrong)
            }

            fn visit_i64<E: serde::de::Error>(self, minutes: i64) -> Result<RemindBefore, E> {
                self.visit_u64(u64::try_from(minutes).unwrap_or(u64::MAX))
            }
        }
        from.deserialize_u32(Minutes)
    }
}

/// A reminder that is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// Of what.
    pub due: Due,
    /// When it leaves.
    pub time: Timestamp,
    /// When the next one of the same follow-up leaves.
    pub next: Option<Timestamp>,
}

impl Reminder {
    /// Whether what it reminds of is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.due.at + OVER_AFTER < now
    }
}

impl FollowUp {
    /// Whether it is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.at + OVER_AFTER < now
    }

    /// The next reminder later than `then`.
    pub fn reminder_after(&self, then: Timestamp) -> Option<Timestamp> {
        let times = match self.remind_before {
            Some(RemindBefore(minutes)) => [Some(self.at - SignedDuration::from_mins(minutes.into())), None],
            None => [self.day_before(), Some(self.that_morning())],
        };
        times.into_iter().flatten().filter(|time| *time > then).min()
    }

    /// The first reminder of a plan made at `now`: an hour before where the morning is over, and at once where that is
    /// over, too, or the time that its owner has named.
    pub(crate) fn first_reminder(&self, now: Timestamp) -> Timestamp {
        let on_the_way = self.at - ON_THE_WAY;
        let is_ahead = self.remind_before.is_none() && on_the_way > now;
        self.reminder_after(now).unwrap_or(if is_ahead { on_the_way } else { now })
    }

    /// The day before, when clocks show the same.
    fn day_before(&self) -> Option<Timestamp> {
        self.local().checked_sub(1.day()).ok().map(|zoned| zoned.timestamp())
    }

    /// At eight in the morning of that day, or an hour before where that is sooner.
    fn that_morning(&self) -> Timestamp {
        let morning = self.local().with().time(MORNING).build().ok().map(|zoned| zoned.timestamp());
        let on_the_way = self.at - ON_THE_WAY;
        morning.map_or(on_the_way, |morning| morning.min(on_the_way))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FollowUpPlan, KnownTimeZone, Moment};

    fn planned(at: &str, before: Option<u32>, zone: &str, now: &str) -> FollowUp {
        let remind_before = before.map(RemindBefore);
        let plan = FollowUpPlan { at: Moment::parse(at).unwrap(), what: None, place: None, remind_before };
        FollowUp::new(&plan, KnownTimeZone::parse(zone).unwrap().name(), now.parse().unwrap()).unwrap()
    }

    /// All reminders of a plan made at `now`.
    fn reminders(at: &str, before: Option<u32>, zone: &str, now: &str) -> Vec<String> {
        let follow_up = planned(at, before, zone, now);
        let all = std::iter::successors(follow_up.remind_at, |time| follow_up.reminder_after(*time));
        all.map(|time| time.to_string()).collect()
    }

    #[test]
    fn h32_a_reminder_comes_in_time_to_go_there() {
        let berlin = |at: &str, before: Option<u32>, now: &str| reminders(at, before, "Europe/Berlin", now);
        for (at, before, now, times) in [
            ("2026-12-05T15:00", None, "2026-12-01T00:00Z", &["2026-12-04T14:00:00Z", "2026-12-05T07:00:00Z"][..]),
            // The day before is over.
            ("2026-12-05T15:00", None, "2026-12-04T14:00Z", &["2026-12-05T07:00:00Z"]),
            // So is the morning: an hour before; and so is that: at once.
            ("2026-12-05T15:00", None, "2026-12-05T07:00Z", &["2026-12-05T13:00:00Z"]),
            ("2026-12-05T15:00", None, "2026-12-05T13:00Z", &["2026-12-05T13:00:00Z"]),
            ("2026-12-05T15:00", None, "2026-12-05T13:59:30Z", &["2026-12-05T13:59:30Z"]),
            // Early, and for a whole day.
            ("2026-12-05T06:00", None, "2026-12-01T00:00Z", &["2026-12-04T05:00:00Z", "2026-12-05T04:00:00Z"]),
            ("2026-12-05", None, "2026-12-01T00:00Z", &["2026-12-04T08:00:00Z", "2026-12-05T07:00:00Z"]),
            ("2026-12-05T15:00", Some(0), "2026-12-01T00:00Z", &["2026-12-05T14:00:00Z"]),
            ("2026-12-05T15:00", Some(90), "2026-12-01T00:00Z", &["2026-12-05T12:30:00Z"]),
            ("2026-12-09T15:00", Some(10_080), "2026-12-01T00:00Z", &["2026-12-02T14:00:00Z"]),
            ("2026-12-05T15:00", Some(10_080), "2026-12-01T00:00Z", &["2026-12-01T00:00:00Z"]),
            // Before and after nights when clocks change, the day before is when they show the same, and eight is eight.
            ("2027-03-28T15:00", None, "2027-03-01T00:00Z", &["2027-03-27T14:00:00Z", "2027-03-28T06:00:00Z"]),
            ("2026-10-25T15:00", None, "2026-10-01T00:00Z", &["2026-10-24T13:00:00Z", "2026-10-25T07:00:00Z"]),
            // Skipped the day before: as much later. On the second of two halves past two: an hour before is the first.
            ("2027-03-29T02:30", None, "2027-03-01T00:00Z", &["2027-03-28T01:30:00Z", "2027-03-28T23:30:00Z"]),
            ("2026-10-25T01:30Z", None, "2026-10-01T00:00Z", &["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z"]),
        ] {
            assert_eq!(berlin(at, before, now), times, "{at} {before:?} {now}");
        }
    }

    #[test]
    fn h32_the_morning_is_that_of_whoever_planned_it() {
        for (zone, morning) in [
            ("Pacific/Kiritimati", "2026-12-04T18:00:00Z"),
            ("Asia/Kathmandu", "2026-12-05T02:15:00Z"),
            ("America/St_Johns", "2026-12-05T11:30:00Z"),
            ("Pacific/Pago_Pago", "2026-12-05T19:00:00Z"),
        ] {
            let all = reminders("2026-12-05T15:00", None, zone, "2026-12-01T00:00Z");
            assert_eq!((all.len(), all[1].as_str()), (2, morning), "{zone}");
        }
    }

    #[test]
    fn h32_it_may_come_up_to_seven_days_before() {
        let read = |minutes: &str| serde_json::from_str::<RemindBefore>(minutes);
        assert!(read("0").is_ok() && read("10080").is_ok());
        for bad in ["10081", "-1", "1.5", "\"90\"", "true"] {
            let error = read(bad).unwrap_err().to_string();
            assert!(error.contains("a whole number of minutes from 0 to 10080"), "{bad}: {error}");
        }
    }

    #[test]
    fn s07_whoever_has_been_told_of_a_time_is_not_told_again_when_they_plan_it_again() {
        let (at, now) = ("2026-12-05T15:00", "2026-12-01T00:00Z");
        let told_at: Timestamp = "2026-12-05T07:01Z".parse().unwrap();
        let mut told = planned(at, None, "Europe/Berlin", now);
        (told.remind_at, told.reminded_at) = (None, Some(told_at));
        let later: Timestamp = "2026-12-05T10:00Z".parse().unwrap();
        let again = |at: &str, before: Option<u32>, zone: &str| {
            let again = planned(at, before, zone, "2026-12-05T10:00Z").instead_of(Some(&told), later);
            (again.remind_at.map(|time| time.to_string()), again.reminded_at)
        };
        assert_eq!(again(at, None, "Europe/Berlin"), (None, Some(told_at)));
        assert_eq!(again("2026-12-05T14:00Z", None, "Europe/London"), (None, Some(told_at)));
        assert_eq!(again(at, Some(10_080), "Europe/Berlin"), (None, Some(told_at)));
        // What is asked for besides comes, and another time is another plan.
        let besides = Some("2026-12-05T13:30:00Z".to_owned());
        assert_eq!(again(at, Some(30), "Europe/Berlin"), (besides, Some(told_at)));
        let another = Some("2026-12-05T14:00:00Z".to_owned());
        assert_eq!(again("2026-12-05T16:00", None, "Europe/Berlin"), (another, None));
    }
}

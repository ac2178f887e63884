//! Follow-ups: a meeting that somebody plans with a person whose card they keep, and of which they are reminded.

use crate::given::given;
use crate::text::{Invalid, one_line, parsed_text, shown_text, tidy};
use crate::{ContactId, RemindBefore, TimeZoneName, UserId};
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::serde::timestamp::millisecond;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is planned where nobody says otherwise.
const USUAL: &str = "Coffee chat";
/// When a plan for a whole day is: at nine in the morning.
const MORNING: Time = Time::constant(9, 0, 0, 0);
/// When a day that one plans for is over.
const EVENING: Time = Time::constant(23, 59, 0, 0);

macro_rules! line {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
        #[schema(value_type = String, min_length = 1, max_length = 120)]
        pub struct $name(String);

        impl $name {
            /// Reads a line; white space around it is dropped.
            pub fn parse(written: &str) -> Result<Self, Invalid> {
                let text = tidy(written);
                if !(1..=120).contains(&text.chars().count()) {
                    return Err(Invalid("must be 1 to 120 characters long, on one line"));
                }
                one_line(&text)?;
                Ok(Self(text))
            }
        }

        parsed_text!($name, "a line of text");
        shown_text!($name);
    };
}

line!(
    /// What is planned: 1 to 120 Unicode scalars after NFC, one line.
    Occasion
);
line!(
    /// Where one meets: 1 to 120 Unicode scalars after NFC, one line.
    MeetingPoint
);

/// When a follow-up is, as its owner writes it: a date, or a date and a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, max_length = 40, examples("2026-12-01T15:00", "2026-12-01T14:00:00Z", "2026-12-01"))]
pub struct Moment(Written);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    /// With an offset: the same moment wherever one is.
    Exact(Timestamp),
    /// Without: what a clock on the owner's wall shows.
    Local(DateTime),
    /// Some time on this day.
    Day(Date),
}

impl Moment {
    /// Reads a date, or a date and a time, with an offset or `Z` or without.
    pub fn parse(written: &str) -> Result<Self, Invalid> {
        Self::read(written).map(Self).ok_or(Invalid("must be a date, or a date and a time such as 2026-12-01T15:00"))
    }

    fn read(written: &str) -> Option<Written> {
        let (date, time) = written.split_once('T').map_or((written, None), |(date, time)| (date, Some(time)));
        // The parsers of the parts take more spellings than the extended one of ISO 8601.
        is_like(date, "0000-00-00").then_some(())?;
        let date: Date = date.parse().ok()?;
        let Some(time) = time else { return Some(Written::Day(date)) };
        let (time, offset) = time.split_at(time.find(['Z', '+', '-']).unwrap_or(time.len()));
        let (minutes, fraction) = time.split_once('.').map_or((time, None), |(time, fraction)| (time, Some(fraction)));
        let is_time = is_like(minutes, "00:00:00") || (is_like(minutes, "00:00") && fraction.is_none());
        is_time.then_some(())?;
        let local = date.to_datetime(time.parse().ok()?);
        if offset.is_empty() {
            return Some(Written::Local(local));
        }
        (offset == "Z" || is_like(offset.get(1..)?, "00:00")).then_some(())?;
        written.parse().ok().map(Written::Exact)
    }
}

parsed_text!(Moment, "a date, or a date and a time such as 2026-12-01T15:00");

/// Whether `text` has digits where `pattern` has them, and otherwise the same bytes.
fn is_like(text: &str, pattern: &str) -> bool {
    let same = |(own, wanted): (u8, u8)| if wanted == b'0' { own.is_ascii_digit() } else { own == wanted };
    text.len() == pattern.len() && text.bytes().zip(pattern.bytes()).all(same)
}

/// The plan for a follow-up, as its owner sends it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUpPlan {
    /// When: a date and a time with `Z` or an offset, or without, as a clock in your time zone shows it; or a date
    /// alone, which means nine in the morning, and of today, where that is over, the end of the day. A time that a
    /// changing clock skips is taken as much later; of one that comes twice, the first is meant.
    pub at: Moment,
    /// What you plan; "Coffee chat" where you do not say.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub what: Option<Occasion>,
    /// Where.
    #[serde(default)]
    pub place: Option<MeetingPoint>,
    /// How many minutes before it you are reminded, once; without it you are reminded the day before, when clocks show
    /// the same, and again at eight that morning, or an hour before where that is sooner.
    #[serde(default)]
    pub remind_before: Option<RemindBefore>,
}

/// A meeting planned with somebody whose card one keeps. A card has one at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// When it is; whole milliseconds.
    #[serde(with = "millisecond::required")]
    pub at: Timestamp,
    /// The owner's time zone when it was planned: a coffee at three in Berlin stays there.
    pub time_zone: TimeZoneName,
    /// What is planned.
    pub what: Occasion,
    /// Where.
    pub place: Option<MeetingPoint>,
    /// How long before it the owner wants to be reminded; the day before and that morning, if they do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_before: Option<RemindBefore>,
    /// When the next reminder leaves; absent when none is to come.
    #[serde(default, with = "millisecond::optional", skip_serializing_if = "Option::is_none")]
    pub remind_at: Option<Timestamp>,
    /// When the newest reminder was left to be mailed.
    #[serde(default, with = "millisecond::optional", skip_serializing_if = "Option::is_none")]
    pub reminded_at: Option<Timestamp>,
}

impl FollowUp {
    /// Plans one for an owner who lives in `zone`. It must lie ahead of `now`.
    pub fn new(plan: &FollowUpPlan, zone: &TimeZoneName, now: Timestamp) -> Result<Self, Invalid> {
        let shown = |local: DateTime| local.to_zoned(zone.rules()).ok().map(|zoned| zoned.timestamp());
        let moment = match plan.at.0 {
            Written::Exact(at) => Some(at),
            Written::Local(local) => shown(local),
            // Of today there is only the rest left.
            Written::Day(day) => {
                shown(day.to_datetime(MORNING)).filter(|at| *at > now).or_else(|| shown(day.to_datetime(EVENING)))
            }
        };
        let moment = moment.and_then(|at| Timestamp::from_millisecond(at.as_millisecond()).ok());
        let at = moment.ok_or(Invalid("is too far away"))?;
        if at <= now {
            return Err(Invalid("must be in the future"));
        }
        let what = plan.what.clone().unwrap_or_else(|| Occasion(USUAL.to_owned()));
        let (place, remind_before) = (plan.place.clone(), plan.remind_before);
        let time_zone = zone.clone();
        let mut follow_up = Self { at, time_zone, what, place, remind_before, remind_at: None, reminded_at: None };
        follow_up.remind_at = Some(follow_up.first_reminder(now));
        Ok(follow_up)
    }

    /// This plan in the place of another one with the same person. For the same time nobody is told twice of the same.
    #[must_use]
    pub fn instead_of(mut self, before: Option<&Self>, now: Timestamp) -> Self {
        let Some(before) = before.filter(|before| before.at == self.at) else { return self };
        if before.remind_before == self.remind_before && before.time_zone == self.time_zone {
            self.remind_at = before.remind_at;
        } else if before.reminded_at.is_some() {
            self.remind_at = self.reminder_after(now);
        }
        self.reminded_at = before.reminded_at;
        self
    }

    /// What clock and calendar show there at that moment.
    pub fn local(&self) -> Zoned {
        self.at.to_zoned(self.time_zone.rules())
    }
}

/// Whose follow-up with whom is due when: what a reminder needs to find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// When it is planned.
    pub at: Timestamp,
    /// Whose.
    pub user: UserId,
    /// With whom.
    pub contact: ContactId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KnownTimeZone;
    use jiff::tz::TimeZone;
    use jiff::{SignedDuration, ToSpan as _};
    use proptest::prelude::*;

    /// Whole, half and quarter hours, both hemispheres, clocks that change by 30 minutes, at midnight, in Ramadan, and
    /// never.
    const ZONES: [&str; 30] = [
        "UTC",
        "Europe/Berlin",
        "Europe/London",
        "Europe/Dublin",
        "Europe/Lisbon",
        "Europe/Chisinau",
        "Atlantic/Azores",
        "America/New_York",
        "America/St_Johns",
        "America/Los_Angeles",
        "America/Santiago",
        "America/Havana",
        "America/Asuncion",
        "America/Nuuk",
        "America/Sao_Paulo",
        "Africa/Casablanca",
        "Africa/Cairo",
        "Asia/Beirut",
        "Asia/Jerusalem",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Asia/Tokyo",
        "Australia/Adelaide",
        "Australia/Lord_Howe",
        "Australia/Eucla",
        "Antarctica/Troll",
        "Pacific/Auckland",
        "Pacific/Chatham",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
    ];

    fn zone(name: &str) -> TimeZoneName {
        KnownTimeZone::parse(name).unwrap().name().clone()
    }

    fn planned(at: &str, zone_name: &str, now: &str) -> Result<FollowUp, Invalid> {
        let plan = FollowUpPlan { at: Moment::parse(at).unwrap(), what: None, place: None, remind_before: None };
        FollowUp::new(&plan, &zone(zone_name), now.parse().unwrap())
    }

    /// Every moment at which a clock of the zone shows `local`, looked for in steps of a quarter of an hour, of which all
    /// offsets are whole; and the moment at which it would have shown it, had it not been moved in the hours before.
    fn moments(tz: &TimeZone, local: DateTime) -> (Vec<Timestamp>, Timestamp) {
        let middle = TimeZone::UTC.to_timestamp(local).unwrap();
        let shown = (-16 * 4..=16 * 4)
            .map(|quarter: i64| middle + (15 * quarter).minutes())
            .filter(|moment| tz.to_datetime(*moment) == local)
            .collect();
        let before = tz.to_offset(tz.to_timestamp(local - 4.hours()).unwrap());
        (shown, before.to_timestamp(local).unwrap())
    }

    fn assert_planned_right(name: &str, local: DateTime) {
        let follow_up = planned(&local.to_string(), name, "2000-01-01T00:00Z").unwrap();
        let (shown, unmoved) = moments(&zone(name).rules(), local);
        if let Some(first) = shown.first() {
            assert_eq!(follow_up.at, *first, "{local} in {name}");
            assert_eq!(follow_up.local().datetime(), local, "{name}");
        } else {
            assert_eq!(follow_up.at, unmoved, "{local} in {name}");
            assert!(follow_up.local().datetime() > local, "{local} in {name} became {}", follow_up.local());
        }
    }

    #[test]
    fn a18_in_nights_when_clocks_change_every_time_is_planned_as_clocks_show_it() {
        let (mut nights, start) = (0, "2026-01-01T00:00Z".parse().unwrap());
        for name in ZONES {
            let tz = zone(name).rules();
            for change in tz.following(start).take_while(|change| tz.to_datetime(change.timestamp()).year() < 2028) {
                let around = tz.to_datetime(change.timestamp()).round(jiff::Unit::Hour).unwrap();
                for quarter in -12..=12 {
                    assert_planned_right(name, around + (15 * quarter).minutes());
                }
                nights += 1;
            }
        }
        assert!(nights > 60, "{nights} nights");
    }

    #[test]
    fn a18_a_skipped_time_is_taken_as_much_later_and_of_a_doubled_one_the_first() {
        for (at, name, moment, shown) in [
            ("2027-03-28T02:30", "Europe/Berlin", "2027-03-28T01:30:00Z", "2027-03-28T03:30:00"),
            ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T02:30:00"),
            ("2026-10-25T02:30+01:00", "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00"),
            ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:45:00Z", "2026-10-04T02:45:00"),
            ("2026-12-01T15:00", "Asia/Kathmandu", "2026-12-01T09:15:00Z", "2026-12-01T15:00:00"),
            ("2026-12-01", "America/St_Johns", "2026-12-01T12:30:00Z", "2026-12-01T09:00:00"),
        ] {
            let follow_up = planned(at, name, "2026-01-01T00:00Z").unwrap();
            assert_eq!(follow_up.at.to_string(), moment, "{at} in {name}");
            assert_eq!(follow_up.local().datetime().to_string(), shown, "{at} in {name}");
        }
    }

    #[test]
    fn what_is_over_or_just_now_cannot_be_planned() {
        for (at, now) in [
            ("2026-12-01T15:00Z", "2026-12-01T15:00Z"),
            ("2026-12-01T15:00", "2026-12-01T14:00:00.001Z"),
            ("2026-12-01T15:00:00.0009Z", "2026-12-01T15:00Z"),
            ("1815-12-10", "2026-12-01T15:00Z"),
        ] {
            assert_eq!(planned(at, "Europe/Berlin", now), Err(Invalid("must be in the future")), "{at}");
        }
        assert!(planned("2026-12-01T15:00:00.001Z", "Europe/Berlin", "2026-12-01T15:00Z").is_ok());
    }

    #[test]
    fn h16_today_can_be_planned_until_its_end() {
        for (now, at) in [
            ("2026-12-01T07:59:59Z", "2026-12-01T08:00:00Z"),
            ("2026-12-01T08:00:00Z", "2026-12-01T22:59:00Z"),
            ("2026-12-01T22:58:59Z", "2026-12-01T22:59:00Z"),
        ] {
            assert_eq!(planned("2026-12-01", "Europe/Berlin", now).unwrap().at.to_string(), at, "{now}");
        }
        assert!(planned("2026-12-01", "Europe/Berlin", "2026-12-01T22:59:00Z").is_err());
        assert!(planned("2026-11-30", "Europe/Berlin", "2026-12-01T08:00:00Z").is_err());
        // Where the day is another one than in UTC.
        assert!(planned("2026-12-01", "Pacific/Pago_Pago", "2026-12-02T10:00:00Z").is_ok());
        assert!(planned("2026-12-01", "Pacific/Kiritimati", "2026-12-01T10:00:00Z").is_err());
    }

    #[test]
    fn a_plan_at_the_end_of_calendars_is_refused_or_kept() {
        for name in ZONES {
            for at in ["9999-12-31T23:59", "9999-12-31", "9999-12-30T00:00"] {
                if let Ok(follow_up) = planned(at, name, "2026-01-01T00:00Z") {
                    assert!(follow_up.local().year() == 9999);
                }
            }
        }
    }

    #[test]
    fn times_are_read_in_one_spelling() {
        for good in [
            "2026-12-01",
            "2026-12-01T15:00",
            "2026-12-01T15:00:30",
            "2026-12-01T15:00:30.5",
            "2026-12-01T15:00Z",
            "2026-12-01T15:00:30.25Z",
            "2026-12-01T15:00-03:30",
            "2028-02-29",
        ] {
            assert!(Moment::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "x",
            "2026",
            "2026-12",
            "20261201",
            "2026-13-01",
            "2027-02-29",
            "2026-12-01T",
            "2026-12-01 15:00",
            "2026-12-01t15:00",
            "2026-12-01T15",
            "2026-12-01T1500",
            "2026-12-01T15:00.5",
            "2026-12-01T24:00",
            "2026-12-01T15:60",
            "2026-12-01T15:00z",
            "2026-12-01T15:00+01",
            "2026-12-01T15:00Z[Europe/Berlin]",
            "2026-12-01T15:00[Europe/Berlin]",
            "2026-12-01T15:00+01:00Z",
            "+002026-12-01",
            " 2026-12-01",
        ] {
            assert!(Moment::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_follow_up_reads_back_from_what_is_stored() {
        let mut follow_up = planned("2026-12-01T15:00", "Europe/Berlin", "2026-11-01T00:00Z").unwrap();
        assert_eq!((follow_up.what.as_str(), &follow_up.place), ("Coffee chat", &None));
        for reminded_at in [None, Some(follow_up.at + SignedDuration::from_mins(1))] {
            follow_up.reminded_at = reminded_at;
            let stored = serde_json::to_string(&follow_up).unwrap();
            assert_eq!(serde_json::from_str::<FollowUp>(&stored).unwrap(), follow_up);
            // A condition of the table asks whether it is there.
            assert_eq!(stored.contains("reminded_at"), reminded_at.is_some());
        }
    }

    #[test]
    fn lines_have_1_to_120_characters() {
        assert!(Occasion::parse(&"é".repeat(120)).is_ok());
        for bad in [String::new(), "  ".to_owned(), "é".repeat(121), "two\nlines".to_owned()] {
            assert!(Occasion::parse(&bad).is_err() && MeetingPoint::parse(&bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a18_any_time_in_any_zone_is_planned_as_clocks_show_it(
            place in 0..ZONES.len(), day in 0i64..10_000, minute in 0i64..1440,
        ) {
            let day = jiff::civil::date(2026, 1, 1) + day.days();
            assert_planned_right(ZONES[place], day.at(0, 0, 0, 0) + minute.minutes());
        }

        #[test]
        fn a18_an_exact_time_is_planned_as_it_is(place in 0..ZONES.len(), second in 1_800_000_000i64..4_000_000_000) {
            let at = Timestamp::from_second(second).unwrap();
            let follow_up = planned(&at.to_string(), ZONES[place], "2026-01-01T00:00Z").unwrap();
            prop_assert_eq!(follow_up.at, at);
            prop_assert_eq!(follow_up.local().timestamp(), at);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "[0-9TZ:+.é -]{0,40}") {
            let _ = Moment::parse(&text);
        }
    }
}

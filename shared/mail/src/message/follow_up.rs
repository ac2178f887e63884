//! The reminder of what somebody has planned.

use crate::{MailError, Message};
use askama::Template;
use jiff::Zoned;
use jiff::civil::Weekday;
use kith_domain::{Email, FollowUp, MeetingPoint};

/// As much of what is planned as fits into a subject on a phone.
const SHOWN: usize = 34;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Message {
    /// "It is time": reminds `to` of what they have planned with `with`, at the time that clocks show where it was
    /// planned. The subject tells what, not with whom: it shows on locked phones.
    pub fn follow_up(to: &Email, with: &str, follow_up: &FollowUp) -> Result<Self, MailError> {
        let what = follow_up.what.as_str();
        let subject = &format!("Kith reminder: {}", shortened(what));
        let local = follow_up.local();
        let (when, zone) = (&in_words(&local), &format!("{}, UTC{}", follow_up.time_zone, offset(&local)));
        let place = follow_up.place.as_ref().map(MeetingPoint::as_str);
        let facts = Facts { what, with, when, zone, place };
        Self::rendered(to, subject, &FollowUpText { facts }, &FollowUpHtml { subject, facts })
    }
}

/// Such as `Tuesday, 1 December 2026, 15:00`. By hand: with the library's formatter the function that mails it
/// outgrows its budget.
fn in_words(local: &Zoned) -> String {
    let weekday = match local.weekday() {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    };
    let month = usize::try_from(local.month() - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"");
    let (day, year, hour, minute) = (local.day(), local.year(), local.hour(), local.minute());
    format!("{weekday}, {day} {month} {year}, {hour:02}:{minute:02}")
}

/// Such as `+01:00`.
fn offset(local: &Zoned) -> String {
    let seconds = local.offset().seconds();
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The beginning of a text, with an ellipsis where there is more.
fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(SHOWN - 1).collect();
    format!("{}…", beginning.trim_end())
}

/// What there is to know.
#[derive(Clone, Copy)]
struct Facts<'a> {
    what: &'a str,
    with: &'a str,
    when: &'a str,
    zone: &'a str,
    place: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "follow_up.txt")]
struct FollowUpText<'a> {
    facts: Facts<'a>,
}

#[derive(Template)]
#[template(path = "follow_up.html")]
struct FollowUpHtml<'a> {
    subject: &'a str,
    facts: Facts<'a>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use kith_domain::{FollowUpPlan, KnownTimeZone, Moment, Occasion};

    #[test]
    fn a_long_plan_is_cut_in_the_subject_between_characters() {
        assert_eq!(shortened("Coffee chat"), "Coffee chat");
        assert_eq!(shortened(&"é".repeat(34)), "é".repeat(34));
        assert_eq!(shortened(&"é".repeat(35)), format!("{}…", "é".repeat(33)));
        assert_eq!(shortened(&format!("{} and so on", "a".repeat(32))), format!("{}…", "a".repeat(32)));
    }

    #[test]
    fn every_day_and_month_has_its_name() {
        let mut local = jiff::civil::date(2026, 1, 1).at(9, 5, 0, 0).in_tz("America/St_Johns").unwrap();
        for _ in 0..400 {
            assert_eq!(in_words(&local), local.strftime("%A, %-d %B %Y, %H:%M").to_string());
            assert_eq!(offset(&local), local.strftime("%:z").to_string());
            local = local.tomorrow().unwrap();
        }
    }

    #[test]
    fn a18_the_time_is_the_one_that_clocks_show_where_it_was_planned() {
        for (at, zone, when, shown_zone) in [
            ("2026-12-01T15:00", "Europe/Berlin", "Tuesday, 1 December 2026, 15:00", "Europe/Berlin, UTC+01:00"),
            ("2026-12-01T15:00", "Asia/Kathmandu", "Tuesday, 1 December 2026, 15:00", "Asia/Kathmandu, UTC+05:45"),
            ("2026-12-01T02:00Z", "America/New_York", "Monday, 30 November 2026, 21:00", "America/New_York, UTC-05:00"),
            // The second half past two of this night.
            ("2026-10-25T01:30Z", "Europe/Berlin", "Sunday, 25 October 2026, 02:30", "Europe/Berlin, UTC+01:00"),
        ] {
            let what = Occasion::parse("Tea").ok();
            let plan = FollowUpPlan { at: Moment::parse(at).unwrap(), what, place: None };
            let zone = KnownTimeZone::parse(zone).unwrap().name().clone();
            let follow_up = FollowUp::new(&plan, &zone, jiff::Timestamp::UNIX_EPOCH).unwrap();
            let mail = Message::follow_up(&Email::parse("ada@example.org").unwrap(), "Grace", &follow_up).unwrap();
            for part in [&mail.text, &mail.html] {
                assert!(part.contains(when) && part.contains(shown_zone), "{part}");
                assert!(!part.contains("Where"), "{part}");
            }
            assert_eq!(mail.subject, "Kith reminder: Tea");
        }
    }
}

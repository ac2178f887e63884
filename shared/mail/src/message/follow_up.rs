//! The reminder of what somebody has planned.

use crate::{MailError, Message};
use askama::Template;
use jiff::civil::Weekday;
use jiff::{Timestamp, Zoned};
use kith_domain::{Email, FollowUp, Planned};

/// As much of a name as fits into a subject on a phone, and beside word of others.
const SHOWN: usize = 34;
const SHOWN_OF_MORE: usize = 22;

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

/// How many meetings a mail tells everything about; of the others it says with whom and when.
const TOLD: usize = 20;

/// How a reminder tells of what is planned.
#[derive(Debug, Clone, Copy)]
pub struct Telling {
    /// How many there are beside those that it names.
    pub more: usize,
    /// Whether it is the last one of the day, which has the rest of the day in it.
    pub is_last: bool,
    /// When it leaves.
    pub now: Timestamp,
    /// Whether it says with whom, how to reach them, and what one bonded over: mails show on locked phones.
    pub with_details: bool,
}

impl Message {
    /// Reminds `to` of what they have planned, at the times that clocks show where it was planned. The first is in the
    /// subject.
    pub fn follow_ups(to: &Email, planned: &[(Planned, FollowUp)], telling: &Telling) -> Result<Self, MailError> {
        let all: Vec<Meeting> = planned.iter().map(|(card, plan)| Meeting::of(card, plan, telling)).collect();
        let others = (all.len() + telling.more).saturating_sub(1);
        let first = all.first().map_or("", Meeting::title);
        let subject = &match others {
            0 => format!("Kith reminder: {}", shortened(first, SHOWN)),
            others => format!("Kith reminder: {} and {others} more", shortened(first, SHOWN_OF_MORE)),
        };
        let (meetings, brief) = all.split_at(all.len().min(TOLD));
        let facts = Facts { meetings, brief, more: telling.more, is_last: telling.is_last };
        Self::rendered(to, subject, &FollowUpText { facts }, &FollowUpHtml { subject, facts })
    }
}

/// What there is to know of one.
struct Meeting {
    what: String,
    with: Option<String>,
    when: String,
    zone: String,
    is_over: bool,
    place: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    elsewhere: Option<String>,
    spark: Option<String>,
}

impl Meeting {
    fn of(card: &Planned, plan: &FollowUp, telling: &Telling) -> Self {
        let local = plan.local();
        let detail = |fact: Option<String>| fact.filter(|_| telling.with_details);
        Self {
            what: plan.what.as_str().to_owned(),
            with: detail(Some(card.title())),
            when: in_words(&local),
            zone: format!("{}, UTC{}", plan.time_zone, offset(&local)),
            is_over: plan.is_over(telling.now),
            place: plan.place.as_ref().map(|place| place.as_str().to_owned()),
            phone: detail(card.phone.clone()),
            email: detail(card.email.clone()),
            elsewhere: detail(card.social_media.clone()),
            spark: detail(card.spark()),
        }
    }

    /// With whom, or else what.
    fn title(&self) -> &str {
        self.with.as_deref().unwrap_or(&self.what)
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
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(most - 1).collect();
    format!("{}…", beginning.trim_end())
}

/// What a mail says.
#[derive(Clone, Copy)]
struct Facts<'a> {
    meetings: &'a [Meeting],
    brief: &'a [Meeting],
    more: usize,
    is_last: bool,
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
        assert_eq!(shortened("Coffee chat", SHOWN), "Coffee chat");
        assert_eq!(shortened(&"é".repeat(34), SHOWN), "é".repeat(34));
        assert_eq!(shortened(&"é".repeat(35), SHOWN), format!("{}…", "é".repeat(33)));
        assert_eq!(shortened(&format!("{} and so on", "a".repeat(32)), SHOWN), format!("{}…", "a".repeat(32)));
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
            let plan = FollowUpPlan { at: Moment::parse(at).unwrap(), what, place: None, remind_before: None };
            let zone = KnownTimeZone::parse(zone).unwrap().name().clone();
            let follow_up = FollowUp::new(&plan, &zone, jiff::Timestamp::UNIX_EPOCH).unwrap();
            let card: Planned = serde_json::from_str(r#"{"first_name": "Grace"}"#).unwrap();
            let to = Email::parse("ada@example.org").unwrap();
            let telling = Telling { more: 0, is_last: false, now: jiff::Timestamp::UNIX_EPOCH, with_details: true };
            let mail = Message::follow_ups(&to, &[(card, follow_up)], &telling).unwrap();
            for part in [&mail.text, &mail.html] {
                assert!(part.contains(when) && part.contains(shown_zone), "{part}");
                assert!(!part.contains("Where"), "{part}");
            }
            assert_eq!(mail.subject, "Kith reminder: Grace");
        }
    }
}

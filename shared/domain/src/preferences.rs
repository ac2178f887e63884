//! What people want to receive, and in which time zone they live.

use crate::given::given;
use crate::text::{Invalid, parsed_text, shown_text};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How often a digest comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Digest {
    /// Every day on which one did not log in.
    Daily,
    /// Once a week.
    Weekly,
    /// Never.
    Off,
}

/// How the monthly report comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// In the mail itself.
    Html,
    /// As an attachment.
    Pdf,
    /// Not at all.
    Off,
}

/// A time zone by its name in the IANA time zone database.
///
/// Reading a stored one asks no database: whoever lives in a zone that a later one does not name any more is still read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, max_length = 64, examples("Europe/Berlin"))]
pub struct TimeZoneName(String);

shown_text!(TimeZoneName);

/// A time zone that the database names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTimeZone(TimeZoneName);

impl KnownTimeZone {
    /// Reads a name, in any case; the database's own spelling is kept.
    pub fn parse(written: &str) -> Result<Self, Invalid> {
        const UNKNOWN: Invalid = Invalid("must be a name of the IANA time zone database, such as Europe/Berlin");
        if written.len() > 64 {
            return Err(UNKNOWN);
        }
        let zone = TimeZone::get(written).map_err(|_| UNKNOWN)?;
        zone.iana_name().map(|name| Self(TimeZoneName(name.to_owned()))).ok_or(UNKNOWN)
    }

    /// Its name.
    pub fn name(&self) -> &TimeZoneName {
        &self.0
    }
}

parsed_text!(KnownTimeZone, "a name of the IANA time zone database, such as Europe/Berlin");

impl TimeZoneName {
    /// When its clocks show what. A name that the database has dropped since means UTC.
    pub(crate) fn rules(&self) -> TimeZone {
        TimeZone::get(&self.0).unwrap_or(TimeZone::UTC)
    }
}

/// What a person wants to receive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Preferences {
    /// How often a digest comes.
    pub digest: Digest,
    /// How the monthly report comes.
    pub report: Report,
    /// Where the person's days begin and end.
    pub time_zone: TimeZoneName,
    /// Whether reminders say with whom, how to reach them, and what one bonded over. Mails show on locked phones.
    #[serde(default = "yes")]
    #[schema(required)]
    pub details_in_reminders: bool,
}

fn yes() -> bool {
    true
}

impl Default for Preferences {
    fn default() -> Self {
        let time_zone = TimeZoneName("UTC".to_owned());
        Self { digest: Digest::Daily, report: Report::Html, time_zone, details_in_reminders: true }
    }
}

impl Preferences {
    /// Takes over what is given.
    pub fn apply(&mut self, change: &PreferencesChange) {
        if let Some(digest) = change.digest {
            self.digest = digest;
        }
        if let Some(report) = change.report {
            self.report = report;
        }
        if let Some(time_zone) = &change.time_zone {
            self.time_zone = time_zone.name().clone();
        }
        if let Some(details) = change.details_in_reminders {
            self.details_in_reminders = details;
        }
    }
}

/// A change of preferences: only what is given changes.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreferencesChange {
    /// How often a digest comes.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub digest: Option<Digest>,
    /// How the monthly report comes.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub report: Option<Report>,
    /// Where the person's days begin and end.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, value_type = TimeZoneName)]
    pub time_zone: Option<KnownTimeZone>,
    /// Whether reminders say with whom, how to reach them, and what you bonded over. Mails show on locked phones.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub details_in_reminders: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_zones_are_those_of_the_database() {
        for (written, name) in [("europe/berlin", "Europe/Berlin"), ("UTC", "UTC")] {
            assert_eq!(KnownTimeZone::parse(written).unwrap().name().as_str(), name);
        }
        for bad in ["", "Berlin", "Europe/Atlantis", "+02:00", "../etc/passwd"] {
            assert!(KnownTimeZone::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn who_lives_in_a_zone_that_is_named_no_more_is_still_read_and_lives_by_utc() {
        let stored = r#"{"digest": "off", "report": "off", "time_zone": "Europe/Atlantis"}"#;
        let preferences: Preferences = serde_json::from_str(stored).unwrap();
        assert_eq!(preferences.time_zone.as_str(), "Europe/Atlantis");
        assert_eq!(preferences.time_zone.rules(), TimeZone::UTC);
    }
}

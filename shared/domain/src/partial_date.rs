//! Dates as well as people remember them: a year, a month, a day or a time.

use crate::text::{Invalid, parsed_text, shown_text};
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;

/// `2020`, `2020-09`, `2020-09-21`, or a date-time such as `2020-09-21T10:00Z`: with or without seconds, with `Z`, an
/// offset or neither. Kept as written.
///
/// It stands for a span of civil time: all of the year, month, day, minute or second that it names, by the clock on
/// the wall where it was written. Two with an offset are compared as what they are, spans of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialDate(String, DateTime, DateTime, Option<Offset>);

const RULE: Invalid =
    Invalid("must be a year, a month, a day or a time, such as 2020, 2020-09, 2020-09-21 or 2020-09-21T10:00Z");

impl PartialDate {
    /// Reads a year (0001 to 9999), a month, a day or a time.
    pub fn parse(written: &str) -> Result<Self, Invalid> {
        let text = written.trim();
        let days = |text| days(text).map(|(first, last)| (first, last, None));
        let (first, last, offset) = if text.contains('T') { moment(text) } else { days(text) }.ok_or(RULE)?;
        if first.year() < 1 { Err(RULE) } else { Ok(Self(text.to_owned(), first, last, offset)) }
    }

    /// The first and the last moment that it may mean.
    pub fn span(&self) -> (DateTime, DateTime) {
        (self.1, self.2)
    }

    /// Whether both may mean the same moment.
    pub fn may_be(&self, other: &Self) -> bool {
        self.begins_by(other) && other.begins_by(self)
    }

    /// Whether it may mean a moment no later than the end of `other`.
    pub fn begins_by(&self, other: &Self) -> bool {
        let exact = |offset: Option<Offset>, at: DateTime| offset.and_then(|offset| offset.to_timestamp(at).ok());
        match (exact(self.3, self.1), exact(other.3, other.2)) {
            (Some(first), Some(last)) => first <= last,
            _ => self.1 <= other.2,
        }
    }
}

/// First and last moment of a year, a month or a day.
fn days(text: &str) -> Option<(DateTime, DateTime)> {
    let mut parts = text.split('-');
    let year = i16::try_from(digits(parts.next()?, 4)?).ok()?;
    let month = parts.next().map(|part| digits(part, 2).ok_or(())).transpose().ok()?;
    let day = parts.next().map(|part| digits(part, 2).ok_or(())).transpose().ok()?;
    if parts.next().is_some() {
        return None;
    }
    let date = |month: u32, day: u32| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    let first = date(month.unwrap_or(1), day.unwrap_or(1))?;
    let last = match (month, day) {
        (_, Some(_)) => first,
        (Some(_), None) => first.last_of_month(),
        (None, None) => first.last_of_year(),
    };
    Some((first.to_datetime(Time::midnight()), last.to_datetime(Time::MAX)))
}

/// First and last moment of the minute or second that a date-time names.
fn moment(text: &str) -> Option<(DateTime, DateTime, Option<Offset>)> {
    // The parser takes more ways of writing a time than this contract promises.
    let (date, rest) = text.split_once('T')?;
    let time = rest.trim_end_matches('Z').split(['+', '-']).next()?;
    let zone = rest.strip_prefix(time)?;
    // RFC 3339: the parser takes offsets of more than a day.
    let is_offset = |(hours, minutes): (&str, &str)| {
        let hours = hours.strip_prefix(['+', '-']).and_then(|hours| digits(hours, 2));
        hours.is_some_and(|hours| hours < 24) && digits(minutes, 2).is_some_and(|minutes| minutes < 60)
    };
    let is_zone = matches!(zone, "" | "Z") || zone.split_once(':').is_some_and(is_offset);
    let (clock, fraction) = time.split_once('.').map_or((time, None), |(clock, fraction)| (clock, Some(fraction)));
    // Nor is a leap second one: the parser would take it as the one before.
    let is_clock =
        matches!(clock.len(), 5 | 8) && clock.split(':').all(|part| digits(part, 2).is_some_and(|number| number < 60));
    let is_fraction =
        fraction.is_none_or(|digits| clock.len() == 8 && (1..=9).contains(&digits.len()) && is_digits(digits));
    if date.len() != 10 || !is_zone || !is_clock || !is_fraction {
        return None;
    }
    let pieces = Pieces::parse(text).ok()?;
    let first = pieces.date().to_datetime(pieces.time()?);
    let last = match (clock.len(), fraction) {
        (_, Some(_)) => first,
        (5, None) => first.with().second(59).subsec_nanosecond(999_999_999).build().ok()?,
        (_, None) => first.with().subsec_nanosecond(999_999_999).build().ok()?,
    };
    let offset = if zone == "Z" { Some(Offset::UTC) } else { pieces.to_numeric_offset() };
    Some((first, last, offset))
}

/// A number of exactly `count` digits.
fn digits(text: &str, count: usize) -> Option<u32> {
    if text.len() == count && is_digits(text) { text.parse().ok() } else { None }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

parsed_text!(PartialDate, "a year, a month, a day or a time, such as 2020, 2020-09, 2020-09-21 or 2020-09-21T10:00Z");
shown_text!(PartialDate);

impl utoipa::PartialSchema for PartialDate {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("A year, a month, a day or a time; answered as it was written"))
            .min_length(Some(4))
            .max_length(Some(35))
            .examples(["2020", "2020-09", "2020-09-21", "2020-09-21T10:00Z"])
            .into()
    }
}

impl utoipa::ToSchema for PartialDate {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str) -> PartialDate {
        PartialDate::parse(text).unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn a08_dates_are_as_exact_as_they_are_written() {
        for (text, first, last) in [
            ("2020", "2020-01-01T00:00:00", "2020-12-31T23:59:59.999999999"),
            ("2020-02", "2020-02-01T00:00:00", "2020-02-29T23:59:59.999999999"),
            ("2020-09-21", "2020-09-21T00:00:00", "2020-09-21T23:59:59.999999999"),
            ("2020-09-21T10:00Z", "2020-09-21T10:00:00", "2020-09-21T10:00:59.999999999"),
            ("2020-09-21T10:00", "2020-09-21T10:00:00", "2020-09-21T10:00:59.999999999"),
            ("2020-09-21T10:00:07+02:00", "2020-09-21T10:00:07", "2020-09-21T10:00:07.999999999"),
            ("2020-09-21T10:00:07.5-09:30", "2020-09-21T10:00:07.5", "2020-09-21T10:00:07.5"),
            ("9999", "9999-01-01T00:00:00", "9999-12-31T23:59:59.999999999"),
            ("9999-12-31T23:59Z", "9999-12-31T23:59:00", "9999-12-31T23:59:59.999999999"),
        ] {
            assert_eq!(date(text).as_str(), text);
            assert_eq!(date(text).span(), (first.parse().unwrap(), last.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a08_what_is_no_date_is_refused() {
        for bad in [
            "x",
            "",
            "20",
            "0000",
            "12020",
            "-2020",
            "+2020",
            "2020-",
            "2020-9",
            "2020-13",
            "2020-00",
            "2020-02-30",
            "2020-09-21-01",
            "20200921",
            "2020-09-21 10:00",
            "2020-09-21t10:00",
            "2020-09-21T",
            "2020-09-21T10",
            "2020-09-21T25:00",
            "2020-09-21T10:60",
            "2020-09-21T10:00:60",
            "2016-12-31T23:59:60Z",
            "2020-09-21T10:00z",
            "2020-09-21T10:00+2",
            "2020-09-21T10:00+24:00",
            "2020-09-21T10:00+99:00",
            "2020-09-21T10:00ZZ",
            "2020-09-21T10:00Z+01:00",
            "2020-09-21T10:00[Europe/Berlin]",
            "2020-W10",
            "2020-265",
            "2020-09-21T10:00.5",
            "2020-09-21T10:00:00.",
            "２０２０",
            "2020-09T10:00",
        ] {
            assert!(PartialDate::parse(bad).is_err(), "{bad:?} was taken for a date");
        }
    }

    #[test]
    fn a11_dates_meet_where_their_spans_do() {
        for (one, other) in [("2020", "2020-09-21"), ("2020-09", "2020-09-30T23:59:59Z"), ("2020-09-21", "2020-09-21")]
        {
            assert!(date(one).may_be(&date(other)) && date(other).may_be(&date(one)), "{one} and {other}");
        }
        assert!(!date("2020-09").may_be(&date("2020-10")) && !date("2020").may_be(&date("2021-01-01")));
        assert!(date("2020-09").begins_by(&date("2020-09-01")) && !date("2020-10").begins_by(&date("2020-09")));
    }

    #[test]
    fn h37_where_both_have_an_offset_instants_are_compared() {
        let begins_by = |one: &str, other: &str| date(one).begins_by(&date(other));
        for (one, other) in [
            ("2020-09-21T19:30+02:00", "2020-09-21T17:30Z"),
            ("2020-09-21T17:30Z", "2020-09-21T19:30+02:00"),
            ("2020-09-21T23:30-05:00", "2020-09-22T04:30:59Z"),
            ("2020-09-22T00:30+14:00", "2020-09-21T10:30Z"),
        ] {
            assert!(begins_by(one, other) && begins_by(other, one), "{one} and {other}");
        }
        assert!(!begins_by("2020-09-21T18:00Z", "2020-09-21T19:30+02:00"));
        assert!(!begins_by("2020-09-21T23:00-05:00", "2020-09-22T03:00Z"));
        // Without an offset it is what clocks showed there.
        assert!(
            begins_by("2020-09-21T18:00", "2020-09-21T19:30+02:00")
                && begins_by("2020-09-21", "2020-09-21T00:00+14:00")
        );
        // Where one of them is beyond all calendars, clocks are compared.
        assert!(
            begins_by("0001-01-01T00:00+14:00", "2020-01-01T00:00Z") && begins_by("2020", "9999-12-31T23:59-12:00")
        );
    }

    proptest! {
        #[test]
        fn every_day_reads_back_and_is_in_its_month_and_year(year in 1i16..=9999, month in 1i8..=12, day in 1i8..=28) {
            let day = date(&format!("{year:04}-{month:02}-{day:02}"));
            let month = date(&format!("{year:04}-{month:02}"));
            let year = date(&format!("{year:04}"));
            prop_assert!(day.may_be(&month) && month.may_be(&year) && day.may_be(&year));
            prop_assert!(year.span().0 <= month.span().0 && month.span().0 <= day.span().0);
            prop_assert!(day.span().1 <= month.span().1 && month.span().1 <= year.span().1);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,40}") {
            let _ = PartialDate::parse(&text);
        }

        #[test]
        fn nothing_like_a_date_makes_the_parser_panic(text in "[0-9T:Z+. -]{0,40}") {
            if let Ok(date) = PartialDate::parse(&text) {
                prop_assert!(date.span().0 <= date.span().1);
            }
        }
    }
}

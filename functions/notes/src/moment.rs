//! Times as pages tell them: in UTC, since a page without script does not know where its reader is.

use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// A point in time as HTML: for people to the minute, for programs exactly.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.0.strftime("%-d %B %Y, %H:%M UTC");
        write!(out, "<time datetime=\"{:.3}\">{words}</time>", self.0)
    }
}

/// A span in the one or two largest units that it has, rounded down: `6 days and 3 hours`.
pub(crate) fn lasting(span: SignedDuration) -> String {
    let seconds = span.as_secs();
    let units = [(seconds / 86_400, "day"), (seconds / 3600 % 24, "hour"), (seconds / 60 % 60, "minute")];
    let words = |(count, unit): &(i64, &str)| match count {
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    };
    let mut units = units.iter().skip_while(|(count, _)| *count == 0);
    match (units.next(), units.next()) {
        (None, _) => "less than a minute".to_owned(),
        (Some(first), Some(second)) if second.0 > 0 => format!("{} and {}", words(first), words(second)),
        (Some(first), _) => words(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_to_people_and_to_programs() {
        let moment = Moment(Timestamp::from_millisecond(1_795_154_400_123).unwrap());
        let html = "<time datetime=\"2026-11-20T06:00:00.123Z\">20 November 2026, 06:00 UTC</time>";
        assert_eq!(moment.to_string(), html);
    }

    #[test]
    fn a_span_is_told_in_its_largest_units() {
        for (seconds, words) in [
            (0, "less than a minute"),
            (59, "less than a minute"),
            (60, "1 minute"),
            (3599, "59 minutes"),
            (3600, "1 hour"),
            (3660, "1 hour and 1 minute"),
            (86_400, "1 day"),
            (86_400 + 60, "1 day"),
            (7 * 86_400 - 1, "6 days and 23 hours"),
            (7 * 86_400, "7 days"),
        ] {
            assert_eq!(lasting(SignedDuration::from_secs(seconds)), words, "{seconds}");
        }
    }
}

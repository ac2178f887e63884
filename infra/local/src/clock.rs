//! The clock that people and tests can move: the machine's time plus an offset.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

/// The runner's time. Clones share one offset; moving the clock fires nothing by itself.
#[derive(Clone, Debug)]
pub struct Clock {
    offset_micros: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that is `offset` ahead of the machine's (behind it when negative).
    pub fn new(offset: SignedDuration) -> Self {
        Self { offset_micros: Arc::new(AtomicI64::new(micros(offset))) }
    }

    /// The moved time. Saturates at the bounds of [`Timestamp`].
    pub fn now(&self) -> Timestamp {
        machine_time().saturating_add(self.offset()).unwrap_or(Timestamp::MAX)
    }

    /// Moves the clock forward by `by` (back when negative).
    pub fn advance(&self, by: SignedDuration) {
        let by = micros(by);
        // The closure always answers Some, so the update cannot fail.
        let _ =
            self.offset_micros.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| Some(old.saturating_add(by)));
    }

    /// Moves the clock so that it shows `to` now.
    pub fn set(&self, to: Timestamp) {
        self.advance(to.duration_since(self.now()));
    }

    /// How far this clock is ahead of the machine's.
    pub fn offset(&self) -> SignedDuration {
        SignedDuration::from_micros(self.offset_micros.load(Ordering::Relaxed))
    }
}

/// The machine's time, for what the clock must not move: signatures.
pub(crate) fn machine_time() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that turns the machine's clock into ours")]
    Timestamp::now()
}

fn micros(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(if duration.is_negative() { i64::MIN } else { i64::MAX })
}

/// A text that names no length of time.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no length of time: write 30s, 15m, 1h, 7d or an ISO 8601 duration such as P1DT2H")]
pub struct ParseSpanError(String);

/// Reads `30s`, `15m`, `1h`, `7d`, `1h30m` or an ISO 8601 duration; a day has 24 hours and a week seven days.
///
/// Years and months are refused: their length depends on where they start.
pub fn parse_span(text: &str) -> Result<SignedDuration, ParseSpanError> {
    let refuse = || ParseSpanError(text.to_owned());
    let span: Span = text.trim().parse().map_err(|_| refuse())?;
    span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| refuse())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_in_short_and_iso_form() {
        for (text, seconds) in [
            ("30s", 30),
            ("15m", 900),
            ("1h", 3600),
            ("7d", 604_800),
            ("1h30m", 5400),
            ("PT90S", 90),
            ("P1DT2H", 93_600),
            ("-1h", -3600),
        ] {
            assert_eq!(parse_span(text).unwrap().as_secs(), seconds, "{text}");
        }
    }

    #[test]
    fn texts_without_a_fixed_length_are_refused() {
        for text in ["", "7", "soon", "1y", "P1M", "d7"] {
            assert!(parse_span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn clones_move_together_and_set_is_exact() {
        let clock = Clock::new(SignedDuration::ZERO);
        let other = clock.clone();
        clock.advance(SignedDuration::from_hours(24));
        assert_eq!(other.offset(), SignedDuration::from_hours(24));
        let to: Timestamp = "2027-01-31T20:00:00Z".parse().unwrap();
        other.set(to);
        assert!(clock.now().duration_since(to).abs() < SignedDuration::from_secs(1));
        clock.advance(SignedDuration::MAX);
        assert!(clock.now() <= Timestamp::MAX);
    }
}

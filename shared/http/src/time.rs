//! Points in time as they are answered.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A point in time in UTC (RFC 3339), always with three digits after the second: as text, earlier sorts before later.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = String, format = DateTime, examples("2026-11-20T06:00:00.120Z"))]
pub struct Time(Timestamp);

const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&PRINTER.timestamp_to_string(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_sort_as_text() {
        let texts: Vec<_> = [0, 1, 10, 120, 999, 1_000, 253_402_207_200_000]
            .map(|millisecond| Time(Timestamp::from_millisecond(millisecond).unwrap()))
            .iter()
            .map(|time| serde_json::to_string(time).unwrap())
            .collect();
        assert_eq!(texts[0], "\"1970-01-01T00:00:00.000Z\"");
        assert_eq!(texts[3], "\"1970-01-01T00:00:00.120Z\"");
        assert!(texts.is_sorted(), "{texts:?}");
    }
}

//! The budgets, and which of them a report breaks.
//!
//! Times are judged as ratios to the empty function of the same run: milliseconds say as much about the machine and
//! its other work as about the code.

use super::{Report, Row};

/// Process start to first answer, against the empty function.
pub(super) const START_RATIO: f64 = 2.0;
/// Warm, in the function without its database calls, in milliseconds. Shown, not judged.
pub(super) const OWN_MILLIS: f64 = 0.5;
/// What the empty function takes warm, from event to answer, on the quiet 2-core machine that [`OWN_MILLIS`] is meant
/// for, in milliseconds.
const QUIET_EMPTY_MILLIS: f64 = 0.4;
/// [`OWN_MILLIS`] on a machine of any speed: against the empty function's time from event to answer.
pub(super) const OWN_RATIO: f64 = OWN_MILLIS / QUIET_EMPTY_MILLIS;
/// Deployment zip, in bytes.
const ZIP: u64 = 4_000_000;
/// Of one that decodes photos: three formats, and resizing.
const PICTURE_ZIP: u64 = 6_000_000;
/// Those that carry more than code, with their limits: the pages of the docs; every letter, as text and HTML, and the time
/// zone database.
const LARGER_ZIPS: [(&str, u64); 2] = [("show-docs-asset", 8_000_000), ("deliver-mail", 4_200_000)];
/// Peak memory, in bytes.
const PEAK: u64 = 25_000_000;
/// What Argon2id takes besides, in bytes (`shared/crypto/src/password.rs`).
const ARGON2: u64 = 19 * 1024 * 1024;
/// What a photo of 12 megapixels takes besides, in bytes: its pixels as they are decoded and as they are resized, and the
/// file, three times on its way.
const PICTURE: u64 = 125_000_000;

impl Report {
    /// The budgets that are broken, in words.
    pub fn broken(&self) -> Vec<String> {
        self.rows.iter().flat_map(broken_by).collect()
    }
}

/// Whether a row breaks a budget that a busy machine may be to blame for.
pub(super) fn is_too_slow(row: &Row) -> bool {
    row.start_ratio.median > START_RATIO || row.own_ratio.median > OWN_RATIO && !works(row)
}

/// Whether most of what it does is work that nothing makes quick.
fn works(row: &Row) -> bool {
    row.hashes || row.pictures
}

fn broken_by(row: &Row) -> Vec<String> {
    let name = &row.operation;
    let larger = LARGER_ZIPS.iter().find(|(operation, _)| operation == name);
    let usual = if row.pictures { PICTURE_ZIP } else { ZIP };
    let zip = larger.map_or(usual, |(_, limit)| *limit);
    let peak = match row {
        Row { hashes: true, .. } => PEAK + ARGON2,
        Row { pictures: true, .. } => PEAK + PICTURE,
        _ => PEAK,
    };
    let mut broken = Vec::new();
    if row.zip_bytes > zip {
        broken.push(format!("{name}: its zip has {} bytes of {zip}", row.zip_bytes));
    }
    if row.peak_bytes > peak {
        broken.push(format!("{name}: it takes {} bytes of memory of {peak}", row.peak_bytes));
    }
    let start = row.start_ratio.median;
    if start > START_RATIO {
        broken.push(format!("{name}: its start takes {start:.2} times the empty function's, of {START_RATIO:.1}"));
    }
    let own = row.own_ratio.median;
    if own > OWN_RATIO && !works(row) {
        broken.push(format!("{name}: its own time is {own:.2} times the empty function's, of {OWN_RATIO}"));
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Middle;

    fn row(operation: &str) -> Row {
        let middle = |median| Middle { median, spread: 0.0 };
        Row {
            operation: operation.to_owned(),
            binary_bytes: 10_000_000,
            zip_bytes: 3_900_000,
            start_millis: middle(12.0),
            start_ratio: middle(1.4),
            own_millis: middle(0.1),
            own_ratio: middle(0.2),
            warm_millis: middle(2.0),
            peak_bytes: 20_000_000,
            database_calls: 2.0,
            read_units: 3.0,
            write_units: 0.0,
            egress_bytes: 500.0,
            price_usd: 0.000_002,
            hashes: false,
            pictures: false,
            empty_starts: vec![],
            empty_warm: vec![],
        }
    }

    #[test]
    fn whatever_breaks_its_budget_is_named() {
        assert_eq!(broken_by(&row("show-me")), Vec::<String>::new());
        let slow = Row {
            zip_bytes: 4_000_001,
            start_ratio: Middle { median: 2.1, spread: 0.0 },
            own_ratio: Middle { median: 100.0, spread: 0.0 },
            peak_bytes: 25_000_001,
            ..row("show-me")
        };
        let broken = broken_by(&slow);
        assert_eq!(broken.len(), 4, "{broken:?}");
        assert!(broken.iter().all(|text| text.starts_with("show-me: ")), "{broken:?}");
    }

    #[test]
    fn docs_may_be_larger_and_hashing_and_pictures_take_memory_and_time() {
        let docs = Row { zip_bytes: 7_900_000, ..row("show-docs-asset") };
        assert_eq!(broken_by(&docs), Vec::<String>::new());
        let hashing = Row {
            hashes: true,
            peak_bytes: 44_000_000,
            own_ratio: Middle { median: 80.0, spread: 0.0 },
            ..row("log-in")
        };
        assert_eq!(broken_by(&hashing), Vec::<String>::new());
        let decoding = Row { hashes: false, pictures: true, peak_bytes: 140_000_000, zip_bytes: 5_900_000, ..hashing };
        assert_eq!(broken_by(&decoding), Vec::<String>::new());
    }
}

//! The report as a table in Markdown, which reads well as it is, too.

use std::fmt;

use super::budget::{OWN_MILLIS, OWN_RATIO, START_RATIO};
use super::{Middle, Report, Row};

const HEADINGS: [&str; 13] = [
    "function",
    "binary MB",
    "zip MB",
    "start ms",
    "start, x empty",
    "own ms",
    "own, x empty",
    "peak MB",
    "database calls",
    "read units",
    "write units",
    "bytes out",
    "$ per million",
];

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<[String; 13]> = self.rows.iter().map(cells).collect();
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain(HEADINGS.get(column).map(|heading| heading.len())).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..HEADINGS.len()).map(width).collect();
        line(f, &HEADINGS, &widths)?;
        for (column, width) in widths.iter().enumerate() {
            let (fill, end) = if column == 0 { ("-", "-") } else { ("-", ":") };
            write!(f, "|{}{end}", fill.repeat(width + 1))?;
        }
        writeln!(f, "|")?;
        for row in &rows {
            line(f, &row.each_ref().map(String::as_str), &widths)?;
        }
        let Middle { median, spread } = self.noise;
        writeln!(
            f,
            "\nIn this run the empty function took {} ms to start and {} ms from event to answer warm. Two of its starts, \
             one after the other, differ by {:.0} %, as often more as less: that is the noise of the machine{}.",
            written(self.empty_start, 1),
            written(self.empty_warm, 2),
            spread.max((median - 1.0).abs()) * 100.0,
            if self.is_noisy() { ", and it was much: measure again when it is quiet" } else { "" },
        )?;
        writeln!(
            f,
            "\nBudgets: start at most {START_RATIO} times the empty function's; own time at most {OWN_MILLIS} ms, judged as \
             {OWN_RATIO} times the empty function's time from event to answer (`*`: hashes passwords, or decodes or \
             draws pictures, which is left out of its start and not judged in its own time); memory at most 25 MB, with 19 MiB \
             more where passwords are hashed, and 125 MB more for a photo of 12 megapixels; \
             zip at most 4 MB, of what decodes photos 6 MB, of deliver-mail (every letter, the time zone database) 4.2 MB, of \
             show-docs-asset 8 MB."
        )
    }
}

impl Report {
    /// Whether the machine was too busy for its milliseconds to mean much.
    fn is_noisy(&self) -> bool {
        self.noise.spread > 0.15
    }
}

fn line(f: &mut fmt::Formatter<'_>, cells: &[&str; 13], widths: &[usize]) -> fmt::Result {
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if column == 0 {
            write!(f, "| {cell:<width$} ")?;
        } else {
            write!(f, "| {cell:>width$} ")?;
        }
    }
    writeln!(f, "|")
}

fn cells(row: &Row) -> [String; 13] {
    let star = if row.hashes || row.pictures { " *" } else { "" };
    [
        format!("{}{star}", row.operation),
        megabytes(row.binary_bytes),
        megabytes(row.zip_bytes),
        format!("{:.1}", row.start_millis.median),
        written(row.start_ratio, 2),
        format!("{:.2}", row.own_millis.median),
        written(row.own_ratio, 2),
        megabytes(row.peak_bytes),
        row.database_calls.to_string(),
        row.read_units.to_string(),
        row.write_units.to_string(),
        format!("{:.0}", row.egress_bytes),
        format!("{:.2}", row.price_usd * 1_000_000.0),
    ]
}

fn written(middle: Middle, digits: usize) -> String {
    format!("{:.digits$} ±{:.digits$}", middle.median, middle.spread)
}

fn megabytes(bytes: u64) -> String {
    // Tenths, rounded, without going through floating point.
    let tenths = (bytes + 50_000) / 100_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}

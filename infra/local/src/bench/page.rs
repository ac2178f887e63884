//! Puts the report into the page about costs, between its two markers.

use std::path::Path;

use super::Report;

const BEGIN: &str = "<!-- measured: begin, written by cargo kith bench -->\n";
const END: &str = "<!-- measured: end -->";

/// The page was not written.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// It cannot be read or written.
    #[error("{0}")]
    File(#[from] std::io::Error),
    /// There is no place for the report.
    #[error("it has no lines `{}` and `{END}` for the report to stand between", BEGIN.trim_end())]
    Markers,
}

/// Replaces what the file has between the markers.
pub fn write_into(file: &Path, report: &Report) -> Result<(), PageError> {
    let page = std::fs::read_to_string(file)?;
    let page = with(&page, &report.to_string()).ok_or(PageError::Markers)?;
    Ok(std::fs::write(file, page)?)
}

fn with(page: &str, report: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{report}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_the_markers_is_replaced_and_nothing_else() {
        let page = format!("# Costs\n{BEGIN}old{END}\nmore\n");
        let once = with(&page, "| a |\n").unwrap();
        assert_eq!(once, format!("# Costs\n{BEGIN}\n| a |\n\n{END}\nmore\n"));
        assert_eq!(with(&once, "| a |\n").unwrap(), once);
        assert_eq!(with("# Costs\n", ""), None);
    }
}

//! Parts of pages under `docs/` that a command writes, each between two markers.

use std::path::Path;

/// A part of a page.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// What it tells, as its markers name it.
    pub name: &'static str,
    /// What writes it.
    pub command: &'static str,
}

/// The page was not written.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// It cannot be read or written.
    #[error("{0}")]
    File(#[from] std::io::Error),
    /// There is no place for the part.
    #[error("it has no lines `{0}` and `{1}` for it to stand between")]
    Markers(String, String),
}

impl Part {
    fn begin(self) -> String {
        format!("<!-- {}: begin, written by {} -->", self.name, self.command)
    }

    fn end(self) -> String {
        format!("<!-- {}: end -->", self.name)
    }

    /// Replaces what the file has between the markers.
    pub fn write_into(self, file: &Path, text: &str) -> Result<(), PageError> {
        let page = std::fs::read_to_string(file)?;
        let page = self.with(&page, text).ok_or_else(|| PageError::Markers(self.begin(), self.end()))?;
        Ok(std::fs::write(file, page)?)
    }

    /// The page with `text` between the markers; `None` where it has none.
    pub fn with(self, page: &str, text: &str) -> Option<String> {
        let (begin, end) = (self.begin() + "\n", self.end());
        let (before, rest) = page.split_once(&begin)?;
        let (_, after) = rest.split_once(&end)?;
        Some(format!("{before}{begin}\n{text}\n{end}{after}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_the_markers_is_replaced_and_nothing_else() {
        let part = Part { name: "measured", command: "cargo kith bench" };
        let (begin, end) = (part.begin(), part.end());
        let page = format!("# Costs\n{begin}\nold{end}\nmore\n");
        let once = part.with(&page, "| a |\n").unwrap();
        assert_eq!(once, format!("# Costs\n{begin}\n\n| a |\n\n{end}\nmore\n"));
        assert_eq!(part.with(&once, "| a |\n").unwrap(), once);
        assert_eq!(part.with("# Costs\n", ""), None);
    }
}

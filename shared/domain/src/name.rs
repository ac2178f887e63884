//! Names of people.

use crate::text::{Invalid, one_line, parsed_text, tidy};
use utoipa::ToSchema;

/// A first or last name: 1 to 60 Unicode scalars after NFC, on one line, something of which can be seen.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 60, examples("Ada"))]
pub struct PersonName(String);

impl PersonName {
    /// Reads a name; white space around it is dropped.
    pub fn parse(written: &str) -> Result<Self, Invalid> {
        let text = tidy(written);
        if !(1..=60).contains(&text.chars().count()) {
            return Err(Invalid("must be 1 to 60 characters long"));
        }
        one_line(&text)?;
        Ok(Self(text))
    }
}

parsed_text!(PersonName, "a name");
crate::text::shown_text!(PersonName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_unicode_scalars_after_composition() {
        let decomposed = "e\u{301}".repeat(60);
        assert_eq!(PersonName::parse(&decomposed).unwrap().as_str().chars().count(), 60);
        assert!(PersonName::parse(&"é".repeat(61)).is_err());
    }

    #[test]
    fn blank_and_control_characters_are_refused() {
        for bad in ["", "   ", "Ada\nLovelace", "A\u{0}"] {
            assert!(PersonName::parse(bad).is_err(), "{bad:?} was taken for a name");
        }
    }
}

//! What people tell of themselves.

use crate::text::{Invalid, many_lines, one_line, parsed_text, shown_text, tidy};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A text about oneself: 1 to 280 Unicode scalars after NFC; line breaks are fine.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 280)]
pub struct Bio(String);

impl Bio {
    /// Reads a text; white space around it is dropped.
    pub fn parse(written: &str) -> Result<Self, Invalid> {
        let text = tidy(written);
        if !(1..=280).contains(&text.chars().count()) {
            return Err(Invalid("must be 1 to 280 characters long"));
        }
        many_lines(&text)?;
        Ok(Self(text))
    }
}

parsed_text!(Bio, "a text");
shown_text!(Bio);

macro_rules! place {
    ($(#[$doc:meta])* $name:ident, $max:tt) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
        #[schema(value_type = String, min_length = 1, max_length = $max)]
        pub struct $name(String);

        impl $name {
            /// Reads a name; white space around it is dropped.
            pub fn parse(written: &str) -> Result<Self, Invalid> {
                let text = tidy(written);
                if !(1..=$max).contains(&text.chars().count()) {
                    return Err(Invalid(concat!("must be 1 to ", $max, " characters long")));
                }
                one_line(&text)?;
                Ok(Self(text))
            }
        }

        parsed_text!($name, "a name of a place");
        shown_text!($name);
    };
}

place!(
    /// A city: 1 to 64 Unicode scalars.
    City, 64
);
place!(
    /// A state or province: 1 to 32 Unicode scalars.
    State, 32
);
place!(
    /// A country: 1 to 32 Unicode scalars.
    Country, 32
);

/// Where somebody lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// City.
    pub city: City,
    /// State or province.
    pub state: State,
    /// Country.
    pub country: Country,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_of_a_bio_are_1_and_280_characters() {
        assert!(Bio::parse(&"ß".repeat(280)).is_ok());
        assert!(Bio::parse(&"ß".repeat(281)).is_err());
        assert!(Bio::parse("  ").is_err());
        assert!(Bio::parse("two\nlines").is_ok());
        assert!(Bio::parse("bell\u{7}").is_err());
    }

    #[test]
    fn a_location_has_all_three_parts() {
        let read = |json: &str| serde_json::from_str::<Location>(json);
        assert!(read(r#"{"city": "Jena", "state": "Thuringia", "country": "Germany"}"#).is_ok());
        assert!(read(r#"{"city": "Jena", "state": "Thuringia"}"#).is_err());
        assert!(read(r#"{"city": "Jena", "state": "T", "country": "G", "street": "x"}"#).is_err());
    }
}

//! The texts on a calling card, each with its limit in Unicode scalars after NFC.

use crate::text::{Invalid, many_lines, one_line, parsed_text, shown_text, tidy};
use utoipa::ToSchema;

/// A text of one line, or of as many as one likes, with at least one character and at most `$max`.
macro_rules! card_text {
    ($(#[$doc:meta])* $name:ident, $max:tt, $kind:ident, $expecting:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
        #[schema(value_type = String, min_length = 1, max_length = $max)]
        pub struct $name(String);

        impl $name {
            /// Reads a text; white space around it is dropped.
            pub fn parse(written: &str) -> Result<Self, Invalid> {
                let text = tidy(written);
                if !(1..=$max).contains(&text.chars().count()) {
                    return Err(Invalid(concat!("must be 1 to ", $max, " characters long")));
                }
                $kind(&text)?;
                Ok(Self(text))
            }
        }

        parsed_text!($name, $expecting);
        shown_text!($name);
    };
}

card_text!(
    /// A first or last name on a card: 1 to 60 Unicode scalars.
    CardName, 60, one_line, "a name"
);
card_text!(
    /// A company: 1 to 60 Unicode scalars.
    CompanyName, 60, one_line, "a name of a company"
);
card_text!(
    /// What somebody does in a company: 1 to 60 Unicode scalars.
    Position, 60, one_line, "a text"
);
card_text!(
    /// Profiles elsewhere, as one likes to write them: 1 to 400 Unicode scalars; line breaks are fine.
    SocialMedia, 400, many_lines, "a text"
);
card_text!(
    /// A phone number, as one likes to write it: 1 to 30 Unicode scalars.
    PhoneNumber, 30, one_line, "a phone number"
);
card_text!(
    /// The event at which one met: 1 to 80 Unicode scalars.
    EventName, 80, one_line, "a name of an event"
);
card_text!(
    /// The place where one met: 1 to 120 Unicode scalars.
    PlaceName, 120, one_line, "a name of a place"
);
card_text!(
    /// What one bonded over: 1 to 9000 Unicode scalars; line breaks are fine.
    Spark, 9000, many_lines, "a text"
);
card_text!(
    /// A tag: 1 to 30 Unicode scalars.
    Tag, 30, one_line, "a tag"
);
card_text!(
    /// The name of whoever introduced somebody: 1 to 121 Unicode scalars, which are a first and a last name.
    IntroducerName, 121, one_line, "a name"
);
card_text!(
    /// Something to remember of somebody: 1 to 2000 Unicode scalars; line breaks are fine.
    MemoryText, 2000, many_lines, "a text"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a07_the_limits_count_characters_and_not_bytes() {
        assert!(CardName::parse(&"ß".repeat(60)).is_ok() && CardName::parse(&"ß".repeat(61)).is_err());
        assert!(Spark::parse(&"語".repeat(9000)).is_ok() && Spark::parse(&"語".repeat(9001)).is_err());
        assert_eq!(CardName::parse(&"e\u{301}".repeat(60)).unwrap().as_str().chars().count(), 60);
    }

    #[test]
    fn blank_is_no_text() {
        for blank in ["", "  ", "\n\t"] {
            assert!(CardName::parse(blank).is_err() && Spark::parse(blank).is_err(), "{blank:?}");
        }
    }

    #[test]
    fn only_long_texts_have_lines() {
        assert!(CompanyName::parse("two\nlines").is_err());
        assert_eq!(Spark::parse("two\r\nlines\tand a tab").unwrap().as_str(), "two\r\nlines\tand a tab");
        assert!(Spark::parse("bell\u{7}").is_err());
    }
}

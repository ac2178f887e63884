//! Texts that people type: normalised to NFC, measured in Unicode scalars.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::UnicodeNormalization as _;

/// Why a value is refused, in words that fit behind the field's name and never repeat the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub &'static str);

/// `written` in Unicode Normalization Form C (UAX #15), without leading and trailing white space.
pub(crate) fn tidy(written: &str) -> String {
    written.nfc().collect::<String>().trim().to_owned()
}

/// Refuses what does not stay on its line or in its place: line breaks and other control characters, and the overrides
/// and isolates of UAX #9, by which a name would turn around what stands beside it. Marks that only hint at a direction
/// are part of how some scripts are written.
pub(crate) fn one_line(text: &str) -> Result<(), Invalid> {
    if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(Invalid("must not hold line breaks or other control characters"));
    }
    if text.chars().any(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{206a}'..='\u{206f}')) {
        return Err(Invalid("must not hold characters that change the direction of text"));
    }
    visible(text)
}

/// Refuses control characters. Line breaks of every kind of machine are kept as they were sent.
pub(crate) fn many_lines(text: &str) -> Result<(), Invalid> {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Invalid("must not hold control characters"));
    }
    visible(text)
}

/// Refuses a text of which nothing can be seen.
fn visible(text: &str) -> Result<(), Invalid> {
    if text.chars().any(is_visible) { Ok(()) } else { Err(Invalid("must hold something that can be seen")) }
}

/// Whether a character leaves a mark of its own: neither blank, nor a sign of how to show others, nor a mark on
/// another.
fn is_visible(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    let is_seen = !GeneralCategoryGroup::Separator.contains(category)
        && !GeneralCategoryGroup::PrivateUse.contains(category)
        && !matches!(
            category,
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::Surrogate
                | GeneralCategory::NonspacingMark
                | GeneralCategory::EnclosingMark
        );
    is_seen && !is_blank(c) && !is_ignorable(c)
}

/// What is as empty as a space without being one: a Braille pattern of no dots, a note without a head.
pub(crate) fn is_blank(c: char) -> bool {
    matches!(c, '\u{2800}' | '\u{1d159}')
}

/// What nobody sees: it may be needed (joiners in Persian and Indic scripts and between emoji, the choice of a
/// character's form), but makes no text another.
pub(crate) fn is_ignorable(c: char) -> bool {
    // Format characters that are not ignored by default: those of interlinear annotation, and of Egyptian and shorthand
    // writing.
    let is_format = matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}');
    !c.is_ascii() && (is_format || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c))
}

/// A type whose values come only from its `parse(&str)`: text in JSON and in the table, parsed again when read.
macro_rules! parsed_text {
    ($name:ident, $expecting:literal) => {
        impl std::str::FromStr for $name {
            type Err = crate::Invalid;

            fn from_str(written: &str) -> Result<Self, Self::Err> {
                Self::parse(written)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $name;

                    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        out.write_str($expecting)
                    }

                    fn visit_str<E: serde::de::Error>(self, written: &str) -> Result<$name, E> {
                        $name::parse(written).map_err(E::custom)
                    }
                }
                from.deserialize_str(Text)
            }
        }
    };
}

/// Shows and serializes a parsed text as it was written. Not for secrets.
macro_rules! shown_text {
    ($name:ident) => {
        impl $name {
            /// The text as written, normalised.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }
    };
}

pub(crate) use {parsed_text, shown_text};

#[cfg(test)]
mod tests {
    use super::*;

    /// Each alone is nothing to be seen.
    const INVISIBLE: [&str; 22] = [
        "\u{200b}",
        "\u{200c}",
        "\u{200d}",
        "\u{3164}",
        "\u{2800}",
        "\u{ad}",
        "\u{115f}",
        "\u{1160}",
        "\u{ffa0}",
        "\u{fe0f}",
        "\u{fe00}",
        "\u{e0041}",
        "\u{e0100}",
        "\u{34f}",
        "\u{180e}",
        "\u{2060}",
        "\u{2064}",
        "\u{feff}",
        "\u{200e}",
        "\u{fff9}",
        "\u{1d159}",
        "\u{17b4}",
    ];

    #[test]
    fn h15_a_text_needs_something_visible() {
        for text in INVISIBLE {
            for text in [text.to_owned(), text.repeat(3), format!("{text} \u{a0}{text}"), format!("{text}\u{301}")] {
                assert!(one_line(&text).is_err() && many_lines(&text).is_err(), "{text:?}");
            }
            assert!(one_line(&format!("a{text}")).is_ok() && many_lines(&format!("{text}a")).is_ok(), "{text:?}");
        }
        for text in
            ["a", "-", "٣", "漢", "ﾠa", "🙂", "❤\u{fe0f}", "👩\u{200d}🔬", "می\u{200c}خواهم", "க்\u{200d}ஷ", "€", "ـa"]
        {
            assert!(one_line(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn h15_one_line_turns_nothing_around() {
        for c in "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{2028}\u{2029}\u{85}\u{7f}"
            .chars()
        {
            for text in [format!("{c}moK"), format!("mo{c}K"), format!("moK{c}x")] {
                assert!(one_line(&text).is_err(), "{text:?}");
            }
        }
        assert!(one_line("שלום\u{200f} (Kith)\u{200e}").is_ok());
    }
}

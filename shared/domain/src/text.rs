//! Texts that people type: normalised to NFC, measured in Unicode scalars.

use unicode_normalization::UnicodeNormalization as _;

/// Why a value is refused, in words that fit behind the field's name and never repeat the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub &'static str);

/// `written` in Unicode Normalization Form C (UAX #15), without leading and trailing white space.
pub(crate) fn tidy(written: &str) -> String {
    written.nfc().collect::<String>().trim().to_owned()
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

//! The tags of a card.

use crate::fold::fold;
use crate::{Invalid, Tag};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

const MAX_TAGS: usize = 20;

/// At most 20 tags, in the order in which they were given, no two of which differ in case or accents alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Vec<Tag>")]
#[schema(value_type = Vec<Tag>, max_items = 20)]
pub struct Tags(Vec<Tag>);

impl TryFrom<Vec<Tag>> for Tags {
    type Error = Invalid;

    fn try_from(tags: Vec<Tag>) -> Result<Self, Invalid> {
        if tags.len() > MAX_TAGS {
            return Err(Invalid("must be at most 20 tags"));
        }
        let folded: BTreeSet<String> = tags.iter().map(|tag| fold(tag.as_str())).collect();
        if folded.len() == tags.len() { Ok(Self(tags)) } else { Err(Invalid("must not hold the same tag twice")) }
    }
}

impl Tags {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them, folded for searching.
    pub(crate) fn folded(&self) -> Vec<String> {
        self.0.iter().map(|tag| fold(tag.as_str())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tags: &[String]) -> Result<Tags, serde_json::Error> {
        serde_json::from_value(serde_json::json!(tags))
    }

    #[test]
    fn a07_a_card_has_at_most_twenty_tags() {
        let many: Vec<String> = (0..21).map(|number| format!("tag {number}")).collect();
        assert!(read(&many[..20]).is_ok() && read(&many).is_err());
        assert!(read(&["t".repeat(30)]).is_ok() && read(&["t".repeat(31)]).is_err());
    }

    #[test]
    fn no_tag_is_there_twice() {
        assert!(read(&["Rust".into(), "rust".into()]).is_err());
        assert!(read(&["Café".into(), "cafe".into()]).is_err());
        assert!(read(&["Rust".into(), "trust".into()]).is_ok());
    }
}

//! Memories: what one wants to remember of somebody, kept with their card.

use crate::given::{given, given_or_null};
use crate::{ContactId, MemoryId, MemoryText, PartialDate, UserId};
use jiff::Timestamp;
use jiff::fmt::serde::timestamp::millisecond;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something to remember of somebody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// The memory's id.
    pub id: MemoryId,
    /// Whose it is.
    pub owner: UserId,
    /// The card that it belongs to.
    pub contact: ContactId,
    /// What to remember.
    pub text: MemoryText,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub happened_at: Option<PartialDate>,
    /// When it was written.
    #[serde(with = "millisecond::required")]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[serde(with = "millisecond::required")]
    pub updated_at: Timestamp,
    /// Goes up by one with every change.
    pub rev: u64,
}

/// A new memory.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMemory {
    /// What to remember.
    pub text: MemoryText,
    /// When it happened, as exactly as you know.
    pub happened_at: Option<PartialDate>,
}

/// A change of a memory: only what is given changes.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemoryChange {
    /// What to remember.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub text: Option<MemoryText>,
    /// When it happened; null removes it.
    #[serde(default, deserialize_with = "given_or_null")]
    #[schema(value_type = Option<PartialDate>)]
    pub happened_at: Option<Option<PartialDate>>,
}

impl Memory {
    /// A new memory.
    pub fn new(id: MemoryId, owner: UserId, contact: ContactId, new: NewMemory, now: Timestamp) -> Self {
        let NewMemory { text, happened_at } = new;
        Self { id, owner, contact, text, happened_at, created_at: now, updated_at: now, rev: 1 }
    }

    /// Takes over what is given and nothing else.
    pub fn apply(&mut self, change: &MemoryChange, now: Timestamp) {
        if let Some(text) = &change.text {
            self.text = text.clone();
        }
        if let Some(happened_at) = &change.happened_at {
            self.happened_at.clone_from(happened_at);
        }
        self.updated_at = now;
        self.rev += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_given_changes_and_null_removes() {
        let now = Timestamp::UNIX_EPOCH;
        let new = serde_json::from_str(r#"{"text": "Likes tea", "happened_at": "2020"}"#).unwrap();
        let mut memory = Memory::new(MemoryId::new(now), UserId::new(now), ContactId::new(now), new, now);
        let change = |json: &str| serde_json::from_str::<MemoryChange>(json).unwrap();
        memory.apply(&change(r#"{"text": "Likes coffee"}"#), now);
        assert_eq!(
            (memory.text.as_str(), memory.happened_at.as_ref().map(PartialDate::as_str)),
            ("Likes coffee", Some("2020"))
        );
        memory.apply(&change(r#"{"happened_at": null}"#), now);
        assert_eq!((memory.text.as_str(), memory.happened_at.clone(), memory.rev), ("Likes coffee", None, 3));
        assert!(serde_json::from_str::<MemoryChange>(r#"{"text": null}"#).is_err());
    }
}

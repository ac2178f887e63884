//! A memory, as its owner sees it.

use jiff::Timestamp;
use kith_domain::{Memory, MemoryId, MemoryText, PartialDate};
use serde::Serialize;
use utoipa::ToSchema;

/// Something to remember of somebody.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemoryView {
    id: MemoryId,
    text: MemoryText,
    /// When it happened, as it was written; null where nobody said.
    happened_at: Option<PartialDate>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Memory> for MemoryView {
    fn from(memory: Memory) -> Self {
        Self {
            id: memory.id,
            text: memory.text,
            happened_at: memory.happened_at,
            created_at: memory.created_at,
            updated_at: memory.updated_at,
        }
    }
}

//! A memory, as its owner sees it.

use kith_domain::{Memory, MemoryId, MemoryText, PartialDate};
use kith_http::Time;
use serde::Serialize;
use utoipa::ToSchema;

/// Something to remember of somebody.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemoryView {
    id: MemoryId,
    text: MemoryText,
    /// When it happened, as it was written; null where nobody said.
    happened_at: Option<PartialDate>,
    created_at: Time,
    updated_at: Time,
}

impl From<Memory> for MemoryView {
    fn from(memory: Memory) -> Self {
        Self {
            id: memory.id,
            text: memory.text,
            happened_at: memory.happened_at,
            created_at: memory.created_at.into(),
            updated_at: memory.updated_at.into(),
        }
    }
}

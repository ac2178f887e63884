//! The contract of the whole API, as it is committed: `cargo kith openapi` writes it, and a test compares it with the
//! code.

/// OpenAPI 3.1, as JSON.
pub(crate) const CONTRACT: &str = include_str!(concat!(env!("OUT_DIR"), "/contract.json"));

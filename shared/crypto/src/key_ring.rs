//! What the rings of keys have in common: each is the text of one secret.

use serde::Deserialize;
use zeroize::Zeroizing;

/// Why there is no key or no ring. No variant carries key material.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// AWS-LC made no key.
    #[error("no key could be made")]
    Generate,
    /// The ring is not representable in JSON.
    #[error("the key ring could not be written as JSON")]
    Unwritable,
    /// The secret is not the JSON of a ring, at this line and column.
    #[error("the key ring is not readable JSON at line {line}, column {column}")]
    Unreadable {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// The secret holds bytes in place of a text.
    #[error("the key ring is not a text")]
    NotText,
    /// What stands under this id in the ring is no key of its kind.
    #[error("{kid:?} of the key ring is not {kind}")]
    NotAKey {
        /// The id that it claims.
        kid: String,
        /// What it should be.
        kind: &'static str,
    },
}

/// All keys of a stage for one purpose: what a secret in Secrets Manager holds.
pub trait KeyRing: Sized {
    /// Whether no key of it works.
    fn is_empty(&self) -> bool;

    /// The text of the secret.
    fn to_secret_text(&self) -> Result<Zeroizing<String>, RingError>;

    /// Reads what [`KeyRing::to_secret_text`] wrote.
    fn from_secret_text(text: &str) -> Result<Self, RingError>;
}

/// Reads JSON. The words of a JSON error may quote the secret: only its place is passed on.
pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, RingError> {
    serde_json::from_str(text).map_err(|error| RingError::Unreadable { line: error.line(), column: error.column() })
}

/// Writes JSON.
pub(crate) fn write(ring: &impl serde::Serialize) -> Result<Zeroizing<String>, RingError> {
    serde_json::to_string(ring).map(Zeroizing::new).map_err(|_| RingError::Unwritable)
}

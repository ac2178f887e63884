//! The public halves of token-signing keys.

use jiff::Timestamp;
use jiff::fmt::serde::timestamp::millisecond;
use serde::{Deserialize, Serialize};

/// A public Ed25519 key (RFC 8037) by which anybody can check an access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationKey {
    /// The key's id, as in a token's header.
    pub kid: String,
    /// The public key: 32 bytes, base64url without padding.
    pub x: String,
    /// When it was made. It is published before it signs, so that nobody meets an unknown key.
    #[serde(with = "millisecond::required")]
    pub created_at: Timestamp,
    /// Tokens signed with it are refused from here on; absent while it signs or stands by. An end is final.
    #[serde(default, with = "millisecond::optional", skip_serializing_if = "Option::is_none")]
    pub retire_at: Option<Timestamp>,
}

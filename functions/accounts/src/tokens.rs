//! What logging in and refreshing answer.

use kith_crypto::{ACCESS_TOKEN_LIFETIME, RefreshToken};
use kith_domain::SESSION_LIFETIME;
use serde::Serialize;
use utoipa::ToSchema;

/// A new pair of tokens.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    /// A signed JWT for the `Authorization` header.
    access_token: String,
    /// Always `Bearer`.
    #[schema(examples("Bearer"))]
    token_type: &'static str,
    /// Opaque; good for one refresh.
    refresh_token: String,
    /// Seconds that the access token is good for.
    #[schema(examples(900))]
    expires_in: i64,
    /// Seconds that the refresh token is good for.
    #[schema(examples(604_800))]
    refresh_expires_in: i64,
}

impl Tokens {
    pub(crate) fn new(access_token: String, refresh_token: &RefreshToken) -> Self {
        Self {
            access_token,
            token_type: "Bearer",
            refresh_token: refresh_token.encode().to_string(),
            expires_in: ACCESS_TOKEN_LIFETIME.as_secs(),
            refresh_expires_in: SESSION_LIFETIME.as_secs(),
        }
    }
}

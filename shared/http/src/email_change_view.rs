//! Wishes for another address as they are answered: to whom the account belongs, and to admins.

use crate::Time;
use jiff::Timestamp;
use kith_domain::{Email, User};
use serde::Serialize;
use utoipa::ToSchema;

/// Another address that waits to be confirmed.
#[derive(Debug, Serialize, ToSchema)]
pub struct EmailChangeView {
    email: Email,
    /// Whether an admin asked for it.
    by_admin: bool,
    /// From here on it does not wait any more.
    expires_at: Time,
}

impl EmailChangeView {
    /// The wish that lives, if there is one.
    pub fn of(user: &User, now: Timestamp) -> Option<Self> {
        let wish = user.wanted_email(now)?;
        let (email, by_admin) = (wish.email.clone(), wish.asked_by.is_some());
        Some(Self { email, by_admin, expires_at: wish.expires_at.into() })
    }
}

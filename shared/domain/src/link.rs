//! Mailed links that belong to a user: to set a new password, to accept an invitation, to confirm a new address.

use crate::{Email, UserId};
use jiff::fmt::serde::timestamp::millisecond;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How many mailed links of one record work at the same time: a later mail must not break the one just opened.
const LIVE_LINKS: usize = 3;

/// Hashes of the secrets in mailed links, oldest first; at most three.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinkHashes(Vec<String>);

impl LinkHashes {
    /// Adds one; the oldest of more than three stops working.
    pub fn add(&mut self, hash: String) {
        self.0.push(hash);
        let surplus = self.0.len().saturating_sub(LIVE_LINKS);
        self.0.drain(..surplus);
    }

    /// Whether a link with this hash works.
    pub fn contain(&self, hash: &str) -> bool {
        self.0.iter().any(|own| same_hash(own, hash))
    }
}

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Set a new password without the old one.
    PasswordReset,
    /// Set the first password of an account that an admin made.
    Invitation,
    /// Show that a new address is one's own.
    EmailChange,
}

impl Purpose {
    /// The name, as in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::Invitation => "invitation",
            Self::EmailChange => "email_change",
        }
    }

    /// How long such a link works.
    pub const fn lifetime(self) -> SignedDuration {
        match self {
            Self::PasswordReset => SignedDuration::from_hours(1),
            Self::Invitation => SignedDuration::from_hours(7 * 24),
            Self::EmailChange => SignedDuration::from_hours(24),
        }
    }
}

/// What a mailed link opens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// Whose account it is about.
    pub user: UserId,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it is mailed.
    pub email: Email,
    /// The mailed links that work.
    #[serde(default)]
    pub link_hashes: LinkHashes,
    /// When it was asked for.
    #[serde(with = "millisecond::required")]
    pub created_at: Timestamp,
    /// From here on it does not exist, whether or not the database has deleted it.
    #[serde(with = "millisecond::required")]
    pub expires_at: Timestamp,
    /// Goes up by one with every change.
    pub rev: u64,
}

impl Link {
    /// A link to be mailed.
    pub fn new(user: UserId, purpose: Purpose, email: Email, now: Timestamp) -> Self {
        let expires_at = now + purpose.lifetime();
        Self { user, purpose, email, link_hashes: LinkHashes::default(), created_at: now, expires_at, rev: 1 }
    }

    /// Whether a link with this hash was mailed for it and it still exists.
    pub fn is_opened_by(&self, hash: &str, now: Timestamp) -> bool {
        now < self.expires_at && self.link_hashes.contain(hash)
    }
}

/// Compares hashes of secrets in constant time.
pub(crate) fn same_hash(one: &str, other: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fourth_link_ends_the_first() {
        let mut links = LinkHashes::default();
        for link in ["1", "2", "3", "4"] {
            links.add(link.into());
        }
        assert!(!links.contain("1") && links.contain("2") && links.contain("3") && links.contain("4"));
    }

    #[test]
    fn a_link_works_until_the_very_moment_of_expiry() {
        let email = Email::parse("ada@example.org").unwrap();
        let mut link =
            Link::new(UserId::new(Timestamp::UNIX_EPOCH), Purpose::PasswordReset, email, Timestamp::UNIX_EPOCH);
        link.link_hashes.add("hash".into());
        assert!(link.is_opened_by("hash", link.expires_at - SignedDuration::from_millis(1)));
        assert!(!link.is_opened_by("hash", link.expires_at));
    }
}

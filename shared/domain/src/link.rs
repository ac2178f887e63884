//! Mailed links: to confirm a registration or a new address, to undo a change of the address, to set a new password, to
//! accept an invitation.

use crate::{Email, UserId};
use jiff::fmt::serde::timestamp::millisecond;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many mailed links for one purpose work at the same time: a later mail must not break the one just opened.
const LIVE_LINKS: usize = 3;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Show that the address of a registration is one's own.
    Registration,
    /// Set a new password without the old one.
    PasswordReset,
    /// Set the first password of an account that an admin made.
    Invitation,
    /// Show that a new address is one's own.
    EmailChange,
    /// Withdraw the wish with this number for another address, or undo the change that came of it.
    EmailUndo(u64),
}

impl Purpose {
    /// The name, as in the table.
    pub fn name(self) -> String {
        match self {
            Self::Registration => "registration".to_owned(),
            Self::PasswordReset => "password_reset".to_owned(),
            Self::Invitation => "invitation".to_owned(),
            Self::EmailChange => "email_change".to_owned(),
            Self::EmailUndo(number) => format!("email_undo#{number}"),
        }
    }

    /// How long such a link works.
    pub const fn lifetime(self) -> SignedDuration {
        match self {
            Self::PasswordReset => SignedDuration::from_hours(1),
            Self::Invitation => SignedDuration::from_hours(7 * 24),
            Self::Registration | Self::EmailChange => SignedDuration::from_hours(24),
            // From the wish on: as long as it may wait to be confirmed, and as a change can be undone then.
            Self::EmailUndo(_) => SignedDuration::from_hours(8 * 24),
        }
    }
}

/// The links that were mailed to somebody for one purpose, each with its own end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// Whose account, or registration, it is about.
    pub user: UserId,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it is mailed.
    pub email: Email,
    /// When each stops working, in milliseconds since 1970, by the hash of its secret; at most three.
    pub ends: BTreeMap<String, i64>,
    /// The hashes in the order in which they were mailed: several may end at the same moment.
    pub order: Vec<String>,
    /// When the first of them was mailed.
    #[serde(with = "millisecond::required")]
    pub created_at: Timestamp,
    /// When the last of them stops working. From here on the record does not exist, whether or not the database has
    /// deleted it.
    #[serde(with = "millisecond::required")]
    pub expires_at: Timestamp,
    /// Goes up by one with every change.
    pub rev: u64,
}

impl Link {
    /// No link yet, for one to be added.
    pub fn new(user: UserId, purpose: Purpose, email: Email, now: Timestamp) -> Self {
        Self {
            user,
            purpose,
            email,
            ends: BTreeMap::new(),
            order: Vec::new(),
            created_at: now,
            expires_at: now,
            rev: 0,
        }
    }

    /// Adds one that works until `end`, which moves no other's end; of more than three that work, the one that was
    /// mailed first stops.
    pub fn add(&mut self, hash: String, end: Timestamp, now: Timestamp) {
        self.ends.retain(|_, end| now.as_millisecond() < *end);
        self.ends.insert(hash.clone(), end.as_millisecond());
        self.order.push(hash);
        self.order.retain(|hash| self.ends.contains_key(hash));
        let surplus = self.order.len().saturating_sub(LIVE_LINKS);
        for hash in self.order.drain(..surplus) {
            self.ends.remove(&hash);
        }
        let last = self.ends.values().max().and_then(|end| Timestamp::from_millisecond(*end).ok());
        self.expires_at = last.unwrap_or(end);
        self.rev += 1;
    }

    /// Whether a link with this hash was mailed and still works.
    pub fn is_opened_by(&self, hash: &str, now: Timestamp) -> bool {
        self.ends.iter().any(|(own, end)| same_hash(own, hash) && now.as_millisecond() < *end)
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

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    fn links(mailed: &[(&str, i64)]) -> Link {
        let email = Email::parse("ada@example.org").unwrap();
        let mut link = Link::new(UserId::new(at(0)), Purpose::PasswordReset, email, at(0));
        for (hash, minute) in mailed {
            link.add((*hash).into(), at(*minute) + Purpose::PasswordReset.lifetime(), at(*minute));
        }
        link
    }

    #[test]
    fn the_fourth_link_ends_the_first() {
        let links = links(&[("1", 0), ("2", 1), ("3", 2), ("4", 3)]);
        let works = |hash| links.is_opened_by(hash, at(3));
        assert!(!works("1") && works("2") && works("3") && works("4"));
    }

    #[test]
    fn h08_a_link_works_until_the_very_moment_of_its_own_end_whatever_links_follow() {
        let links = links(&[("1", 0), ("2", 59)]);
        assert!(links.is_opened_by("1", at(60) - SignedDuration::from_millis(1)));
        assert!(!links.is_opened_by("1", at(60)));
        assert!(links.is_opened_by("2", at(119) - SignedDuration::from_millis(1)));
        assert!(!links.is_opened_by("2", at(119)));
        assert_eq!(links.expires_at, at(119));
    }
}

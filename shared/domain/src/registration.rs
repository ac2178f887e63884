//! Registrations: accounts whose address is not confirmed. Nobody yet.

use crate::{AdminEmails, Email, LinkHashes, PasswordHash, PersonName, Role, User, UserId, Username};
use jiff::fmt::serde::timestamp::millisecond;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a mailed link may confirm a registration.
pub const REGISTRATION_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// An account whose address is not confirmed. It may be for an address that has an account already: nobody but
/// the owner of the address can tell, and it then never gets a link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    /// The id that the user will have.
    pub id: UserId,
    /// Where the link goes.
    pub email: Email,
    /// Held for this registration until it expires.
    pub username: Username,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
    /// The chosen password, hashed.
    pub password_hash: PasswordHash,
    /// The mailed links that work.
    #[serde(default)]
    pub link_hashes: LinkHashes,
    /// When it was made.
    #[serde(with = "millisecond::required")]
    pub created_at: Timestamp,
    /// From here on it does not exist, whether or not the database has deleted it.
    #[serde(with = "millisecond::required")]
    pub expires_at: Timestamp,
    /// Goes up by one with every change.
    pub rev: u64,
}

impl Registration {
    /// Whether a link with this hash was mailed for it and it still exists.
    pub fn is_opened_by(&self, hash: &str, now: Timestamp) -> bool {
        now < self.expires_at && self.link_hashes.contain(hash)
    }

    /// The user that confirming makes of it; an admin if the deployment says so of this address.
    pub fn confirm(self, admins: &AdminEmails, cursor_key: String, now: Timestamp) -> User {
        let role = if admins.include(&self.email) { Role::Admin } else { Role::Member };
        User {
            first_name: Some(self.first_name),
            last_name: Some(self.last_name),
            role,
            password_hash: Some(self.password_hash),
            confirmed_at: Some(now),
            updated_at: now,
            ..User::new(self.id, self.email, self.username, cursor_key, self.created_at)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registration() -> Registration {
        let now = Timestamp::UNIX_EPOCH;
        Registration {
            id: UserId::new(now),
            email: Email::parse("ada@example.org").unwrap(),
            username: Username::parse("ada").unwrap(),
            first_name: PersonName::parse("Ada").unwrap(),
            last_name: PersonName::parse("Lovelace").unwrap(),
            password_hash: PasswordHash::from_phc("$argon2id$".into()),
            link_hashes: LinkHashes::default(),
            created_at: now,
            expires_at: now + REGISTRATION_LIFETIME,
            rev: 1,
        }
    }

    #[test]
    fn a_link_works_until_the_very_second_of_expiry() {
        let mut registration = registration();
        registration.link_hashes.add("hash".into());
        let end = registration.expires_at;
        assert!(registration.is_opened_by("hash", end - SignedDuration::from_millis(1)));
        assert!(!registration.is_opened_by("hash", end));
    }

    #[test]
    fn only_configured_addresses_become_admin_on_confirming() {
        let admins = AdminEmails::parse("ada@example.org").unwrap();
        assert_eq!(registration().confirm(&admins, String::new(), Timestamp::UNIX_EPOCH).role, Role::Admin);
        assert_eq!(
            registration().confirm(&AdminEmails::default(), String::new(), Timestamp::UNIX_EPOCH).role,
            Role::Member
        );
    }
}

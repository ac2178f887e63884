//! Registrations: accounts whose address is not confirmed. Nobody yet.

use crate::{AdminEmails, Credentials, Email, PasswordHash, Person, PersonName, Profile, Role, User, UserId, Username};
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
    /// Hash of the network that it was asked for from: whoever asks for their link again from there gets it first.
    pub asked_from: String,
    /// When it was made.
    #[serde(with = "millisecond::required")]
    pub created_at: Timestamp,
    /// From here on it does not exist, whether or not the database has deleted it.
    #[serde(with = "millisecond::required")]
    pub expires_at: Timestamp,
}

impl Registration {
    /// The account that confirming makes of it, with its password; an admin's if the deployment says so of this
    /// address.
    pub fn confirm(self, admins: &AdminEmails, cursor_key: String, now: Timestamp) -> (Person, Credentials) {
        let role = if admins.include(&self.email) { Role::Admin } else { Role::Member };
        let user = User::new(self.id, self.email, cursor_key, self.created_at);
        let profile = Profile::new(self.id, self.username, self.created_at);
        let user = User { role, confirmed_at: Some(now), updated_at: now, ..user };
        let (first_name, last_name) = (Some(self.first_name), Some(self.last_name));
        let profile = Profile { first_name, last_name, updated_at: now, ..profile };
        (Person { user, profile }, Credentials::new(self.id, self.password_hash))
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
            asked_from: String::new(),
            created_at: now,
            expires_at: now + REGISTRATION_LIFETIME,
        }
    }

    #[test]
    fn only_configured_addresses_become_admin_on_confirming() {
        let admins = AdminEmails::parse("ada@example.org").unwrap();
        let role = |admins| registration().confirm(admins, String::new(), Timestamp::UNIX_EPOCH).0.user.role;
        assert_eq!(role(&admins), Role::Admin);
        assert_eq!(role(&AdminEmails::default()), Role::Member);
    }
}

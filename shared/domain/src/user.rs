//! Users: people with an account.

use crate::given::{given, given_or_null, object_or_null};
use crate::{
    Bio, Email, Location, PasswordHash, Permission, PersonName, Photo, PhotoKind, Preferences, Role, Session, Task,
    UserId, Username, Work,
};
use jiff::Timestamp;
use jiff::fmt::serde::timestamp::millisecond;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A person with an account: one who confirmed their address, or whom an admin invited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// The account's id.
    pub id: UserId,
    /// The address; shown only to its owner and to admins.
    pub email: Email,
    /// The name by which others find this person.
    pub username: Username,
    /// First name; absent until an invited person has told it.
    pub first_name: Option<PersonName>,
    /// Last name; absent until an invited person has told it.
    pub last_name: Option<PersonName>,
    /// What the person says of themselves.
    #[serde(default)]
    pub bio: Option<Bio>,
    /// Where the person lives; private.
    #[serde(default)]
    pub location: Option<Location>,
    /// What others see beside the name, if the person has uploaded a photo.
    #[serde(default)]
    pub profile_photo: Option<Photo>,
    /// What others see above the profile, if the person has uploaded a photo.
    #[serde(default)]
    pub cover_photo: Option<Photo>,
    /// What the person is here.
    pub role: Role,
    /// What the person may do beyond their own things.
    pub permissions: BTreeSet<Permission>,
    /// The password, hashed; absent until an invited person has set one.
    pub password_hash: Option<PasswordHash>,
    /// When the account was made.
    #[serde(with = "millisecond::required")]
    pub created_at: Timestamp,
    /// When the account was last changed; log-ins do not count.
    #[serde(with = "millisecond::required")]
    pub updated_at: Timestamp,
    /// When the address was confirmed; absent until an invitation is accepted.
    #[serde(default, with = "millisecond::optional")]
    pub confirmed_at: Option<Timestamp>,
    /// How many times the person has logged in.
    pub login_count: u64,
    /// The newest log-in.
    pub current_login: Option<Login>,
    /// The one before it.
    pub last_login: Option<Login>,
    /// What the person wants to receive.
    pub preferences: Preferences,
    /// False: an admin has switched the account off.
    pub is_active: bool,
    /// When the account was banned, if it is.
    #[serde(default, with = "millisecond::optional")]
    pub banned_at: Option<Timestamp>,
    /// When deleting it began. From then on it does not exist for anybody but the job that erases it.
    #[serde(default, with = "millisecond::optional")]
    pub erasing_since: Option<Timestamp>,
    /// A session of an older generation has ended: one write ends them all.
    pub session_generation: u64,
    /// Authenticates this person's list cursors: 32 random bytes, base64url.
    pub cursor_key: String,
    /// Goes up by one with every change; log-ins do not count.
    pub rev: u64,
}

/// One log-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// When.
    #[serde(with = "millisecond::required")]
    pub at: Timestamp,
    /// The client's network address.
    pub address: String,
}

impl User {
    /// A new account as an admin makes it: a member, without names, password or confirmed address.
    pub fn new(id: UserId, email: Email, username: Username, cursor_key: String, now: Timestamp) -> Self {
        Self {
            id,
            email,
            username,
            first_name: None,
            last_name: None,
            bio: None,
            location: None,
            profile_photo: None,
            cover_photo: None,
            role: Role::Member,
            permissions: Permission::of_members(),
            password_hash: None,
            created_at: now,
            updated_at: now,
            confirmed_at: None,
            login_count: 0,
            current_login: None,
            last_login: None,
            preferences: Preferences::default(),
            is_active: true,
            banned_at: None,
            erasing_since: None,
            session_generation: 0,
            cursor_key,
            rev: 1,
        }
    }

    /// Whether the person may log in and use what they have.
    pub fn may_act(&self) -> bool {
        self.is_active && self.banned_at.is_none() && self.erasing_since.is_none()
    }

    /// Whether this person may go on in a session of theirs: it is alive, and the account may be used.
    pub fn admits(&self, session: &Session, now: Timestamp) -> bool {
        session.is_alive(self.session_generation, now) && self.may_act()
    }

    /// First and last name, as far as they are known.
    pub fn name(&self) -> Option<String> {
        let parts: Vec<&str> =
            [&self.first_name, &self.last_name].into_iter().flatten().map(PersonName::as_str).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    /// A photo that the person has uploaded.
    pub fn photo(&self, kind: PhotoKind) -> Option<&Photo> {
        match kind {
            PhotoKind::ProfilePhoto => self.profile_photo.as_ref(),
            PhotoKind::CoverPhoto => self.cover_photo.as_ref(),
        }
    }

    /// Puts another photo, or none, in the place of one; the task given back removes what was there.
    pub fn change_photo(&mut self, kind: PhotoKind, photo: Option<Photo>, now: Timestamp) -> Option<Task> {
        let place = match kind {
            PhotoKind::ProfilePhoto => &mut self.profile_photo,
            PhotoKind::CoverPhoto => &mut self.cover_photo,
        };
        let before = std::mem::replace(place, photo);
        self.touch(now);
        before.map(|photo| photo.removal(now))
    }

    /// Takes over what is given and nothing else. A new address is not taken over: it must be confirmed first.
    pub fn apply(&mut self, change: &ProfileChange, now: Timestamp) {
        if let Some(username) = &change.username {
            self.username = username.clone();
        }
        if let Some(first_name) = &change.first_name {
            self.first_name = Some(first_name.clone());
        }
        if let Some(last_name) = &change.last_name {
            self.last_name = Some(last_name.clone());
        }
        if let Some(bio) = &change.bio {
            self.bio.clone_from(bio);
        }
        if let Some(location) = &change.location {
            self.location.clone_from(location);
        }
        self.touch(now);
    }

    /// One more change, at `now`.
    pub fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.rev += 1;
    }

    /// Begins deleting the account: it is gone for everybody, and the task given back erases what is in it.
    pub fn begin_erasing(&mut self, now: Timestamp) -> Task {
        self.erasing_since = Some(now);
        // Whoever is leaving is no admin any more, if another one is left; the table sees to that.
        self.role = Role::Member;
        self.end_sessions();
        self.touch(now);
        Task::new(Work::EraseAccount { user: self.id }, now)
    }

    /// Makes an admin of whoever has confirmed an address that the deployment names. Nobody ever loses the role by it.
    /// Whoever is banned or switched off stays what they are: nobody could undo either for an admin, and an admin who
    /// cannot act would count as the one who must be left.
    pub fn become_admin_if(&mut self, is_named: bool) {
        if is_named && self.may_act() {
            self.role = Role::Admin;
        }
    }

    /// Ends all sessions.
    pub fn end_sessions(&mut self) {
        self.session_generation += 1;
    }
}

/// A change of one's own account: only what is given changes.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileChange {
    /// New username. Free, or 409.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub username: Option<Username>,
    /// New first name.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub first_name: Option<PersonName>,
    /// New last name.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub last_name: Option<PersonName>,
    /// New text about oneself; null removes it.
    #[serde(default, deserialize_with = "given_or_null")]
    #[schema(value_type = Option<Bio>)]
    pub bio: Option<Option<Bio>>,
    /// New place; null removes it.
    #[serde(default, deserialize_with = "object_or_null")]
    #[schema(value_type = Option<Location>)]
    pub location: Option<Option<Location>>,
    /// New address. Takes effect when the link that is mailed there has been used.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub email: Option<Email>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_address_makes_an_admin_of_whoever_may_act() {
        let (email, name) = (Email::parse("a@example.org").unwrap(), Username::parse("abc").unwrap());
        let user = User::new(UserId::new(Timestamp::UNIX_EPOCH), email, name, String::new(), Timestamp::UNIX_EPOCH);
        let role = |mut user: User, is_named| {
            user.become_admin_if(is_named);
            user.role
        };
        assert_eq!(role(user.clone(), true), Role::Admin);
        assert_eq!(role(user.clone(), false), Role::Member);
        assert_eq!(role(User { role: Role::Admin, ..user.clone() }, false), Role::Admin);
        assert_eq!(role(User { banned_at: Some(Timestamp::UNIX_EPOCH), ..user.clone() }, true), Role::Member);
        assert_eq!(role(User { is_active: false, ..user }, true), Role::Member);
    }
}

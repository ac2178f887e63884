//! What people tell of themselves, and what they want to receive.

use crate::given::{given, given_or_null, object_or_null};
use crate::{
    Bio, Email, Location, PersonName, Photo, PhotoKind, Preferences, PreferencesChange, Task, User, UserId, Username,
};
use jiff::Timestamp;
use jiff::fmt::serde::timestamp::millisecond;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person tells of themselves, and what they want to receive. Nothing here decides who comes in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Whose it is.
    pub id: UserId,
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
    /// What the person wants to receive.
    pub preferences: Preferences,
    /// Goes up by one with every change of the preferences, which move nothing else: nobody else sees them.
    pub preferences_rev: u64,
    /// When the account was made.
    #[serde(with = "millisecond::required")]
    pub created_at: Timestamp,
    /// When the profile was last changed.
    #[serde(with = "millisecond::required")]
    pub updated_at: Timestamp,
    /// Goes up by one with every change of the profile.
    pub rev: u64,
}

/// Who somebody is to Kith, and what they tell of themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// What admits them.
    pub user: User,
    /// What they tell.
    pub profile: Profile,
}

impl Profile {
    /// That of a new account.
    pub fn new(id: UserId, username: Username, now: Timestamp) -> Self {
        Self {
            id,
            username,
            first_name: None,
            last_name: None,
            bio: None,
            location: None,
            profile_photo: None,
            cover_photo: None,
            preferences: Preferences::default(),
            preferences_rev: 1,
            created_at: now,
            updated_at: now,
            rev: 1,
        }
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

    /// Takes over what is given and nothing else; what is as it was moves no revision. A new address is not taken over:
    /// it must be confirmed first.
    pub fn apply(&mut self, change: &ProfileChange, now: Timestamp) {
        let before = self.clone();
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
        if *self != before {
            self.touch(now);
        }
    }

    /// Takes over what is given of the preferences.
    pub fn prefer(&mut self, change: &PreferencesChange) {
        let before = self.preferences.clone();
        self.preferences.apply(change);
        if self.preferences != before {
            self.preferences_rev += 1;
        }
    }

    /// One more change, at `now`.
    pub fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.rev += 1;
    }
}

impl Person {
    /// The revision of all of it: each part's only goes up, so the sum is the same only where none has changed.
    pub fn rev(&self) -> u64 {
        self.user.rev + self.profile.rev + self.profile.preferences_rev
    }

    /// When any of it was last changed.
    pub fn updated_at(&self) -> Timestamp {
        self.user.updated_at.max(self.profile.updated_at)
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
    /// The password, which a new address needs.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, value_type = Option<String>, format = Password, max_length = 1024)]
    pub current_password: Option<SecretString>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h22_what_changes_nothing_moves_no_revision() {
        let (id, name) = (UserId::new(Timestamp::UNIX_EPOCH), Username::parse("ada").unwrap());
        let profile = Profile::new(id, name.clone(), Timestamp::UNIX_EPOCH);
        let later = Timestamp::from_second(1).unwrap();
        let mut same = profile.clone();
        same.apply(&ProfileChange { username: Some(name), bio: Some(None), ..ProfileChange::default() }, later);
        same.prefer(&PreferencesChange::default());
        assert_eq!(same, profile);
        let first_name = Some(PersonName::parse("Ada").unwrap());
        same.apply(&ProfileChange { first_name, ..ProfileChange::default() }, later);
        assert_eq!((same.rev, same.updated_at), (2, later));
    }
}

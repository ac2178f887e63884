//! Photos: pictures that people upload, kept as objects in two sizes.

use crate::{ContactId, PhotoId, Task, UserId, Work};
use jiff::fmt::serde::timestamp::millisecond;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An upload that is not finished by then never will be: many times as long as a function may run.
pub const UPLOAD_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// The photos that every account has, uploaded or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PhotoKind {
    /// Beside the name.
    ProfilePhoto,
    /// Above the profile.
    CoverPhoto,
}

impl PhotoKind {
    /// Width and height in pixels of what stands in its place before an upload.
    pub const fn default_size(self) -> (u32, u32) {
        match self {
            Self::ProfilePhoto => (200, 200),
            Self::CoverPhoto => (400, 500),
        }
    }
}

impl std::fmt::Display for PhotoKind {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::ProfilePhoto => "profile-photo",
            Self::CoverPhoto => "cover-photo",
        })
    }
}

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// A photo that somebody has uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Photo {
    /// Where it is kept.
    pub path: PhotoPath,
    /// Size of the large picture.
    pub large: Size,
    /// Size of the small picture.
    pub small: Size,
}

impl Photo {
    /// The task of deleting its objects, where nothing shows it any more.
    pub fn removal(&self, now: Timestamp) -> Task {
        Task::new(Work::RemovePhoto { path: self.path.clone() }, now)
    }
}

/// Where a photo is shown, if it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhotoPlace {
    /// On somebody's profile.
    Profile(UserId),
    /// On a card of somebody's.
    Card(UserId, ContactId),
}

/// Where the two objects of a photo are kept. Never used for another photo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhotoPath(String);

impl PhotoPath {
    /// For a new photo of an account.
    pub fn of_user(user: UserId, photo: PhotoId) -> Self {
        Self(format!("users/{user}/{photo}"))
    }

    /// For a new photo on somebody's card.
    pub fn of_contact(owner: UserId, contact: ContactId, photo: PhotoId) -> Self {
        Self(format!("contacts/{owner}/{contact}/{photo}"))
    }

    /// Where a photo with this path would be shown; `None` for what is no path of ours.
    pub fn shown_on(&self) -> Option<PhotoPlace> {
        let mut parts = self.0.split('/');
        let mut next = || parts.next();
        let place = match next()? {
            "users" => PhotoPlace::Profile(next()?.parse().ok()?),
            "contacts" => PhotoPlace::Card(next()?.parse().ok()?, next()?.parse().ok()?),
            _ => return None,
        };
        let photo: PhotoId = next()?.parse().ok()?;
        (next().is_none() && self.0.ends_with(&photo.to_string())).then_some(place)
    }

    /// Key of the large picture's object.
    pub fn large(&self) -> String {
        format!("{}/large", self.0)
    }

    /// Key of the small picture's object.
    pub fn small(&self) -> String {
        format!("{}/small", self.0)
    }
}

/// An upload that is under way: it names the objects before they are written, so that whatever becomes of it, somebody
/// knows what to delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// The photo that it is to become.
    pub photo: PhotoId,
    /// Who uploads.
    pub user: UserId,
    /// Where its objects are, or will be.
    pub path: PhotoPath,
    /// From here on it is over, and its objects are deleted.
    #[serde(with = "millisecond::required")]
    pub expires_at: Timestamp,
}

impl Upload {
    /// A new upload for an account's own photos.
    pub fn of_user(user: UserId, now: Timestamp) -> Self {
        let photo = PhotoId::new(now);
        Self { photo, user, path: PhotoPath::of_user(user, photo), expires_at: now + UPLOAD_LIFETIME }
    }

    /// A new upload for a card of an account.
    pub fn of_contact(owner: UserId, contact: ContactId, now: Timestamp) -> Self {
        let photo = PhotoId::new(now);
        let path = PhotoPath::of_contact(owner, contact, photo);
        Self { photo, user: owner, path, expires_at: now + UPLOAD_LIFETIME }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_where_its_photo_is_shown_and_nothing_else_does() {
        let (now, user) = (Timestamp::UNIX_EPOCH, UserId::new(Timestamp::UNIX_EPOCH));
        let (contact, photo) = (ContactId::new(now), PhotoId::new(now));
        assert_eq!(PhotoPath::of_user(user, photo).shown_on(), Some(PhotoPlace::Profile(user)));
        assert_eq!(PhotoPath::of_contact(user, contact, photo).shown_on(), Some(PhotoPlace::Card(user, contact)));
        for foreign in ["", "users", "others/x", &format!("users/{user}"), &format!("users/{user}/{photo}/large")] {
            assert_eq!(PhotoPath(foreign.to_owned()).shown_on(), None, "{foreign}");
        }
    }
}

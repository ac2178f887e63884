//! Photos: pictures that people upload, kept as objects in two sizes.

use crate::{ContactId, PhotoId, Task, UserId, Work};
use jiff::fmt::serde::timestamp::millisecond;
use jiff::tz::TimeZone;
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

/// The two sizes that every photo is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PictureSize {
    /// To look at.
    Large,
    /// Beside a name.
    Small,
}

impl std::fmt::Display for PictureSize {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Large => "large",
            Self::Small => "small",
        })
    }
}

/// The secret of a photo, kept with it wherever it is kept: whoever has it can make addresses that show the photo. Not
/// shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhotoSecret(String);

impl PhotoSecret {
    /// The secret with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PhotoSecret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("PhotoSecret(…)")
    }
}

/// The day (UTC) that an address of a photo is made on: it shows the photo on this day and the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressDay(String);

impl AddressDay {
    /// The day of addresses that are made now.
    pub fn today(now: Timestamp) -> Self {
        Self(now.to_zoned(TimeZone::UTC).date().to_string())
    }

    /// The day in an address; `None` unless the address shows its photo now.
    pub fn still_shown(written: &str, now: Timestamp) -> Option<Self> {
        let yesterday = now.checked_sub(SignedDuration::from_hours(24)).ok()?;
        [now, yesterday].map(Self::today).into_iter().find(|day| day.0 == written)
    }
}

impl std::fmt::Display for AddressDay {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
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
    /// What its addresses are made with.
    pub secret: PhotoSecret,
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

    /// Key of the object of one of its pictures.
    pub fn object(&self, size: PictureSize) -> String {
        format!("{}/{size}", self.0)
    }

    /// The photo in an address: the ids that the path has, with dots between them.
    pub fn in_address(&self) -> String {
        self.0.split('/').skip(1).collect::<Vec<_>>().join(".")
    }

    /// Reads what [`PhotoPath::in_address`] wrote; `None` for any other text.
    pub fn of_address(written: &str) -> Option<Self> {
        match written.split('.').collect::<Vec<_>>().as_slice() {
            [user, photo] => Some(Self::of_user(user.parse().ok()?, photo.parse().ok()?)),
            [owner, contact, photo] => {
                Some(Self::of_contact(owner.parse().ok()?, contact.parse().ok()?, photo.parse().ok()?))
            }
            _ => None,
        }
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

    #[test]
    fn h33_a_photo_in_an_address_reads_back_in_its_only_spelling() {
        let (now, user) = (Timestamp::UNIX_EPOCH, UserId::new(Timestamp::UNIX_EPOCH));
        let (contact, photo) = (ContactId::new(now), PhotoId::new(now));
        for path in [PhotoPath::of_user(user, photo), PhotoPath::of_contact(user, contact, photo)] {
            let written = path.in_address();
            assert!(!written.contains('/'), "{written}");
            assert_eq!(PhotoPath::of_address(&written), Some(path));
            for wrong in [written.to_uppercase(), format!("{written}."), format!(".{written}"), format!("x{written}")] {
                assert_eq!(PhotoPath::of_address(&wrong), None, "{wrong}");
            }
        }
        for wrong in ["", ".", "..", &user.to_string(), &format!("{photo}.{user}"), &format!("{user}.{contact}")] {
            assert_eq!(PhotoPath::of_address(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn h33_an_address_shows_its_photo_until_the_next_day_ends() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let made = at("2026-12-31T00:00:00Z");
        assert_eq!(AddressDay::today(made).to_string(), "2026-12-31");
        assert_eq!(AddressDay::today(at("2026-12-31T23:59:59.999Z")), AddressDay::today(made));
        let shown = |now| AddressDay::still_shown("2026-12-31", at(now));
        assert_eq!(shown("2026-12-31T00:00:00Z"), Some(AddressDay::today(made)));
        assert_eq!(shown("2027-01-01T23:59:59.999Z"), Some(AddressDay::today(made)));
        assert_eq!(shown("2027-01-02T00:00:00Z"), None);
        assert_eq!(shown("2026-12-30T23:59:59.999Z"), None, "a day that is yet to come");
        for spelling in ["20261231", "2026-12-31T00:00", "+002026-12-31", "2026-12-31 ", ""] {
            assert_eq!(AddressDay::still_shown(spelling, made), None, "{spelling}");
        }
    }

    #[test]
    fn h33_debug_shows_no_secret() {
        assert_eq!(format!("{:?}", PhotoSecret::new("open")), "PhotoSecret(…)");
    }
}

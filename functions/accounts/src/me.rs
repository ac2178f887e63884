//! One's own account, as its owner sees it.

use kith_domain::{
    Bio, Credentials, Email, Location, Login, Permission, Person, PersonName, PhotoKind, Preferences, Role, UserId,
    Username,
};
use kith_http::{Cx, EmailChangeView, PhotoView, Result, Tagged, Time};
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// One's own account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    id: UserId,
    email: Email,
    /// Another address that waits to be confirmed there.
    email_change: Option<EmailChangeView>,
    username: Username,
    /// First and last name.
    name: Option<String>,
    first_name: Option<PersonName>,
    last_name: Option<PersonName>,
    bio: Option<Bio>,
    /// Where you live; nobody but you and admins sees it.
    location: Option<Location>,
    /// What others see beside your name.
    profile_photo: PhotoView,
    /// What others see above your profile.
    cover_photo: PhotoView,
    role: Role,
    permissions: BTreeSet<Permission>,
    preferences: Preferences,
    /// When the account was registered.
    created_at: Time,
    /// When the account was last changed; log-ins do not count.
    updated_at: Time,
    /// When the e-mail address was confirmed.
    confirmed_at: Option<Time>,
    /// How many times you have logged in.
    login_count: u64,
    current_login: Option<LoginView>,
    last_login: Option<LoginView>,
}

/// A log-in: when and from where.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoginView {
    at: Time,
    /// The network address.
    #[schema(examples("203.0.113.7"))]
    address: String,
}

impl From<Login> for LoginView {
    fn from(login: Login) -> Self {
        Self { at: login.at.into(), address: login.address }
    }
}

impl Me {
    /// The account with its revision.
    pub fn tagged(cx: &Cx, person: Person, credentials: Option<Credentials>) -> Result<Tagged<Self>> {
        Ok(Tagged { rev: person.rev(), view: Self::of(cx, person, credentials)? })
    }

    fn of(cx: &Cx, person: Person, credentials: Option<Credentials>) -> Result<Self> {
        let updated_at = person.updated_at().into();
        let Person { user, profile } = person;
        Ok(Self {
            name: profile.name(),
            profile_photo: PhotoView::of_profile(cx, &profile, PhotoKind::ProfilePhoto)?,
            cover_photo: PhotoView::of_profile(cx, &profile, PhotoKind::CoverPhoto)?,
            id: user.id,
            email_change: EmailChangeView::of(&user, cx.now),
            email: user.email,
            username: profile.username,
            first_name: profile.first_name,
            last_name: profile.last_name,
            bio: profile.bio,
            location: profile.location,
            role: user.role,
            permissions: user.permissions,
            preferences: profile.preferences,
            created_at: user.created_at.into(),
            updated_at,
            confirmed_at: user.confirmed_at.map(Into::into),
            login_count: credentials.as_ref().map_or(0, |known| known.login_count),
            current_login: credentials.as_ref().and_then(|known| known.current_login.clone()).map(LoginView::from),
            last_login: credentials.and_then(|known| known.last_login).map(LoginView::from),
        })
    }
}

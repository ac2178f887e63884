//! A user as somebody else sees them: members the public profile, admins all.

use jiff::Timestamp;
use kith_domain::{
    Bio, Credentials, Email, Location, Permission, Person, PersonName, PhotoKind, Profile, Role, User, UserId, Username,
};
use kith_http::{Cx, EmailChangeView, PhotoView, Result, Tagged, Time};
use kith_store::{Account, StoreError};
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A user.
#[derive(Serialize, ToSchema)]
pub struct UserView {
    id: UserId,
    username: Username,
    /// First and last name; null until an invited person has told them.
    name: Option<String>,
    first_name: Option<PersonName>,
    last_name: Option<PersonName>,
    bio: Option<Bio>,
    profile_photo: PhotoView,
    cover_photo: PhotoView,
    created_at: Time,
    updated_at: Time,
    #[serde(flatten)]
    private: Option<PrivateView>,
}

/// What only admins and the user see.
#[derive(Serialize, ToSchema)]
pub(crate) struct PrivateView {
    email: Email,
    /// Another address that waits to be confirmed there.
    email_change: Option<EmailChangeView>,
    location: Option<Location>,
    role: Role,
    permissions: BTreeSet<Permission>,
    /// False: an admin has switched the account off.
    active: bool,
    banned_at: Option<Time>,
    /// Null until the address is confirmed or the invitation accepted.
    confirmed_at: Option<Time>,
    login_count: u64,
    last_login_at: Option<Time>,
}

/// The user as `viewer` may see them, with the revision of what that is.
pub(crate) async fn shown(cx: &Cx, person: Person, viewer: &User) -> Result<Tagged<UserView>> {
    if viewer.role != Role::Admin && viewer.id != person.user.id {
        return Ok(Tagged { rev: person.profile.rev, view: UserView::public(cx, &person.profile)? });
    }
    let credentials = match cx.store.credentials(person.user.id).await {
        Err(StoreError::NotFound) => None,
        found => Some(found?),
    };
    let account = Account { person, credentials };
    Ok(Tagged { rev: account.person.rev(), view: UserView::whole(cx, &account)? })
}

impl UserView {
    /// What every member sees.
    fn public(cx: &Cx, profile: &Profile) -> Result<Self> {
        Ok(Self {
            id: profile.id,
            username: profile.username.clone(),
            name: profile.name(),
            first_name: profile.first_name.clone(),
            last_name: profile.last_name.clone(),
            bio: profile.bio.clone(),
            profile_photo: PhotoView::of_profile(cx, profile, PhotoKind::ProfilePhoto)?,
            cover_photo: PhotoView::of_profile(cx, profile, PhotoKind::CoverPhoto)?,
            created_at: profile.created_at.into(),
            updated_at: profile.updated_at.into(),
            private: None,
        })
    }

    /// What admins see, and the user.
    pub(crate) fn whole(cx: &Cx, account: &Account) -> Result<Self> {
        let Account { person, credentials } = account;
        let private = Some(PrivateView::of(person, credentials.as_ref(), cx.now));
        Ok(Self { updated_at: person.updated_at().into(), private, ..Self::public(cx, &person.profile)? })
    }
}

impl PrivateView {
    fn of(Person { user, profile }: &Person, credentials: Option<&Credentials>, now: Timestamp) -> Self {
        let last_login = credentials.and_then(|known| known.current_login.as_ref());
        Self {
            email: user.email.clone(),
            email_change: EmailChangeView::of(user, now),
            location: profile.location.clone(),
            role: user.role,
            permissions: user.permissions.clone(),
            active: user.is_active,
            banned_at: user.banned_at.map(Into::into),
            confirmed_at: user.confirmed_at.map(Into::into),
            login_count: credentials.map_or(0, |known| known.login_count),
            last_login_at: last_login.map(|login| login.at.into()),
        }
    }
}

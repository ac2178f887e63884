//! A user as somebody else sees them: members the public profile, admins all.

use kith_domain::{Bio, Email, Location, Permission, PersonName, PhotoKind, Role, User, UserId, Username};
use kith_http::{Cx, PhotoView, Result, Tagged, Time};
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

impl UserView {
    /// The user as `viewer` may see them.
    pub(crate) fn for_viewer(cx: &Cx, user: &User, viewer: &User) -> Result<Self> {
        let sees_all = viewer.role == Role::Admin || viewer.id == user.id;
        Ok(Self {
            id: user.id,
            username: user.username.clone(),
            name: user.name(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            bio: user.bio.clone(),
            profile_photo: PhotoView::of_user(cx, user, PhotoKind::ProfilePhoto)?,
            cover_photo: PhotoView::of_user(cx, user, PhotoKind::CoverPhoto)?,
            created_at: user.created_at.into(),
            updated_at: user.updated_at.into(),
            private: sees_all.then(|| PrivateView::of(user)),
        })
    }

    /// The same with the user's revision.
    pub(crate) fn tagged(cx: &Cx, user: &User, viewer: &User) -> Result<Tagged<Self>> {
        Ok(Tagged { rev: user.rev, view: Self::for_viewer(cx, user, viewer)? })
    }
}

impl PrivateView {
    fn of(user: &User) -> Self {
        Self {
            email: user.email.clone(),
            location: user.location.clone(),
            role: user.role,
            permissions: user.permissions.clone(),
            active: user.is_active,
            banned_at: user.banned_at.map(Into::into),
            confirmed_at: user.confirmed_at.map(Into::into),
            login_count: user.login_count,
            last_login_at: user.current_login.as_ref().map(|login| login.at.into()),
        }
    }
}

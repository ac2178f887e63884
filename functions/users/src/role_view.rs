//! What a user is and may do.

use kith_domain::{Permission, Role, User};
use kith_http::Tagged;
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A role and its holder's permissions.
#[derive(Serialize, ToSchema)]
pub struct RoleView {
    role: Role,
    permissions: BTreeSet<Permission>,
}

impl RoleView {
    /// The user's, with the user's revision.
    pub(crate) fn tagged(user: &User) -> Tagged<Self> {
        Tagged { rev: user.rev, view: Self { role: user.role, permissions: user.permissions.clone() } }
    }
}

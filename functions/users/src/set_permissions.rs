//! `PUT /v1/users/{user_id}/permissions`: says what a user may do.

use crate::role_view::RoleView;
use kith_domain::{Act, AuditEvent, Permission, User, UserId, rules};
use kith_http::{Admin, Cx, Function, IfMatch, IfMatchHeader, Json, Path, Problem, Result, Router, Setting, Tagged};
use kith_store::Along;
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("set-permissions", NEEDS, || Router::default().routes(routes!(set_permissions)))
}

/// The permissions to have, all of them; none is fine.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPermissions {
    permissions: BTreeSet<Permission>,
}

/// Say what a user may do
///
/// Takes effect on the user's next request. Not for another admin.
#[utoipa::path(
    put, path = "/v1/users/{user_id}/permissions", operation_id = "set-permissions", tag = "users",
    security(("bearer" = [])), request_body = NewPermissions, extensions(("x-kith-who" = json!("adm"))),
    params(IfMatchHeader, ("user_id" = UserId, Path)),
    responses((status = 200, description = "Role and permissions as they are now", body = RoleView, headers(("ETag"))))
)]
pub async fn set_permissions(
    cx: Cx,
    Admin { user: admin }: Admin,
    Path(id): Path<UserId>,
    IfMatch(rev): IfMatch,
    Json(new): Json<NewPermissions>,
) -> Result<Tagged<RoleView>> {
    let apply = |user: &mut User| {
        rules::may_manage(&admin, user)?;
        if user.banned_at.is_some() {
            return Err(Problem::bad_request("This user is banned. Lift the ban first."));
        }
        if new.permissions == user.permissions {
            return Ok(Along::default());
        }
        let before = std::mem::replace(&mut user.permissions, new.permissions.clone());
        user.touch(cx.now);
        let act = Act::PermissionsChanged { before, after: new.permissions.clone() };
        Ok(Along { audit: vec![AuditEvent::new(admin.id, id, act, cx.now)], ..Along::default() })
    };
    let user = cx.store.change_user(cx.store.user(id).await?, rev, cx.now, apply).await?;
    Ok(RoleView::tagged(&user))
}

//! `PUT /v1/users/{user_id}/role`: gives a user a role.

use crate::role_view::RoleView;
use kith_domain::{Act, AuditEvent, Role, User, UserId, rules};
use kith_http::{Admin, Cx, Function, IfMatch, IfMatchHeader, Json, Path, Problem, Result, Router, Setting, Tagged};
use kith_store::Along;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("set-role", NEEDS, || Router::default().routes(routes!(set_role)))
}

/// The role to give.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    role: Role,
}

/// Give a user a role
///
/// Takes effect on the user's next request. Not to yourself; and somebody always stays admin.
#[utoipa::path(
    put, path = "/v1/users/{user_id}/role", operation_id = "set-role", tag = "users", security(("bearer" = [])),
    request_body = NewRole, extensions(("x-kith-who" = json!("adm"))), params(IfMatchHeader, ("user_id" = UserId, Path)),
    responses((status = 200, description = "Role and permissions as they are now", body = RoleView, headers(("ETag"))))
)]
pub async fn set_role(
    cx: Cx,
    Admin { user: admin }: Admin,
    Path(id): Path<UserId>,
    IfMatch(rev): IfMatch,
    Json(new): Json<NewRole>,
) -> Result<Tagged<RoleView>> {
    let apply = |user: &mut User| {
        rules::may_give_role(&admin, user)?;
        if user.banned_at.is_some() {
            return Err(Problem::bad_request("This user is banned. Lift the ban first."));
        }
        if new.role == user.role {
            return Ok(Along::default());
        }
        // Whoever is the last admin must be able to be one.
        if new.role == Role::Admin && (!user.may_act() || user.confirmed_at.is_none()) {
            return Err(Problem::conflict("Only somebody who can log in can be admin."));
        }
        let act = Act::RoleChanged { before: user.role, after: new.role };
        user.role = new.role;
        user.touch(cx.now);
        Ok(Along { audit: vec![AuditEvent::new(admin.id, id, act, cx.now)], ..Along::default() })
    };
    let user = cx.store.change_user(cx.store.user(id).await?, rev, cx.now, apply).await?;
    Ok(RoleView::tagged(&user))
}

//! `GET /v1/users/{user_id}/role`: what a user is and may do.

use crate::role_view::RoleView;
use kith_domain::UserId;
use kith_http::{Admin, Cx, Function, Path, Result, Router, Setting, Tagged};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("show-role", NEEDS, || Router::default().routes(routes!(show_role)))
}

/// Show a user's role and permissions
#[utoipa::path(
    get, path = "/v1/users/{user_id}/role", operation_id = "show-role", tag = "users", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("adm"))), params(("user_id" = UserId, Path)),
    responses((status = 200, description = "Role and permissions", body = RoleView, headers(("ETag"))))
)]
pub async fn show_role(cx: Cx, _: Admin, Path(id): Path<UserId>) -> Result<Tagged<RoleView>> {
    Ok(RoleView::tagged(&cx.store.user(id).await?))
}

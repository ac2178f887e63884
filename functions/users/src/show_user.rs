//! `GET /v1/users/{user_id}`: a user.

use crate::user_view::{self, UserView};
use kith_domain::UserId;
use kith_http::{Caller, Cx, Function, Path, Result, Router, Setting, Tagged};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("show-user", NEEDS, || Router::default().routes(routes!(show_user)))
}

/// Show a user
///
/// Members see the public profile, admins and the user themselves all.
#[utoipa::path(
    get, path = "/v1/users/{user_id}", operation_id = "show-user", tag = "users", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("mem"))), params(("user_id" = UserId, Path)),
    responses((status = 200, description = "The user", body = UserView, headers(("ETag"))))
)]
pub async fn show_user(cx: Cx, caller: Caller, Path(id): Path<UserId>) -> Result<Tagged<UserView>> {
    let (who, person) = caller.admit(&cx, cx.store.person(id)).await?;
    user_view::shown(&cx, person, &who.user).await
}

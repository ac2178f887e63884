//! `GET /v1/users/by-username/{username}`: a user by name.

use crate::user_view::{self, UserView};
use kith_domain::Username;
use kith_http::{Caller, Cx, Function, Path, Result, Router, Setting, Tagged};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("find-user-by-username", NEEDS, || Router::default().routes(routes!(find_user_by_username)))
}

/// Find a user by username
///
/// In any case.
#[utoipa::path(
    get, path = "/v1/users/by-username/{username}", operation_id = "find-user-by-username", tag = "users",
    security(("bearer" = [])), extensions(("x-kith-who" = json!("mem"))), params(("username" = Username, Path)),
    responses((status = 200, description = "The user", body = UserView, headers(("ETag"))))
)]
pub async fn find_user_by_username(cx: Cx, caller: Caller, Path(name): Path<Username>) -> Result<Tagged<UserView>> {
    let (who, person) = caller.admit(&cx, cx.store.person_named(&name)).await?;
    user_view::shown(&cx, person, &who.user).await
}

//! `GET /v1/me`: one's own account.

use crate::me::Me;
use kith_domain::Person;
use kith_http::{Caller, Cx, Function, Result, Router, Setting, Tagged};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("show-me", NEEDS, || Router::default().routes(routes!(show_me)))
}

/// Show your account
#[utoipa::path(
    get, path = "/v1/me", operation_id = "show-me", tag = "accounts", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("own"))),
    responses((status = 200, description = "Your account", body = Me, headers(("ETag"))))
)]
pub async fn show_me(cx: Cx, caller: Caller) -> Result<Tagged<Me>> {
    let own = cx.store.profile_and_credentials(caller.id());
    let (who, (profile, credentials)) = caller.admit(&cx, own).await?;
    Me::tagged(&cx, Person { user: who.user, profile }, credentials)
}

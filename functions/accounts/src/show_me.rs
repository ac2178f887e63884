//! `GET /v1/me`: one's own account.

use crate::me::Me;
use kith_http::{Cx, Function, Member, Result, Router, Setting, Tagged};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl, Setting::ImagesBucket];
    Function::route("show-me", NEEDS, || Router::default().routes(routes!(show_me)))
}

/// Show your account
#[utoipa::path(
    get, path = "/v1/me", operation_id = "show-me", tag = "accounts", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("own"))),
    responses((status = 200, description = "Your account", body = Me, headers(("ETag"))))
)]
pub async fn show_me(cx: Cx, who: Member) -> Result<Tagged<Me>> {
    Me::tagged(&cx, who.user)
}

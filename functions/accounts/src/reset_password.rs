//! `POST /v1/auth/password/reset`: sets a new password by the token of a mailed link.

use kith_domain::{Password, Purpose};
use kith_http::{Cx, Function, Json, NoContent, Result, Router, Setting};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName];
    Function::route("reset-password", NEEDS, || Router::default().routes(routes!(reset_password)))
}

/// What the mailed link carries, and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    #[schema(max_length = 128)]
    token: String,
    password: Password,
}

/// Set a new password
///
/// Works once, for an hour. All sessions end.
#[utoipa::path(
    post, path = "/v1/auth/password/reset", operation_id = "reset-password", tag = "accounts", request_body = Reset,
    extensions(("x-kith-who" = json!("pub"))),
    responses((status = 204, description = "Done: log in with the new password"))
)]
pub async fn reset_password(cx: Cx, Json(reset): Json<Reset>) -> Result<NoContent> {
    let link = cx.user_link(Purpose::PasswordReset, &reset.token).await?;
    cx.reset_password(link, &reset.password).await?;
    Ok(NoContent)
}

//! `POST /v1/auth/logout`: ends the session of the token that is sent.

use kith_http::{Cx, Function, Member, NoContent, Result, Router, Setting};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("log-out", NEEDS, || Router::default().routes(routes!(log_out)))
}

/// Log out
#[utoipa::path(
    post, path = "/v1/auth/logout", operation_id = "log-out", tag = "accounts", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("own"))),
    responses((status = 204, description = "The session and its tokens have ended"))
)]
pub async fn log_out(cx: Cx, who: Member) -> Result<NoContent> {
    cx.store.end_session(who.user.id, who.session.id).await?;
    Ok(NoContent)
}

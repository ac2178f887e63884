//! `DELETE /v1/auth/sessions`: ends all of one's sessions, this one too.

use kith_http::{Cx, Function, Member, NoContent, Result, Router, Setting};
use kith_store::StoreError;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("revoke-all-sessions", NEEDS, || Router::default().routes(routes!(revoke_all_sessions)))
}

/// End all sessions
#[utoipa::path(
    delete, path = "/v1/auth/sessions", operation_id = "revoke-all-sessions", tag = "accounts", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("own"))),
    responses((status = 204, description = "Every token of yours has ended, this one too"))
)]
pub async fn revoke_all_sessions(cx: Cx, who: Member) -> Result<NoContent> {
    match cx.store.end_all_sessions(&who.user).await {
        // Whoever is gone meanwhile has none.
        Ok(()) | Err(StoreError::NotFound) => Ok(NoContent),
        Err(error) => Err(error.into()),
    }
}

//! `DELETE /v1/auth/sessions/{session_id}`: ends one of one's sessions.

use kith_domain::SessionId;
use kith_http::{Cx, Function, Member, NoContent, Path, Problem, Result, Router, Setting};
use kith_store::StoreError;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("revoke-session", NEEDS, || Router::default().routes(routes!(revoke_session)))
}

/// End a session
#[utoipa::path(
    delete, path = "/v1/auth/sessions/{session_id}", operation_id = "revoke-session", tag = "accounts",
    security(("bearer" = [])), extensions(("x-kith-who" = json!("own"))), params(("session_id" = SessionId, Path)),
    responses((status = 204, description = "It has ended, and its tokens with it"))
)]
pub async fn revoke_session(cx: Cx, who: Member, Path(session): Path<SessionId>) -> Result<NoContent> {
    match cx.store.revoke_session(&who.user, session, cx.now).await {
        Ok(()) => Ok(NoContent),
        // One's own, which was ended elsewhere since the request was let in.
        Err(StoreError::NotFound) if session == who.session.id => Err(Problem::unauthorized(true)),
        Err(error) => Err(error.into()),
    }
}

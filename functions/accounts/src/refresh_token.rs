//! `POST /v1/auth/refresh`: exchanges a refresh token for a new pair.

use crate::tokens::Tokens;
use kith_crypto::RefreshToken;
use kith_domain::{Refusal, Session};
use kith_http::{Cx, Function, Json, Problem, Result, Router, Secret, Setting};
use kith_store::Rotation;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl, Setting::SigningSecret];
    Function::route("refresh-token", NEEDS, || Router::default().routes(routes!(refresh_token)))
}

/// The newest refresh token of a session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    #[schema(max_length = 128)]
    refresh_token: String,
}

/// Get a new pair of tokens
///
/// Each refresh token is good once. Used again within 10 seconds it is refused and nothing else happens; used again
/// later, the session ends, since somebody has a copy.
#[utoipa::path(
    post, path = "/v1/auth/refresh", operation_id = "refresh-token", tag = "accounts", request_body = Refresh,
    extensions(("x-kith-who" = json!("pub"))),
    responses((status = 200, description = "The new pair; the old refresh token is used up", body = Tokens))
)]
pub async fn refresh_token(cx: Cx, Json(refresh): Json<Refresh>) -> Result<Secret<Tokens>> {
    let signer = cx.signer().await?;
    let presented = RefreshToken::parse(&refresh.refresh_token).ok_or_else(Problem::wrong_refresh_token)?;
    let found = cx.store.user_and_session(presented.user, presented.session).await?;
    let alive = found.filter(|(user, session)| user.admits(session, cx.now));
    let (user, mut session) = alive.ok_or_else(Problem::wrong_refresh_token)?;
    judge(&cx, &session, &presented).await?;
    let next = presented.rotated();
    let access = cx.access_token(&signer, user.id, session.id)?;
    session.rotate(next.current.hash().to_string(), &cx.request_id, &cx.client.address, cx.now);
    match cx.store.rotate(&session, &presented.current.hash().to_string(), cx.now).await? {
        Rotation::Done => Ok(Secret(Tokens::new(access, &next))),
        Rotation::Lost(current) => judge(&cx, &current, &presented).await.and(Err(Problem::wrong_refresh_token())),
    }
}

/// Lets the newest token pass, and ends the session on the use of an old one.
async fn judge(cx: &Cx, session: &Session, used: &RefreshToken) -> Result<()> {
    match session.judge(&used.family.hash().to_string(), &used.current.hash().to_string(), cx.now) {
        Ok(()) => Ok(()),
        Err(Refusal::Reused) => {
            cx.store.end_session(session.user, session.id).await?;
            Err(Problem::wrong_refresh_token())
        }
        Err(Refusal::Unknown | Refusal::JustReplaced) => Err(Problem::wrong_refresh_token()),
    }
}

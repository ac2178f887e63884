//! `POST /v1/auth/refresh`: exchanges a refresh token for a new pair.

use crate::tokens::Tokens;
use kith_crypto::{RefreshToken, Secret as Random};
use kith_domain::{Refusal, Session};
use kith_http::{Cx, Function, Json, Problem, Result, Router, Secret, Setting, Signer};
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
/// Each refresh token is good once. Sent again within 30 seconds, because an answer got lost or several tabs woke
/// together, it gets the same answer; later the session ends, since somebody has a copy.
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
    let (_, mut session) = alive.ok_or_else(Problem::wrong_refresh_token)?;
    if let Some(newest) = follow(&cx, &session, &presented).await? {
        return pair(&cx, &signer, &session, &newest);
    }
    if !session.may_rotate(cx.now) {
        return pair(&cx, &signer, &session, &presented);
    }
    let salt = Random::<16>::generate().encode();
    let next = presented.next(&salt);
    session.rotate(next.current.hash().to_string(), salt.to_string(), &cx.client.address, cx.now);
    match cx.store.rotate(&session, &presented.current.hash().to_string(), cx.now).await? {
        Rotation::Done => pair(&cx, &signer, &session, &next),
        Rotation::Already(session) => match follow(&cx, &session, &presented).await? {
            Some(newest) => pair(&cx, &signer, &session, &newest),
            None => Err(Problem::wrong_refresh_token()),
        },
        Rotation::Ended => Err(Problem::wrong_refresh_token()),
    }
}

/// What a token that was replaced a moment ago leads to; `None` for the newest one. The use of an old one ends the
/// session.
async fn follow(cx: &Cx, session: &Session, used: &RefreshToken) -> Result<Option<RefreshToken>> {
    match session.judge(&used.family.hash().to_string(), &used.current.hash().to_string(), cx.now) {
        Ok([]) => Ok(None),
        Ok(way) => Ok(Some(way.iter().fold(used.clone(), |token, replaced| token.next(&replaced.salt)))),
        Err(Refusal::Reused) => {
            cx.store.end_session(session.user, session.id).await?;
            Err(Problem::wrong_refresh_token())
        }
        Err(Refusal::Unknown) => Err(Problem::wrong_refresh_token()),
    }
}

/// The answer that goes with the session's newest refresh token, the same however often it is given.
fn pair(cx: &Cx, signer: &Signer, session: &Session, newest: &RefreshToken) -> Result<Secret<Tokens>> {
    Ok(Secret(Tokens::new(cx.access_token(signer, newest, session.rotated_at)?, newest)))
}

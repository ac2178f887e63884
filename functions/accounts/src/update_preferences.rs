//! `PATCH /v1/me/preferences`: changes what one wants to receive.

use crate::oneself::or_ended;
use kith_domain::{Preferences, PreferencesChange, User};
use kith_http::{Cx, Function, IfMatch, IfMatchHeader, Json, Member, Problem, Result, Router, Setting, Tagged};
use kith_store::Along;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("update-preferences", NEEDS, || Router::default().routes(routes!(update_preferences)))
}

/// Change your preferences
///
/// Only what is sent changes.
#[utoipa::path(
    patch, path = "/v1/me/preferences", operation_id = "update-preferences", tag = "accounts", security(("bearer" = [])),
    request_body = PreferencesChange, params(IfMatchHeader), extensions(("x-kith-who" = json!("own"))),
    responses((status = 200, description = "What you want to receive now", body = Preferences, headers(("ETag"))))
)]
pub async fn update_preferences(
    cx: Cx,
    who: Member,
    IfMatch(rev): IfMatch,
    Json(change): Json<PreferencesChange>,
) -> Result<Tagged<Preferences>> {
    let apply = |user: &mut User| {
        user.preferences.apply(&change);
        user.touch(cx.now);
        Ok::<_, Problem>(Along::default())
    };
    let user = cx.store.change_user(who.user, rev, cx.now, apply).await.map_err(or_ended)?;
    Ok(Tagged { rev: user.rev, view: user.preferences })
}

//! `PATCH /v1/me/preferences`: changes what one wants to receive.

use crate::oneself::or_ended;
use kith_domain::{Preferences, PreferencesChange};
use kith_http::{Cx, Function, IfMatch, IfMatchHeader, Json, Myself, Result, Router, Setting, Tagged};
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
    who: Myself,
    IfMatch(rev): IfMatch,
    Json(change): Json<PreferencesChange>,
) -> Result<Tagged<Preferences>> {
    let changed = cx.store.change_preferences(who.person.profile, rev, |profile| profile.prefer(&change)).await;
    let profile = changed.map_err(|error| or_ended(error.into()))?;
    Ok(Tagged { rev: profile.preferences_rev, view: profile.preferences })
}

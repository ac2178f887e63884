//! `GET /v1/me/preferences`: what one wants to receive.

use kith_domain::Preferences;
use kith_http::{Caller, Cx, Function, Result, Router, Setting, Tagged};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("show-preferences", NEEDS, || Router::default().routes(routes!(show_preferences)))
}

/// Show your preferences
#[utoipa::path(
    get, path = "/v1/me/preferences", operation_id = "show-preferences", tag = "accounts", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("own"))),
    responses((status = 200, description = "What you want to receive", body = Preferences, headers(("ETag"))))
)]
pub async fn show_preferences(cx: Cx, caller: Caller) -> Result<Tagged<Preferences>> {
    let profile = cx.store.profile(caller.id());
    let (_, profile) = caller.admit(&cx, profile).await?;
    Ok(Tagged { rev: profile.preferences_rev, view: profile.preferences })
}

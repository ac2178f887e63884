//! `PUT /v1/me/password`: sets a new password by the current one.

use crate::current_password;
use crate::oneself::or_ended;
use kith_crypto::password;
use kith_domain::{Password, Purpose, Task, User, Work};
use kith_http::{Cx, Function, Json, Member, NoContent, Problem, Result, Router, Setting, check_password};
use kith_store::Along;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("change-password", NEEDS, || Router::default().routes(routes!(change_password)))
}

/// The current password and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    #[schema(value_type = String, format = Password, max_length = 1024)]
    current_password: SecretString,
    new_password: Password,
}

/// Change your password
///
/// All other sessions end; this one goes on.
#[utoipa::path(
    put, path = "/v1/me/password", operation_id = "change-password", tag = "accounts", security(("bearer" = [])),
    request_body = PasswordChange, extensions(("x-kith-who" = json!("own"))),
    responses((status = 204, description = "Changed; all other sessions have ended"))
)]
pub async fn change_password(cx: Cx, who: Member, Json(change): Json<PasswordChange>) -> Result<NoContent> {
    check_password("/new_password", &change.new_password, &who.user.username, &who.user.email)?;
    current_password::check(&cx, &who.user, &change.current_password).await?;
    let verified = who.user.password_hash.clone();
    let hash = password::hash(change.new_password.secret()).await?;
    let apply = |user: &mut User| {
        // Somebody else changed it between our check and this write.
        if user.password_hash != verified {
            return Err(Problem::wrong_password());
        }
        user.password_hash = Some(hash.clone());
        user.end_sessions();
        user.touch(cx.now);
        let tasks = vec![Task::new(Work::MailPasswordChanged { user: user.id }, cx.now)];
        let dropped_links = vec![Purpose::EmailChange, Purpose::PasswordReset];
        Ok(Along { tasks, dropped_links, surviving_session: Some(who.session.id), ..Along::default() })
    };
    cx.store.change_user(who.user, None, cx.now, apply).await.map(|_| NoContent).map_err(or_ended)
}

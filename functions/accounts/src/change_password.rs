//! `PUT /v1/me/password`: sets a new password by the current one.

use crate::current_password;
use crate::oneself::or_ended;
use kith_crypto::password;
use kith_domain::{Password, Person, Purpose, Task, User, Work};
use kith_http::{Cx, Function, Json, Myself, NoContent, Problem, Result, Router, Setting, check_password};
use kith_store::{Along, NewPassword};
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
pub async fn change_password(cx: Cx, who: Myself, Json(change): Json<PasswordChange>) -> Result<NoContent> {
    let Person { user, profile } = who.person;
    check_password("/new_password", &change.new_password, &profile.username, &user.email)?;
    let verified = current_password::check(&cx, user.id, &change.current_password).await?;
    let hash = password::hash(change.new_password.secret()).await?;
    let new_password = NewPassword { hash, verified: Some(verified) };
    let apply = |user: &mut User| {
        // The account may have been shut while the password was checked; whether that has changed the table asks.
        if !user.may_act() {
            return Err(Problem::unauthorized(true));
        }
        user.end_sessions();
        user.touch(cx.now);
        Ok(Along {
            tasks: vec![Task::new(Work::MailPasswordChanged { user: user.id }, cx.now)],
            dropped_links: vec![Purpose::PasswordReset],
            surviving_session: Some(who.session.id),
            new_password: Some(new_password.clone()),
            ..Along::default()
        })
    };
    cx.store.change_user(user, None, cx.now, apply).await.map(|_| NoContent).map_err(or_ended)
}

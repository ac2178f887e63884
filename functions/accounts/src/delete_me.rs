//! `DELETE /v1/me`: deletes one's own account and everything in it.

use crate::current_password;
use crate::oneself::or_ended;
use kith_domain::{Act, AuditEvent, User};
use kith_http::{Cx, Function, Json, Member, NoContent, Problem, Result, Router, Setting};
use kith_store::Along;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("delete-me", NEEDS, || Router::default().routes(routes!(delete_me)))
}

/// The proof that it is you.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Farewell {
    #[schema(value_type = String, format = Password, max_length = 1024)]
    current_password: SecretString,
}

/// Delete your account
///
/// From this answer on the account is gone for everybody; what was in it is erased within minutes, and a mail tells
/// when that is done.
#[utoipa::path(
    delete, path = "/v1/me", operation_id = "delete-me", tag = "accounts", security(("bearer" = [])),
    request_body = Farewell, extensions(("x-kith-who" = json!("own"))),
    responses((status = 204, description = "Gone; all sessions have ended"))
)]
pub async fn delete_me(cx: Cx, who: Member, Json(farewell): Json<Farewell>) -> Result<NoContent> {
    current_password::check(&cx, who.user.id, &farewell.current_password).await?;
    let apply = |user: &mut User| {
        // The session may have been ended while the password was checked.
        if !user.admits(&who.session, cx.now) {
            return Err(Problem::unauthorized(true));
        }
        let task = user.begin_erasing(cx.now);
        let audit = AuditEvent::new(user.id, user.id, Act::UserDeleted, cx.now);
        Ok(Along { tasks: vec![task], audit: vec![audit], ..Along::default() })
    };
    cx.store.change_user(who.user, None, cx.now, apply).await.map(|_| NoContent).map_err(or_ended)
}

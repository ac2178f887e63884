//! `POST /v1/auth/password/forgot`: mails a link that sets a new password.

use kith_domain::{Email, Task, Work};
use kith_http::{Accepted, Cx, Function, Json, MAIL_REQUESTS, Result, Router, Setting};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName];
    Function::route("request-password-reset", NEEDS, || Router::default().routes(routes!(request_password_reset)))
}

/// Whose password is forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Forgotten {
    email: Email,
}

/// Mail a link that sets a new password
///
/// Does and answers the same for every address; what is mailed, if anything, is decided later.
#[utoipa::path(
    post, path = "/v1/auth/password/forgot", operation_id = "request-password-reset", tag = "accounts",
    request_body = Forgotten, extensions(("x-kith-who" = json!("pub"))),
    responses((status = 202, description = "If this address has an account, a mail is on its way"))
)]
pub async fn request_password_reset(cx: Cx, Json(Forgotten { email }): Json<Forgotten>) -> Result<Accepted> {
    cx.limit(&MAIL_REQUESTS, &cx.client.network()).await?;
    cx.store.leave_task(&Task::new(Work::MailPasswordReset { email }, cx.now)).await?;
    Ok(Accepted)
}

//! `POST /v1/auth/confirm/resend`: mails another link for each registration of an address.

use kith_domain::{Email, Task, Work};
use kith_http::{Accepted, Cx, Function, Json, MAIL_REQUESTS, Result, Router, Setting};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName];
    Function::route("resend-confirmation", NEEDS, || Router::default().routes(routes!(resend_confirmation)))
}

/// Whose link got lost.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    email: Email,
}

/// Mail another confirmation link
///
/// Does and answers the same for every address; what is mailed, if anything, is decided later.
#[utoipa::path(
    post, path = "/v1/auth/confirm/resend", operation_id = "resend-confirmation", tag = "accounts", request_body = Address,
    extensions(("x-kith-who" = json!("pub"))),
    responses((status = 202, description = "If this address waits for confirmation, a mail is on its way"))
)]
pub async fn resend_confirmation(cx: Cx, Json(Address { email }): Json<Address>) -> Result<Accepted> {
    cx.limit(&MAIL_REQUESTS, &cx.client.network()).await?;
    let asked_from = cx.client.network_hash();
    cx.store.leave_task(&Task::new(Work::MailConfirmationAgain { email, asked_from }, cx.now)).await?;
    Ok(Accepted)
}

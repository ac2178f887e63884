//! `POST /v1/auth/email-change/undo`: withdraws or undoes another address by the token of a link that was mailed to the
//! one before.

use kith_http::{Cx, Function, Json, NoContent, Result, Router, Setting};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    Function::route("undo-email-change", &[Setting::TableName], || Router::default().routes(routes!(undo_email_change)))
}

/// What the mailed link carries.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailChangeUndo {
    #[schema(max_length = 128)]
    token: String,
}

/// Undo a change of the e-mail address
///
/// By the link that the address before was mailed. While the new one waits to be confirmed, it ends the wish. For seven
/// days after the change it gives the address back: all sessions end, the password is good no more, and a mail brings a
/// link that sets a new one.
#[utoipa::path(
    post, path = "/v1/auth/email-change/undo", operation_id = "undo-email-change", tag = "accounts",
    request_body = EmailChangeUndo, extensions(("x-kith-who" = json!("pub"))),
    responses((status = 204, description = "The account has the address that the link was mailed to"))
)]
pub async fn undo_email_change(cx: Cx, Json(undo): Json<EmailChangeUndo>) -> Result<NoContent> {
    let link = cx.undo_link(&undo.token).await?;
    cx.undo_email_change(link).await?;
    Ok(NoContent)
}

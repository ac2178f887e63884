//! `POST /v1/auth/confirm`: confirms the address of a registration by the token of a mailed link.

use kith_http::{Cx, Function, Json, NoContent, Result, Router, Setting};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::AdminEmails];
    Function::route("confirm-email", NEEDS, || Router::default().routes(routes!(confirm_email)))
}

/// What the mailed link carries.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    #[schema(max_length = 128)]
    token: String,
}

/// Confirm an e-mail address
///
/// Works once, for 24 hours. Everything else registered for the same address ends.
#[utoipa::path(
    post, path = "/v1/auth/confirm", operation_id = "confirm-email", tag = "accounts", request_body = Confirmation,
    extensions(("x-kith-who" = json!("pub"))),
    responses((status = 204, description = "Confirmed: log in now"))
)]
pub async fn confirm_email(cx: Cx, Json(confirmation): Json<Confirmation>) -> Result<NoContent> {
    let link = cx.confirmation_link(&confirmation.token).await?;
    cx.confirm(link).await?;
    Ok(NoContent)
}

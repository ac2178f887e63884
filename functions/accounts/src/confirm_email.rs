//! `POST /v1/auth/confirm`: confirms the address of a registration by the token of a mailed link.

use kith_http::{Cx, Function, Json, NoContent, Result, Router, Setting};
use secrecy::SecretString;
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
    /// That of the registration, so that nobody who registers with somebody else's address gains anything by a press of
    /// the owner's. Needed for a registration; a new address of an account needs none.
    #[schema(value_type = Option<String>, format = Password, max_length = 128)]
    password: Option<SecretString>,
}

/// Confirm an e-mail address
///
/// Works once, for 24 hours, and for a registration only with its password: 403 where that is wrong, and the link stays.
/// Everything else registered for the same address ends.
#[utoipa::path(
    post, path = "/v1/auth/confirm", operation_id = "confirm-email", tag = "accounts", request_body = Confirmation,
    extensions(("x-kith-who" = json!("pub"))),
    responses((status = 204, description = "Confirmed: log in now"))
)]
pub async fn confirm_email(cx: Cx, Json(confirmation): Json<Confirmation>) -> Result<NoContent> {
    let link = cx.confirmation_link(&confirmation.token).await?;
    cx.prove(&link, confirmation.password.as_ref()).await?;
    cx.confirm(link).await?;
    Ok(NoContent)
}

//! `POST /v1/auth/invitation`: turns an invitation into an account that can be used.

use kith_domain::{Password, PersonName, Purpose, Username};
use kith_http::{Cx, Function, Json, Newcomer, NoContent, Result, Router, Setting};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::AdminEmails];
    Function::route("accept-invitation", NEEDS, || Router::default().routes(routes!(accept_invitation)))
}

/// What the mailed link carries, and what the invited person tells of themselves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    #[schema(max_length = 128)]
    token: String,
    password: Password,
    /// Another username than the one that was made up.
    username: Option<Username>,
    first_name: PersonName,
    last_name: PersonName,
}

/// Accept an invitation
///
/// Works once, for seven days.
#[utoipa::path(
    post, path = "/v1/auth/invitation", operation_id = "accept-invitation", tag = "accounts", request_body = Acceptance,
    extensions(("x-kith-who" = json!("pub"))),
    responses((status = 204, description = "Done: log in with the password"))
)]
pub async fn accept_invitation(cx: Cx, Json(acceptance): Json<Acceptance>) -> Result<NoContent> {
    let link = cx.user_link(Purpose::Invitation, &acceptance.token).await?;
    let Acceptance { password, username, first_name, last_name, .. } = acceptance;
    cx.accept_invitation(link, Newcomer { password, username, first_name, last_name }).await?;
    Ok(NoContent)
}

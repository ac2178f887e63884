//! `GET /reset-password`: the page that the mailed link for a new password opens. It changes nothing, since mail
//! scanners open links, too; its form posts to `submit-reset-password-page`.

use crate::mailed::{LinkQuery, Mailed, token_of, told};
use crate::reset_password_form::form;
use axum::response::Response;
use kith_domain::Purpose;
use kith_http::{Cx, Function, Html, Result, Router, Setting};
use kith_pages::Faults;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName];
    Function::route("show-reset-password-page", NEEDS, || Router::default().routes(routes!(show_reset_password_page)))
}

/// Show the page that sets a new password
///
/// Opening it changes nothing, however often.
#[utoipa::path(
    get, path = "/reset-password", operation_id = "show-reset-password-page", tag = "site",
    extensions(("x-kith-who" = json!("pub"))), params(("token" = String, Query, description = "From the mail")),
    responses(
        (status = 200, description = "A page with a form", body = String, content_type = "text/html"),
        (status = 400, description = "The link does not work; the page says what to do", body = String, content_type = "text/html")
    )
)]
pub async fn show_reset_password_page(cx: Cx, link: LinkQuery) -> Result<Response> {
    told(&cx, Mailed::PasswordReset, opened(&cx, &token_of(link)).await)
}

async fn opened(cx: &Cx, token: &str) -> Result<Html> {
    let link = cx.user_link(Purpose::PasswordReset, token).await?;
    form(&link.person.profile.username, token, &Faults::default())
}

//! `GET /accept-invitation`: the page that the link of an invitation opens. It changes nothing, since mail scanners
//! open links, too; its form posts to `submit-accept-invitation-page`.

use crate::accept_invitation_form::{Values, form};
use crate::mailed::{LinkQuery, Mailed, token_of, told};
use axum::http::StatusCode;
use axum::response::Response;
use kith_domain::{PersonName, Purpose};
use kith_http::{Cx, Function, Html, Result, Router, Setting};
use kith_pages::Faults;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName];
    Function::route("show-accept-invitation-page", NEEDS, || {
        Router::default().routes(routes!(show_accept_invitation_page))
    })
}

/// Show the page that accepts an invitation
///
/// Opening it changes nothing, however often.
#[utoipa::path(
    get, path = "/accept-invitation", operation_id = "show-accept-invitation-page", tag = "site",
    extensions(("x-kith-who" = json!("pub"))), params(("token" = String, Query, description = "From the mail")),
    responses(
        (status = 200, description = "A page with a form", body = String, content_type = "text/html"),
        (status = 400, description = "The link does not work; the page says what to do", body = String, content_type = "text/html")
    )
)]
pub async fn show_accept_invitation_page(cx: Cx, link: LinkQuery) -> Result<Response> {
    told(&cx, Mailed::Invitation, opened(&cx, &token_of(link)).await)
}

async fn opened(cx: &Cx, token: &str) -> Result<Html> {
    let profile = cx.user_link(Purpose::Invitation, token).await?.person.profile;
    let values = Values {
        token,
        // An admin may have told them already.
        first_name: profile.first_name.as_ref().map_or("", PersonName::as_str),
        last_name: profile.last_name.as_ref().map_or("", PersonName::as_str),
        username: profile.username.as_str(),
    };
    form(StatusCode::OK, values, &Faults::default())
}

//! `GET /confirm`: the page that a mailed confirmation link opens. It changes nothing, since mail scanners open links,
//! too; its buttons post to `submit-confirm-page`.

use crate::confirm_form::form;
use crate::mailed::{LinkQuery, Mailed, token_of, told};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use kith_http::{ConfirmationLink, Cx, Function, Html, RepeatKey, Result, Router, Setting};
use kith_pages::{Faults, page};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    Function::route("show-confirm-page", &[Setting::TableName], || Router::default().routes(routes!(show_confirm_page)))
}

#[derive(Template)]
#[template(path = "confirm_new_address.html")]
struct ConfirmNewAddress<'a> {
    username: &'a str,
    email: &'a str,
    token: &'a str,
    /// What makes two presses of a button one.
    key: &'a str,
}

/// Show the page that confirms an e-mail address
///
/// Opening it changes nothing, however often.
#[utoipa::path(
    get, path = "/confirm", operation_id = "show-confirm-page", tag = "site",
    extensions(("x-kith-who" = json!("pub"))), params(("token" = String, Query, description = "From the mail")),
    responses(
        (status = 200, description = "A page with two buttons, and for a registration a field for its password", body = String, content_type = "text/html"),
        (status = 400, description = "The link does not work; the page says what to do", body = String, content_type = "text/html")
    )
)]
pub async fn show_confirm_page(cx: Cx, link: LinkQuery) -> Result<Response> {
    told(&cx, Mailed::Confirmation, opened(&cx, &token_of(link)).await)
}

async fn opened(cx: &Cx, token: &str) -> Result<Html> {
    let link = cx.confirmation_link(token).await?;
    match &link {
        ConfirmationLink::Registration { .. } => form(link.username(), token, &Faults::default()),
        ConfirmationLink::NewEmail(opened) => {
            let (username, email) = (link.username().as_str(), opened.link.email.as_str());
            let key = &RepeatKey::for_form();
            page(StatusCode::OK, &ConfirmNewAddress { username, email, token, key })
        }
    }
}

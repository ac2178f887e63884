//! `GET /undo-email-change`: the page behind the link that the address of an account is mailed when another one is
//! wanted. It changes nothing, since mail scanners open links, too; its button posts to `submit-undo-email-change-page`.

use crate::mailed::{LinkQuery, Mailed, token_of, told};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use kith_domain::Undo;
use kith_http::{Cx, Function, Html, RepeatKey, Result, Router, Setting};
use kith_pages::page;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName];
    Function::route("show-undo-email-change-page", NEEDS, || {
        Router::default().routes(routes!(show_undo_email_change_page))
    })
}

#[derive(Template)]
#[template(path = "undo_email_change.html")]
struct UndoEmailChange<'a> {
    username: &'a str,
    /// Whether the account has another address already.
    is_changed: bool,
    token: &'a str,
    /// What makes two presses of the button one.
    key: &'a str,
}

/// Show the page that undoes a change of the e-mail address
///
/// Opening it changes nothing, however often.
#[utoipa::path(
    get, path = "/undo-email-change", operation_id = "show-undo-email-change-page", tag = "site",
    extensions(("x-kith-who" = json!("pub"))), params(("token" = String, Query, description = "From the mail")),
    responses(
        (status = 200, description = "A page with a button", body = String, content_type = "text/html"),
        (status = 400, description = "The link does not work; the page says what to do", body = String, content_type = "text/html")
    )
)]
pub async fn show_undo_email_change_page(cx: Cx, link: LinkQuery) -> Result<Response> {
    told(&cx, Mailed::EmailUndo, opened(&cx, &token_of(link)).await)
}

async fn opened(cx: &Cx, token: &str) -> Result<Html> {
    let link = cx.undo_link(token).await?;
    let is_changed = matches!(link.undo, Undo::GiveBack(_));
    let (username, key) = (link.person.profile.username.as_str(), &RepeatKey::for_form());
    page(StatusCode::OK, &UndoEmailChange { username, is_changed, token, key })
}

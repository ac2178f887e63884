//! `POST /confirm`: what the buttons of the confirmation page send.

use crate::mailed::{Mailed, told};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use kith_http::{ConfirmationLink, Cx, Form, Function, Html, Result, Router, Setting};
use kith_pages::page;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::AdminEmails];
    Function::route("submit-confirm-page", NEEDS, || Router::default().routes(routes!(submit_confirm_page)))
}

/// The form of the page.
#[derive(Deserialize, ToSchema)]
pub struct ConfirmForm {
    /// From the mailed link.
    #[schema(max_length = 128)]
    token: String,
    answer: ConfirmAnswer,
}

/// Which button was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmAnswer {
    /// "Confirm my address": the registration becomes an account, or the account gets its new address.
    Confirm,
    /// "This was not me": the registration is destroyed, or the account keeps its address.
    NotMe,
}

#[derive(Template)]
#[template(path = "confirmed.html")]
struct Confirmed<'a> {
    username: &'a str,
}

#[derive(Template)]
#[template(path = "withdrawn.html")]
struct Withdrawn;

#[derive(Template)]
#[template(path = "new_address_confirmed.html")]
struct NewAddressConfirmed<'a> {
    username: &'a str,
}

#[derive(Template)]
#[template(path = "new_address_dropped.html")]
struct NewAddressDropped;

/// Confirm an e-mail address, or say that it was not you, from the page
#[utoipa::path(
    post, path = "/confirm", operation_id = "submit-confirm-page", tag = "site",
    extensions(("x-kith-who" = json!("pub"))),
    request_body(content = ConfirmForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A page with the outcome", body = String, content_type = "text/html"),
        (status = 400, description = "The link does not work; the page says what to do", body = String, content_type = "text/html")
    )
)]
pub async fn submit_confirm_page(cx: Cx, form: Result<Form<ConfirmForm>>) -> Result<Response> {
    told(&cx, Mailed::Confirmation, outcome(&cx, form).await)
}

async fn outcome(cx: &Cx, form: Result<Form<ConfirmForm>>) -> Result<Html> {
    let Form(form) = form?;
    let link = cx.confirmation_link(&form.token).await?;
    let username = link.username().to_string();
    let is_registration = matches!(link, ConfirmationLink::Registration { .. });
    match form.answer {
        ConfirmAnswer::Confirm => cx.confirm(link).await?,
        ConfirmAnswer::NotMe => cx.withdraw(link).await?,
    }
    match (form.answer, is_registration) {
        (ConfirmAnswer::Confirm, true) => page(StatusCode::OK, &Confirmed { username: &username }),
        (ConfirmAnswer::Confirm, false) => page(StatusCode::OK, &NewAddressConfirmed { username: &username }),
        (ConfirmAnswer::NotMe, true) => page(StatusCode::OK, &Withdrawn),
        (ConfirmAnswer::NotMe, false) => page(StatusCode::OK, &NewAddressDropped),
    }
}

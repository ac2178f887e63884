//! `POST /undo-email-change`: what the button of the page sends.

use crate::mailed::{Mailed, again, told};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use kith_domain::Undo;
use kith_http::{Cx, Form, Function, Html, Press, Result, Router, Setting};
use kith_pages::page;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName];
    Function::route("submit-undo-email-change-page", NEEDS, || {
        Router::default().routes(routes!(submit_undo_email_change_page))
    })
}

/// The form of the page.
#[derive(Deserialize, ToSchema)]
pub struct UndoEmailChangeForm {
    /// From the mailed link.
    #[schema(max_length = 128)]
    token: String,
    /// Made up for each time that the page is shown: the same form sent again is told of the same success.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 16, max_length = 128)]
    key: SecretString,
}

#[derive(Template)]
#[template(path = "email_change_withdrawn.html")]
struct EmailChangeWithdrawn<'a> {
    username: &'a str,
}

#[derive(Template)]
#[template(path = "email_change_undone.html")]
struct EmailChangeUndone<'a> {
    username: &'a str,
}

/// Undo a change of the e-mail address from the page
#[utoipa::path(
    post, path = "/undo-email-change", operation_id = "submit-undo-email-change-page", tag = "site",
    extensions(("x-kith-who" = json!("pub"))),
    request_body(content = UndoEmailChangeForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The account has the address that the link was mailed to; the page says what to do next, also when the same form is sent again", body = String, content_type = "text/html"),
        (status = 400, description = "The link does not work; the page says what to do", body = String, content_type = "text/html")
    )
)]
pub async fn submit_undo_email_change_page(cx: Cx, form: Result<Form<UndoEmailChangeForm>>) -> Result<Response> {
    told(&cx, Mailed::EmailUndo, outcome(&cx, form).await)
}

async fn outcome(cx: &Cx, form: Result<Form<UndoEmailChangeForm>>) -> Result<Html> {
    let Form(form) = form?;
    let press = Press::of(cx, form.key.expose_secret(), &form.token, &[]);
    again(cx, &press, pressed(cx, &form, &press).await).await?.page()
}

/// What a press did.
#[derive(Serialize, Deserialize)]
struct Done {
    username: String,
    was_changed: bool,
}

async fn pressed(cx: &Cx, form: &UndoEmailChangeForm, press: &Press) -> Result<Done> {
    let link = cx.undo_link(&form.token).await?;
    let was_changed = matches!(link.undo, Undo::GiveBack(_));
    let done = Done { username: link.person.profile.username.to_string(), was_changed };
    cx.undo_email_change(link.told_again_by(press.answer(cx, &done)?)).await?;
    Ok(done)
}

impl Done {
    fn page(&self) -> Result<Html> {
        let username = &self.username;
        if self.was_changed {
            page(StatusCode::OK, &EmailChangeUndone { username })
        } else {
            page(StatusCode::OK, &EmailChangeWithdrawn { username })
        }
    }
}

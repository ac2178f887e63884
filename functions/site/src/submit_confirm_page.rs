//! `POST /confirm`: what the buttons of the confirmation page send.

use crate::confirm_form;
use crate::mailed::{Mailed, again, told};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use kith_domain::Username;
use kith_http::{ConfirmationLink, Cx, Form, Function, Html, Press, Result, Router, Setting};
use kith_pages::{Faults, page};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
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
    /// That of the registration, to confirm one.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password, max_length = 128)]
    password: SecretString,
    /// Made up for each time that the page is shown: the same form sent again is told of the same success.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 16, max_length = 128)]
    key: SecretString,
}

/// Which button was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
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
        (status = 200, description = "A page with the outcome, also when the same form is sent again", body = String, content_type = "text/html"),
        (status = 400, description = "The link does not work; the page says what to do", body = String, content_type = "text/html"),
        (status = 403, description = "The password is not that of the registration; the form again, and the link stays", body = String, content_type = "text/html")
    )
)]
pub async fn submit_confirm_page(cx: Cx, form: Result<Form<ConfirmForm>>) -> Result<Response> {
    told(&cx, Mailed::Confirmation, outcome(&cx, form).await)
}

async fn outcome(cx: &Cx, form: Result<Form<ConfirmForm>>) -> Result<Html> {
    let Form(form) = form?;
    let said = match form.answer {
        ConfirmAnswer::Confirm => "confirm",
        ConfirmAnswer::NotMe => "not_me",
    };
    let press = Press::of(cx, form.key.expose_secret(), &form.token, &[said, form.password.expose_secret()]);
    match again(cx, &press, pressed(cx, &form, &press).await).await? {
        Pressed::Done(done) => done.page(),
        Pressed::NotYet(username, faults) => confirm_form::form(&username, &form.token, &faults),
    }
}

/// What came of a press.
#[derive(Serialize, Deserialize)]
enum Pressed {
    /// The address is confirmed, or the registration or the wish has ended.
    Done(Done),
    /// The password is not that of the registration.
    #[serde(skip)]
    NotYet(Username, Faults),
}

/// What a press did.
#[derive(Serialize, Deserialize)]
struct Done {
    username: String,
    answer: ConfirmAnswer,
    is_registration: bool,
}

async fn pressed(cx: &Cx, form: &ConfirmForm, press: &Press) -> Result<Pressed> {
    let link = cx.confirmation_link(&form.token).await?;
    if form.answer == ConfirmAnswer::Confirm {
        match cx.prove(&link, Some(&form.password)).await {
            Err(problem) if problem.status() == StatusCode::FORBIDDEN => {
                return Ok(Pressed::NotYet(link.username().clone(), wrong(&form.password)));
            }
            proven => proven?,
        }
    }
    let is_registration = matches!(link, ConfirmationLink::Registration { .. });
    let username = match form.answer {
        ConfirmAnswer::Confirm => link.username().to_string(),
        // Nothing is kept of what is destroyed.
        ConfirmAnswer::NotMe => String::new(),
    };
    let done = Done { username, answer: form.answer, is_registration };
    let done = Pressed::Done(done);
    let link = link.told_again_by(press.answer(cx, &done)?);
    match form.answer {
        ConfirmAnswer::Confirm => cx.confirm(link).await?,
        ConfirmAnswer::NotMe => cx.withdraw(link).await?,
    }
    Ok(done)
}

fn wrong(password: &SecretString) -> Faults {
    let is_missing = password.expose_secret().is_empty();
    let sentence = if is_missing {
        "Your password is required."
    } else {
        "This is not the password that was chosen for this username."
    };
    let mut faults = Faults::default();
    faults.add("password", sentence.to_owned());
    faults
}

impl Done {
    fn page(&self) -> Result<Html> {
        let username = &self.username;
        match (self.answer, self.is_registration) {
            (ConfirmAnswer::Confirm, true) => page(StatusCode::OK, &Confirmed { username }),
            (ConfirmAnswer::Confirm, false) => page(StatusCode::OK, &NewAddressConfirmed { username }),
            (ConfirmAnswer::NotMe, true) => page(StatusCode::OK, &Withdrawn),
            (ConfirmAnswer::NotMe, false) => page(StatusCode::OK, &NewAddressDropped),
        }
    }
}

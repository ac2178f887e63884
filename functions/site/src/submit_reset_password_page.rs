//! `POST /reset-password`: what the form of the page sends.

use crate::mailed::{Mailed, again, told};
use crate::reset_password_form;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use kith_domain::{Password, Person, Purpose, Username};
use kith_http::{Cx, Form, Function, Html, Press, Result, Router, Setting};
use kith_pages::{Faults, page};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName];
    Function::route("submit-reset-password-page", NEEDS, || {
        Router::default().routes(routes!(submit_reset_password_page))
    })
}

/// The form of the page.
#[derive(Deserialize, ToSchema)]
pub struct ResetPasswordForm {
    /// From the mailed link.
    #[serde(default)]
    #[schema(required = true, max_length = 128)]
    token: String,
    #[serde(default)]
    #[schema(required = true, value_type = Password)]
    password: SecretString,
    /// The same, against slips of the finger.
    #[serde(default)]
    #[schema(required = true, value_type = Password)]
    password_again: SecretString,
    /// Made up for each time that the page is shown: the same form sent again is told of the same success.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 16, max_length = 128)]
    key: SecretString,
}

#[derive(Template)]
#[template(path = "password_set.html")]
struct PasswordSet<'a> {
    username: &'a str,
}

/// Set a new password from the page
#[utoipa::path(
    post, path = "/reset-password", operation_id = "submit-reset-password-page", tag = "site",
    extensions(("x-kith-who" = json!("pub"))),
    request_body(content = ResetPasswordForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The password is set, and all sessions have ended; the page says what to do next, also when the same form is sent again", body = String, content_type = "text/html"),
        (status = 400, description = "The link does not work; the page says what to do", body = String, content_type = "text/html"),
        (status = 422, description = "The form again, with what is wrong beside each field", body = String, content_type = "text/html")
    )
)]
pub async fn submit_reset_password_page(cx: Cx, form: Result<Form<ResetPasswordForm>>) -> Result<Response> {
    told(&cx, Mailed::PasswordReset, outcome(&cx, form).await)
}

async fn outcome(cx: &Cx, form: Result<Form<ResetPasswordForm>>) -> Result<Html> {
    let Form(form) = form?;
    let said = [form.password.expose_secret(), form.password_again.expose_secret()];
    let press = Press::of(cx, form.key.expose_secret(), &form.token, &said);
    match again(cx, &press, pressed(cx, &form, &press).await).await? {
        Pressed::Done { username } => page(StatusCode::OK, &PasswordSet { username: &username }),
        Pressed::NotYet(username, faults) => reset_password_form::form(&username, &form.token, &faults),
    }
}

/// What a press did.
#[derive(Serialize, Deserialize)]
enum Pressed {
    /// The password of this account is set.
    Done { username: String },
    /// Something is wrong with what was typed.
    #[serde(skip)]
    NotYet(Username, Faults),
}

async fn pressed(cx: &Cx, form: &ResetPasswordForm, press: &Press) -> Result<Pressed> {
    let link = cx.user_link(Purpose::PasswordReset, &form.token).await?;
    let password = match form.password_for(&link.person) {
        Ok(password) => password,
        Err(faults) => return Ok(Pressed::NotYet(link.person.profile.username, faults)),
    };
    let done = Pressed::Done { username: link.person.profile.username.to_string() };
    let answer = press.answer(cx, &done)?;
    cx.reset_password(link.told_again_by(answer), &password).await?;
    Ok(done)
}

impl ResetPasswordForm {
    fn password_for(&self, person: &Person) -> std::result::Result<Password, Faults> {
        let mut faults = Faults::default();
        let password =
            faults.check_password(&self.password, &[person.profile.username.as_str(), person.user.email.as_str()]);
        if self.password.expose_secret() != self.password_again.expose_secret() {
            faults.add("password_again", "The two passwords are not the same.".to_owned());
        }
        password.filter(|_| faults.is_none()).ok_or(faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use kith_domain::{Email, Profile, User, UserId};

    fn faults(password: &str, password_again: &str) -> Faults {
        let (email, username) = (Email::parse("ada@example.org").unwrap(), Username::parse("ada.lovelace").unwrap());
        let id = UserId::new(Timestamp::UNIX_EPOCH);
        let user = User::new(id, email, String::new(), Timestamp::UNIX_EPOCH);
        let person = Person { user, profile: Profile::new(id, username, Timestamp::UNIX_EPOCH) };
        let form = ResetPasswordForm {
            token: String::new(),
            password: password.into(),
            password_again: password_again.into(),
            key: SecretString::default(),
        };
        form.password_for(&person).err().unwrap_or_default()
    }

    #[test]
    fn a_password_is_right_when_it_keeps_the_rules_and_is_typed_twice() {
        assert!(faults("correct horse", "correct horse").is_none());
        let slip = faults("correct horse", "corect horse");
        assert!(slip.of("password_again").is_some() && slip.of("password").is_none());
        assert!(faults("Ada.Lovelace", "Ada.Lovelace").of("password").is_some());
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let both = faults("short", "other");
        assert!(both.of("password").is_some() && both.of("password_again").is_some());
        let none = faults("", "");
        assert_eq!(none.of("password"), Some("Your password is required."));
    }
}

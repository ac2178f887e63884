//! `POST /accept-invitation`: what the form of the page sends.

use crate::accept_invitation_form::{self, Values};
use crate::mailed::{Mailed, again, told};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use kith_domain::{Password, Person, PersonName, Purpose, Username};
use kith_http::{Cx, Form, Function, Html, Newcomer, Press, Result, Router, Setting};
use kith_pages::{Faults, page};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::AdminEmails];
    Function::route("submit-accept-invitation-page", NEEDS, || {
        Router::default().routes(routes!(submit_accept_invitation_page))
    })
}

/// The form of the page.
#[derive(Deserialize, ToSchema)]
pub struct AcceptInvitationForm {
    /// From the mailed link.
    #[serde(default)]
    #[schema(required = true, max_length = 128)]
    token: String,
    #[serde(default)]
    #[schema(required = true, value_type = PersonName)]
    first_name: String,
    #[serde(default)]
    #[schema(required = true, value_type = PersonName)]
    last_name: String,
    /// Another one than the one that was made up; absent or empty: that one stays.
    #[serde(default)]
    #[schema(value_type = Username)]
    username: String,
    #[serde(default)]
    #[schema(required = true, value_type = Password)]
    password: SecretString,
    /// Made up for each time that the page is shown: the same form sent again is told of the same success.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 16, max_length = 128)]
    key: SecretString,
}

#[derive(Template)]
#[template(path = "invitation_accepted.html")]
struct InvitationAccepted<'a> {
    username: &'a str,
}

/// Accept an invitation from the page
#[utoipa::path(
    post, path = "/accept-invitation", operation_id = "submit-accept-invitation-page", tag = "site",
    extensions(("x-kith-who" = json!("pub"))),
    request_body(content = AcceptInvitationForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The account is ready; the page says what to do next, also when the same form is sent again", body = String, content_type = "text/html"),
        (status = 400, description = "The link does not work; the page says what to do", body = String, content_type = "text/html"),
        (status = 409, description = "The form again: the username belongs to somebody", body = String, content_type = "text/html"),
        (status = 422, description = "The form again, with what is wrong beside each field", body = String, content_type = "text/html")
    )
)]
pub async fn submit_accept_invitation_page(cx: Cx, form: Result<Form<AcceptInvitationForm>>) -> Result<Response> {
    told(&cx, Mailed::Invitation, outcome(&cx, form).await)
}

async fn outcome(cx: &Cx, form: Result<Form<AcceptInvitationForm>>) -> Result<Html> {
    let Form(form) = form?;
    let said = [&form.first_name, &form.last_name, &form.username, form.password.expose_secret()];
    let press = Press::of(cx, form.key.expose_secret(), &form.token, &said);
    match again(cx, &press, pressed(cx, &form, &press).await).await? {
        Pressed::Done { username } => page(StatusCode::OK, &InvitationAccepted { username: &username }),
        Pressed::NotYet(status, faults) => form.again(status, &faults),
    }
}

/// What a press did.
#[derive(Serialize, Deserialize)]
enum Pressed {
    /// The account is theirs, under this username.
    Done { username: String },
    /// Something is wrong with what was typed.
    #[serde(skip)]
    NotYet(StatusCode, Faults),
}

async fn pressed(cx: &Cx, form: &AcceptInvitationForm, press: &Press) -> Result<Pressed> {
    let link = cx.user_link(Purpose::Invitation, &form.token).await?;
    let newcomer = match form.newcomer(&link.person) {
        Ok(newcomer) => newcomer,
        Err(faults) => return Ok(Pressed::NotYet(StatusCode::UNPROCESSABLE_ENTITY, faults)),
    };
    let username = newcomer.username.as_ref().unwrap_or(&link.person.profile.username).to_string();
    let done = Pressed::Done { username };
    let answer = press.answer(cx, &done)?;
    match cx.accept_invitation(link.told_again_by(answer), newcomer).await {
        Ok(()) => Ok(done),
        // Nothing else in an invitation can clash.
        Err(problem) if problem.status() == StatusCode::CONFLICT => {
            let mut faults = Faults::default();
            faults.add("username", problem.detail().to_owned());
            Ok(Pressed::NotYet(problem.status(), faults))
        }
        Err(problem) => Err(problem),
    }
}

impl AcceptInvitationForm {
    fn newcomer(&self, invited: &Person) -> std::result::Result<Newcomer, Faults> {
        let mut faults = Faults::default();
        let first_name = faults.check("first_name", "Your first name", &self.first_name, PersonName::parse);
        let last_name = faults.check("last_name", "Your last name", &self.last_name, PersonName::parse);
        // Keyboards of phones add a blank behind a word.
        let username = match self.username.trim() {
            "" => Some(None),
            written => faults.check("username", "Your username", written, Username::parse).map(Some),
        };
        let names = [self.username.trim(), invited.profile.username.as_str(), invited.user.email.as_str()];
        let password = faults.check_password(&self.password, &names);
        match (first_name, last_name, username, password) {
            (Some(first_name), Some(last_name), Some(username), Some(password)) => {
                Ok(Newcomer { password, username, first_name, last_name })
            }
            _ => Err(faults),
        }
    }

    /// The form as it was sent, but for the password.
    fn again(&self, status: StatusCode, faults: &Faults) -> Result<Html> {
        let Self { token, first_name, last_name, username, .. } = self;
        accept_invitation_form::form(status, Values { token, first_name, last_name, username }, faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use kith_domain::{Email, Profile, User, UserId};

    fn invited() -> Person {
        let id = UserId::new(Timestamp::UNIX_EPOCH);
        let email = Email::parse("ada@example.org").unwrap();
        Person {
            user: User::new(id, email, String::new(), Timestamp::UNIX_EPOCH),
            profile: Profile::new(id, Username::made_up(id), Timestamp::UNIX_EPOCH),
        }
    }

    fn form(username: &str, password: &str) -> AcceptInvitationForm {
        AcceptInvitationForm {
            token: "usr_1.abc".into(),
            first_name: "Ada".into(),
            last_name: "Lovelace".into(),
            username: username.into(),
            password: password.into(),
            key: SecretString::default(),
        }
    }

    #[test]
    fn the_made_up_username_stays_where_none_is_given() {
        assert!(form(" ", "correct horse").newcomer(&invited()).unwrap().username.is_none());
        let chosen = form("ada.l ", "correct horse").newcomer(&invited()).unwrap().username.unwrap();
        assert_eq!(chosen.as_str(), "ada.l");
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let empty = AcceptInvitationForm { first_name: String::new(), last_name: "\u{7}".into(), ..form("a:b", "x") };
        let faults = empty.newcomer(&invited()).err().unwrap();
        for field in ["first_name", "last_name", "username", "password"] {
            assert!(faults.of(field).is_some(), "{field}");
        }
    }

    #[test]
    fn neither_the_chosen_nor_the_made_up_username_nor_the_address_is_a_password() {
        let invited = invited();
        for name in ["ada.lovelace", invited.profile.username.as_str(), invited.user.email.as_str()] {
            let faults = form("Ada.Lovelace", name).newcomer(&invited).err().unwrap();
            assert!(faults.of("password").is_some(), "{name}");
        }
    }

    #[test]
    fn the_form_comes_back_with_everything_but_the_password() {
        let sent = form("a:b\"><script>", "hunter2hunter2");
        let faults = sent.newcomer(&invited()).err().unwrap();
        let page = sent.again(StatusCode::UNPROCESSABLE_ENTITY, &faults).unwrap();
        for kept in ["value=\"usr_1.abc\"", "value=\"Ada\"", "value=\"Lovelace\"", "a:b"] {
            assert!(page.document.contains(kept), "{kept}");
        }
        assert!(!page.document.contains("hunter2") && !page.document.contains("<script"));
    }
}

//! The form that sets a new password, as both sides of it show it.

use askama::Template;
use axum::http::StatusCode;
use kith_domain::Username;
use kith_http::{Html, RepeatKey, Result};
use kith_pages::{Control, Faults, Field, page};

const FIELDS: [Field<'static>; 2] = [
    Field {
        name: "password",
        label: "New password",
        help: "At least 8 characters. A few words in a row are easy to remember and hard to guess.",
        control: Control::Line(r#"type="password" autocomplete="new-password" minlength="8" required"#),
        value: "",
    },
    Field {
        name: "password_again",
        label: "The same once more",
        help: "",
        control: Control::Line(r#"type="password" autocomplete="new-password" required"#),
        value: "",
    },
];

#[derive(Template)]
#[template(path = "reset_password.html")]
struct ResetPassword<'a> {
    username: &'a str,
    token: &'a str,
    /// What makes two presses of the button one.
    key: &'a str,
    fields: &'a [Field<'a>],
    faults: &'a Faults,
}

/// The form, with 422 where something is wrong with it.
pub(crate) fn form(username: &Username, token: &str, faults: &Faults) -> Result<Html> {
    let status = if faults.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let key = &RepeatKey::for_form();
    page(status, &ResetPassword { username: username.as_str(), token, key, fields: &FIELDS, faults })
}

//! The form that confirms a registration, as both sides of it show it.

use askama::Template;
use axum::http::StatusCode;
use kith_domain::Username;
use kith_http::{Html, RepeatKey, Result};
use kith_pages::{Control, Faults, Field, page};

const FIELDS: [Field<'static>; 1] = [Field {
    name: "password",
    label: "Your password",
    help: "The one that you chose when you registered.",
    control: Control::Line(r#"type="password" autocomplete="current-password" required"#),
    value: "",
}];

#[derive(Template)]
#[template(path = "confirm.html")]
struct Confirm<'a> {
    username: &'a str,
    token: &'a str,
    /// What makes two presses of a button one.
    key: &'a str,
    fields: &'a [Field<'a>],
    faults: &'a Faults,
}

/// The form, with 403 where the password is wrong or missing.
pub(crate) fn form(username: &Username, token: &str, faults: &Faults) -> Result<Html> {
    let status = if faults.is_none() { StatusCode::OK } else { StatusCode::FORBIDDEN };
    let key = &RepeatKey::for_form();
    page(status, &Confirm { username: username.as_str(), token, key, fields: &FIELDS, faults })
}

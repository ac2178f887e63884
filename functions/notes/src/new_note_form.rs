//! The form that seals a note, as both sides of it show it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use kith_domain::SealingMode;
use kith_http::{Html, Problem, RepeatKey, Result};
use kith_pages::{Control, Faults, Field, page, problem_page};

/// For how many seconds a note may wait, in words. The first is where the form begins.
const LIFETIMES: &[(&str, &str)] = &[
    ("604800", "7 days"),
    ("259200", "3 days"),
    ("86400", "1 day"),
    ("3600", "1 hour"),
    ("600", "10 minutes"),
    ("60", "1 minute"),
];

/// What stands in the form: never a passphrase.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) text: &'a str,
    pub(crate) expires_in: &'a str,
    pub(crate) max_views: &'a str,
}

#[derive(Template)]
#[template(path = "new_note.html")]
struct NewNote<'a> {
    /// What makes two presses of the button one.
    key: &'a str,
    fields: &'a [Field<'a>],
    faults: &'a Faults,
    alert: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "members_only.html")]
struct MembersOnly;

/// The page on which a note is written, or what it says to those who may not.
pub(crate) fn empty(mode: SealingMode) -> Result<Html> {
    let values = Values { text: "", expires_in: "604800", max_views: "1" };
    match mode {
        SealingMode::Open => {
            let (key, faults) = (&RepeatKey::for_form(), &Faults::default());
            page(StatusCode::OK, &NewNote { key, fields: &fields(values), faults, alert: None })
        }
        SealingMode::Members => page(StatusCode::OK, &MembersOnly),
    }
}

/// The form again: why nothing is sealed yet, and all that was typed but the passphrase.
pub(crate) fn again(problem: Problem, values: Values<'_>, faults: &Faults, had_passphrase: bool) -> Result<Response> {
    let why = if faults.is_none() { problem.detail() } else { "Please look at what is marked." };
    let again =
        if had_passphrase { " Type the passphrase again: for your safety it is not sent back to you." } else { "" };
    let alert = format!("{why}{again}");
    let form = NewNote { key: &RepeatKey::for_form(), fields: &fields(values), faults, alert: Some(&alert) };
    Ok(problem_page(problem, &form)?.into_response())
}

/// What those who may not seal notes get for trying.
pub(crate) fn refused() -> Result<Response> {
    Ok(problem_page(Problem::unauthorized(false), &MembersOnly)?.into_response())
}

fn fields(values: Values<'_>) -> [Field<'_>; 4] {
    [
        Field {
            name: "text",
            label: "Your note",
            help: "",
            // The browser counts otherwise than we do, but more than this is never sent in vain.
            control: Control::Area(
                r#"rows="8" maxlength="65536" autocomplete="off" spellcheck="false" dir="auto" required"#,
            ),
            value: values.text,
        },
        Field {
            name: "expires_in",
            label: "How long does it wait?",
            help: "Then it is gone, read or not.",
            control: Control::Choice(LIFETIMES),
            value: values.expires_in,
        },
        Field {
            name: "max_views",
            label: "How often can it be read?",
            help: "Once is safest: if somebody else was first, the reader notices.",
            control: Control::Line(
                r#"type="number" inputmode="numeric" min="1" max="100" step="1" autocomplete="off" required"#,
            ),
            value: values.max_views,
        },
        Field {
            name: "passphrase",
            label: "Passphrase, if you like",
            help: "Without it the link opens nothing. Tell it another way than the link.",
            // Not hidden: it stands beside the note, and has to be told to somebody. Nobody logs in with it.
            control: Control::Line(
                r#"type="text" maxlength="128" autocomplete="off" autocapitalize="none" spellcheck="false""#,
            ),
            value: "",
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use kith_pages::STYLE;

    #[test]
    fn b17_the_form_has_a_field_for_everything_and_begins_with_the_safest() {
        let document = empty(SealingMode::Open).unwrap().document;
        for part in [
            "<form method=\"post\" action=\"/notes/new\">",
            "<textarea id=\"text\" name=\"text\"",
            "<select id=\"expires_in\" name=\"expires_in\"",
            "<option value=\"604800\" selected>7 days</option>",
            "<input id=\"max_views\" name=\"max_views\" type=\"number\"",
            "value=\"1\"",
            "<input id=\"passphrase\" name=\"passphrase\"",
        ] {
            assert_eq!(document.matches(part).count(), 1, "{part}");
        }
        assert!(document.contains(STYLE) && !document.contains("<script") && !document.contains("role=\"alert\""));
    }

    #[test]
    fn members_only_leaves_no_form_to_fill_in() {
        let document = empty(SealingMode::Members).unwrap().document;
        assert!(!document.contains("<form") && document.contains("Members seal notes here"));
    }
}

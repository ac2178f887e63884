//! The form that accepts an invitation, as both sides of it show it.

use askama::Template;
use axum::http::StatusCode;
use kith_http::{Html, RepeatKey, Result};
use kith_pages::{Control, Faults, Field, page};

/// What stands in the form: never a password.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) token: &'a str,
    pub(crate) first_name: &'a str,
    pub(crate) last_name: &'a str,
    pub(crate) username: &'a str,
}

#[derive(Template)]
#[template(path = "accept_invitation.html")]
struct AcceptInvitation<'a> {
    token: &'a str,
    /// What makes two presses of the button one.
    key: &'a str,
    fields: &'a [Field<'a>],
    faults: &'a Faults,
}

/// The form.
pub(crate) fn form(status: StatusCode, values: Values<'_>, faults: &Faults) -> Result<Html> {
    let key = &RepeatKey::for_form();
    page(status, &AcceptInvitation { token: values.token, key, fields: &fields(values), faults })
}

fn fields(values: Values<'_>) -> [Field<'_>; 4] {
    [
        Field {
            name: "first_name",
            label: "First name",
            help: "",
            control: Control::Line(r#"type="text" autocomplete="given-name" required"#),
            value: values.first_name,
        },
        Field {
            name: "last_name",
            label: "Last name",
            help: "",
            control: Control::Line(r#"type="text" autocomplete="family-name" required"#),
            value: values.last_name,
        },
        Field {
            name: "username",
            label: "Username",
            help: "Others find you by it: 3 to 32 letters, digits, dots, underscores or hyphens. We made one up, which \
                   you may keep or change later.",
            // The browser checks what `Username` checks. Not required: without one the made-up name stays.
            control: Control::Line(
                r#"type="text" autocomplete="username" autocapitalize="none" spellcheck="false" minlength="3" maxlength="32" pattern="[A-Za-z0-9._\-]+" title="Letters, digits, dots, underscores and hyphens""#,
            ),
            value: values.username,
        },
        Field {
            name: "password",
            label: "Password",
            help: "At least 8 characters. A few words in a row are easy to remember and hard to guess.",
            control: Control::Line(r#"type="password" autocomplete="new-password" minlength="8" required"#),
            value: "",
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(faults: &Faults) -> String {
        let values = Values { token: "t", first_name: "Ada", last_name: "", username: "user-0123456789ab" };
        form(StatusCode::OK, values, faults).unwrap().document
    }

    fn count(document: &str, part: &str) -> usize {
        document.matches(part).count()
    }

    #[test]
    fn every_input_has_a_label_and_what_describes_it_is_there() {
        let mut faults = Faults::default();
        faults.add("last_name", "Your last name is required.".into());
        faults.add("username", "This username belongs to somebody. Choose another.".into());
        for faults in [Faults::default(), faults] {
            let document = document(&faults);
            for field in ["first_name", "last_name", "username", "password"] {
                for part in [format!("<label for=\"{field}\""), format!("<input id=\"{field}\" name=\"{field}\"")] {
                    assert_eq!(count(&document, &part), 1, "{part}");
                }
                assert_eq!(count(&document, &format!("id=\"{field}-fault\"")), usize::from(faults.of(field).is_some()));
            }
            let described = document.split("aria-describedby=\"").skip(1).filter_map(|rest| rest.split('"').next());
            for id in described.flat_map(str::split_whitespace) {
                assert_eq!(count(&document, &format!("id=\"{id}\"")), 1, "{id}");
            }
        }
    }

    #[test]
    fn faults_are_announced_and_the_first_one_has_the_focus() {
        let right = document(&Faults::default());
        assert!(
            !right.contains("role=\"alert\"") && !right.contains("autofocus") && !right.contains("aria-invalid=\"")
        );

        let mut faults = Faults::default();
        // Not in the order of the fields.
        faults.add("password", "Your password is required.".into());
        faults.add("last_name", "Your last name is required.".into());
        let wrong = document(&faults);
        assert_eq!(count(&wrong, "role=\"alert\""), 1);
        assert_eq!(count(&wrong, "aria-invalid=\"true\""), 2);
        assert_eq!(count(&wrong, " autofocus"), 1);
        let focused = wrong.split("<input ").find(|input| input.contains(" autofocus")).unwrap();
        assert!(focused.starts_with("id=\"last_name\""), "{focused}");
    }

    #[test]
    fn browsers_are_told_what_each_field_is_for() {
        let document = document(&Faults::default());
        for purpose in ["given-name", "family-name", "username", "new-password"] {
            assert_eq!(count(&document, &format!("autocomplete=\"{purpose}\"")), 1, "{purpose}");
        }
        assert!(document.contains("value=\"user-0123456789ab\"") && document.contains("value=\"Ada\""));
        assert!(!document.contains("value=\"\"") && !document.contains("<script") && !document.contains(" style="));
    }
}

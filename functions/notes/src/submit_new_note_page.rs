//! `POST /notes/new`: what the form of the page sends. It comes back with everything that was typed but the passphrase,
//! until the note is sealed.

use crate::moment::{Moment, lasting};
use crate::new_note_form::{self, Values};
use crate::note_page::told;
use crate::sealing::{Sealed, Wanted};
use askama::Template;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use kith_domain::{NOTE_TEXT_LIMIT, NoteId, NoteText, Passphrase, SealingMode};
use kith_http::{Cx, Form, Function, NOTES_SEALED, Press, Problem, RepeatKey, Result, Router, Setting};
use kith_pages::{Faults, page_with_script};
use kith_store::StoreError;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::value::{Error, U64Deserializer};
use serde::de::{DeserializeOwned, IntoDeserializer as _};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

/// A unit of the text that browsers count may take nine bytes in a form (`%E2%82%AC`); the rest is small. So whatever
/// the page lets one send comes back with a page.
const BODY_LIMIT: usize = 9 * NOTE_TEXT_LIMIT + 8 * 1024;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl, Setting::NoteSecret, Setting::Notes];
    Function::route("submit-new-note-page", NEEDS, || Router::default().routes(routes!(submit_new_note_page)))
        .taking_up_to(BODY_LIMIT)
}

/// The form of the page.
#[derive(Deserialize, ToSchema)]
pub struct NewNoteForm {
    /// At most 65,536 bytes of UTF-8. Line breaks become those that were typed: browsers send others.
    #[serde(default)]
    #[schema(required = true, min_length = 1, max_length = 65_536)]
    text: String,
    /// For how many seconds the note can be opened; absent or empty: seven days.
    #[serde(default)]
    #[schema(value_type = u32, minimum = 60, maximum = 604_800)]
    expires_in: String,
    /// How often it can be opened; absent or empty: once.
    #[serde(default)]
    #[schema(value_type = u32, minimum = 1, maximum = 100)]
    max_views: String,
    /// What one must know beside the link; absent or empty: nothing.
    #[serde(default)]
    #[schema(value_type = Passphrase)]
    passphrase: SecretString,
    /// Made up for each time that the page is shown: the same form sent again, with the same words, is told of the same
    /// note.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 16, max_length = 128)]
    key: SecretString,
}

#[derive(Template)]
#[template(path = "sealed_note.html")]
struct SealedNotePage<'a> {
    link: &'a str,
    id: &'a str,
    manage_token: &'a str,
    /// What makes two presses of the button that destroys it one.
    key: &'a str,
    readings: u32,
    has_passphrase: bool,
    lasting: &'a str,
    expires_at: Moment,
}

/// What the page tells of a note that was sealed.
#[derive(Serialize, Deserialize)]
struct Told {
    path: String,
    id: NoteId,
    manage_token: String,
    readings: u32,
    has_passphrase: bool,
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// Seal a note from the page
#[utoipa::path(
    post, path = "/notes/new", operation_id = "submit-new-note-page", tag = "notes", extensions(("x-kith-who" = json!("pub"))),
    request_body(content = NewNoteForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 201, description = "Sealed; the page has the link", body = String, content_type = "text/html", headers(("Location", description = "The page that opens it"))),
        (status = 401, description = "Only members seal notes here; the page says so", body = String, content_type = "text/html"),
        (status = 413, description = "The form again: the text is too long", body = String, content_type = "text/html"),
        (status = 422, description = "The form again, with what is wrong beside each field", body = String, content_type = "text/html"),
        (status = 429, description = "The form again: too many notes from one place", body = String, content_type = "text/html")
    )
)]
pub async fn submit_new_note_page(cx: Cx, form: Result<Form<NewNoteForm>>) -> Result<Response> {
    cx.keep_secret();
    if cx.settings().sealing_mode()? == SealingMode::Members {
        return new_note_form::refused();
    }
    match form {
        Ok(Form(form)) => form.seal(&cx).await,
        Err(problem) => told(&cx, problem),
    }
}

impl NewNoteForm {
    async fn seal(mut self, cx: &Cx) -> Result<Response> {
        self.text = self.text.replace("\r\n", "\n");
        let sealed = match self.wanted() {
            Ok(wanted) => sealed(cx, &wanted, &self.press(cx)).await,
            Err((problem, faults)) => return self.again(problem, &faults),
        };
        match sealed {
            Ok(told) => told.page(cx),
            Err(problem) => self.again(problem, &Faults::default()),
        }
    }

    fn wanted(&self) -> std::result::Result<Wanted, (Problem, Faults)> {
        let mut faults = Faults::default();
        let text = faults.check("text", "Your note", &self.text, NoteText::parse);
        let lifetime = number(&mut faults, "expires_in", &self.expires_in, "Choose from one minute to seven days.");
        let max_views = number(&mut faults, "max_views", &self.max_views, "Write a whole number from 1 to 100.");
        let passphrase = match self.passphrase.expose_secret() {
            "" => Some(None),
            written => faults.check("passphrase", "Your passphrase", written, Passphrase::parse).map(Some),
        };
        match (text, lifetime, max_views, passphrase) {
            (Some(text), Some(lifetime), Some(max_views), Some(passphrase)) => {
                let wanted = Wanted { text, lifetime, max_views, passphrase };
                wanted.check_size().map(|()| wanted).map_err(|problem| {
                    faults.add("text", format!("Your note is too long: it may have {} KiB.", NOTE_TEXT_LIMIT / 1024));
                    (problem, faults)
                })
            }
            _ => Err((Problem::invalid(Vec::new()), faults)),
        }
    }

    /// This press: with other words it is another one, though the form is the same.
    fn press(&self, cx: &Cx) -> Press {
        let said = [&self.text, &self.expires_in, &self.max_views, self.passphrase.expose_secret()];
        let words = said.map(|part| format!("{} {part}", part.len())).concat();
        Press::of(cx, self.key.expose_secret(), &words, &[])
    }

    /// The form as it was sent, but for the passphrase.
    fn again(&self, problem: Problem, faults: &Faults) -> Result<Response> {
        let Self { text, expires_in, max_views, passphrase, .. } = self;
        let had_passphrase = !passphrase.expose_secret().is_empty();
        new_note_form::again(problem, Values { text, expires_in, max_views }, faults, had_passphrase)
    }
}

impl Told {
    fn of(sealed: &Sealed) -> Self {
        let note = &sealed.note;
        Self {
            path: sealed.path(),
            id: note.id,
            manage_token: sealed.manage_token.encode().to_string(),
            readings: note.max_views,
            has_passphrase: note.has_passphrase(),
            created_at: note.created_at,
            expires_at: note.expires_at,
        }
    }

    fn page(&self, cx: &Cx) -> Result<Response> {
        let done = SealedNotePage {
            link: &cx.link(&self.path)?,
            id: &self.id.to_string(),
            manage_token: &self.manage_token,
            key: &RepeatKey::for_form(),
            readings: self.readings,
            has_passphrase: self.has_passphrase,
            lasting: &lasting(self.expires_at.duration_since(self.created_at)),
            expires_at: Moment(self.expires_at),
        };
        Ok(([(LOCATION, self.path.clone())], page_with_script(StatusCode::CREATED, &done)?).into_response())
    }
}

/// What was written as a number; the default where nothing was.
fn number<T: DeserializeOwned + Default>(
    faults: &mut Faults,
    field: &'static str,
    written: &str,
    fault: &str,
) -> Option<T> {
    let written = written.trim();
    if written.is_empty() {
        return Some(T::default());
    }
    let read = |number: u64| {
        let number: U64Deserializer<Error> = number.into_deserializer();
        T::deserialize(number).ok()
    };
    let number = written.parse().ok().and_then(read);
    if number.is_none() {
        faults.add(field, fault.to_owned());
    }
    number
}

/// The limit counts what is right: who mends faults is not held up.
async fn sealed(cx: &Cx, wanted: &Wanted, press: &Press) -> Result<Told> {
    cx.limit(&NOTES_SEALED, &cx.client.network()).await?;
    let sealed = wanted.seal(cx, None).await?;
    let told = Told::of(&sealed);
    match sealed.store(cx, press.answer(cx, &told)?).await {
        Err(StoreError::Repeated(_)) => {
            press.earlier(cx).await?.ok_or_else(|| Problem::internal("what was kept for a press is gone".to_owned()))
        }
        stored => Ok(stored.map(|()| told)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str, expires_in: &str, max_views: &str, passphrase: &str) -> NewNoteForm {
        let (text, expires_in, max_views) = (text.into(), expires_in.into(), max_views.into());
        NewNoteForm { text, expires_in, max_views, passphrase: passphrase.into(), key: SecretString::default() }
    }

    fn faults(form: &NewNoteForm) -> (u16, Faults) {
        let (problem, faults) = form.wanted().err().unwrap();
        (problem.status().as_u16(), faults)
    }

    #[test]
    fn b11_everything_that_is_wrong_is_told_at_once() {
        let (status, faults) = faults(&form(" \r\n", "59", "101", &"x".repeat(129)));
        assert_eq!(status, 422);
        assert_eq!(faults.of("text"), Some("Your note is required."));
        assert_eq!(faults.of("passphrase"), Some("Your passphrase must be 1 to 128 characters long."));
        for field in ["expires_in", "max_views"] {
            assert!(faults.of(field).is_some(), "{field}");
        }
    }

    #[test]
    fn numbers_are_whole_and_within_limits() {
        for wrong in ["0", "-1", "1.5", "1e1", "ten", "101", "18446744073709551616"] {
            assert_eq!(faults(&form("text", "60", wrong, "")).0, 422, "{wrong}");
        }
        for right in ["", "1", " 100 "] {
            assert!(form("text", "604800", right, "").wanted().is_ok(), "{right}");
        }
    }

    #[test]
    fn b15_a_text_that_is_too_long_is_told_so() {
        assert!(form(&"a".repeat(NOTE_TEXT_LIMIT), "", "", "").wanted().is_ok());
        let (status, faults) = faults(&form(&"a".repeat(NOTE_TEXT_LIMIT + 1), "", "", ""));
        assert_eq!((status, faults.of("text")), (413, Some("Your note is too long: it may have 64 KiB.")));
    }
}

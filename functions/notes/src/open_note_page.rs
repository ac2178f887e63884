//! `POST /n/{token}`: what the button on a note's page sends. It opens the note.

use crate::just_opened;
use crate::moment::Moment;
use crate::note_page::told;
use crate::opening::{self, Opened};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use kith_http::{Cx, Form, Function, Html, Path, RepeatKey, Result, Router, Setting};
use kith_pages::page_with_script;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::NoteSecret];
    Function::route("open-note-page", NEEDS, || Router::default().routes(routes!(open_note_page)))
}

/// The form of the page.
#[derive(Default, Deserialize, ToSchema)]
pub struct OpenNoteForm {
    /// Only for a note that has one.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password, max_length = 1024)]
    passphrase: SecretString,
    /// Made up for each time that the page is shown: the same form sent again within 60 seconds shows the same text.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 16, max_length = 128)]
    key: SecretString,
}

#[derive(Template)]
#[template(path = "revealed_note.html")]
struct RevealedNote<'a> {
    text: &'a str,
    created_at: Moment,
    expires_at: Moment,
    views_left: u32,
}

/// Open a note from its page
#[utoipa::path(
    post, path = "/n/{token}", operation_id = "open-note-page", tag = "notes", extensions(("x-kith-who" = json!("pub"))),
    params(("token" = String, Path, description = "The secret part of the link")),
    request_body(content = Option<OpenNoteForm>, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A page with the text, for this once; the same form sent again within 60 seconds shows it again", body = String, content_type = "text/html"),
        (status = 403, description = "The page again: the passphrase is wrong or missing. No reading is used up", body = String, content_type = "text/html"),
        (status = 404, description = "A page that says that there is no note: never was, has ended or is used up, all alike", body = String, content_type = "text/html"),
        (status = 429, description = "A page that says for how long the note is locked, or that this was too often", body = String, content_type = "text/html")
    )
)]
pub async fn open_note_page(
    cx: Cx,
    token: Result<Path<String>>,
    form: Result<Option<Form<OpenNoteForm>>>,
) -> Result<Response> {
    let form = match form {
        Ok(form) => form.map(|Form(form)| form).unwrap_or_default(),
        Err(problem) => {
            cx.keep_secret();
            return told(&cx, problem);
        }
    };
    let (token, key) = (opening::token(token), form.key.expose_secret());
    match opening::open(&cx, &token, RepeatKey::parse(key).as_ref(), Some(&form.passphrase)).await {
        Ok(opened) => {
            let cookie = just_opened::cookie(token.expose_secret(), key).map(|cookie| [cookie]);
            Ok((cookie, revealed(&opened)?).into_response())
        }
        Err(problem) => told(&cx, problem),
    }
}

fn revealed(opened: &Opened) -> Result<Html> {
    let Opened { text, note } = opened;
    let page_of = RevealedNote {
        text,
        created_at: Moment(note.created_at),
        expires_at: Moment(note.expires_at),
        views_left: note.views_left,
    };
    page_with_script(StatusCode::OK, &page_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn document(text: &str, views_left: u32) -> String {
        let moment = Moment(Timestamp::from_second(1_800_000_000).unwrap());
        RevealedNote { text, created_at: moment, expires_at: moment, views_left }.render().unwrap()
    }

    #[test]
    fn b10_a_text_is_shown_as_it_was_written_and_does_nothing() {
        let document = document("\n  <b>&amp;\t\"it's\"</b><script>alert(1)</script>", 0);
        let shown =
            document.split_once("<pre class=\"words\" dir=\"auto\">\n").unwrap().1.split_once("</pre>").unwrap().0;
        assert!(!shown.contains(['<', '"', '\'']), "{shown}");
        let read = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")]
            .iter()
            .fold(shown.to_owned(), |shown, (escaped, meant)| shown.replace(escaped, meant));
        assert_eq!(read, "\n  <b>&amp;\t\"it's\"</b><script>alert(1)</script>");
    }

    #[test]
    fn b03_the_page_tells_when_it_was_sealed_and_what_is_left_of_it() {
        assert!(
            document("text", 0)
                .contains("Sealed <time datetime=\"2027-01-15T08:00:00.000Z\">15 January 2027, 08:00 UTC")
        );
        assert!(document("text", 0).contains("It is gone now"));
        assert!(document("text", 1).contains("<strong>once more</strong>"));
        assert!(document("text", 7).contains("<strong>7 times more</strong>"));
    }
}

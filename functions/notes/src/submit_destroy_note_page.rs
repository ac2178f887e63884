//! `POST /notes/destroy`: what the button sends by which whoever sealed a note on the page destroys it.

use crate::note_page::told;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use kith_crypto::Secret;
use kith_domain::NoteId;
use kith_http::{Cx, Form, Function, Press, Problem, Result, Router, Setting};
use kith_pages::page;
use kith_store::StoreError;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName];
    Function::route("submit-destroy-note-page", NEEDS, || Router::default().routes(routes!(submit_destroy_note_page)))
}

/// The form of the page.
#[derive(Deserialize, ToSchema)]
pub struct DestroyNoteForm {
    /// The note's id.
    #[schema(max_length = 64)]
    id: String,
    /// What sealing it gave beside the link.
    #[schema(value_type = String, max_length = 128)]
    manage_token: SecretString,
    /// Made up for each time that the page is shown: the same form sent again is told of the same success.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 16, max_length = 128)]
    key: SecretString,
}

#[derive(Template)]
#[template(path = "destroyed_note.html")]
struct DestroyedNote;

/// A note was destroyed.
#[derive(Serialize, Deserialize)]
struct Destroyed;

/// Destroy a note from the page
#[utoipa::path(
    post, path = "/notes/destroy", operation_id = "submit-destroy-note-page", tag = "notes",
    extensions(("x-kith-who" = json!("pub"))),
    request_body(content = DestroyNoteForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Destroyed, also when the same form is sent again", body = String, content_type = "text/html"),
        (status = 404, description = "There is no such note any more, or this does not destroy it", body = String, content_type = "text/html")
    )
)]
pub async fn submit_destroy_note_page(cx: Cx, form: Result<Form<DestroyNoteForm>>) -> Result<Response> {
    cx.keep_secret();
    match form {
        Ok(Form(form)) => match form.destroyed(&cx).await {
            Ok(Destroyed) => Ok(page(StatusCode::OK, &DestroyedNote)?.into_response()),
            Err(problem) => told(&cx, problem),
        },
        Err(problem) => told(&cx, problem),
    }
}

impl DestroyNoteForm {
    async fn destroyed(&self, cx: &Cx) -> Result<Destroyed> {
        let token = self.manage_token.expose_secret();
        let press = Press::of(cx, self.key.expose_secret(), token, &[&self.id]);
        match self.destroy(cx, &press, token).await {
            Err(problem) if problem.status() == StatusCode::NOT_FOUND => press.earlier(cx).await?.ok_or(problem),
            outcome => outcome,
        }
    }

    async fn destroy(&self, cx: &Cx, press: &Press, token: &str) -> Result<Destroyed> {
        let id: NoteId = self.id.parse().map_err(|_| Problem::not_found())?;
        let hash = Secret::<32>::parse(token).ok_or_else(Problem::not_found)?.hash().to_string();
        let handle = cx.store.note_handle(id, cx.now).await?;
        if !handle.is_held_by(Some(&hash), None) {
            return Err(Problem::not_found());
        }
        match cx.store.destroy_note(&handle, press.answer(cx, &Destroyed)?, cx.now).await {
            // The same press came through meanwhile.
            Err(StoreError::Repeated(_)) => Err(Problem::not_found()),
            done => Ok(done.map(|()| Destroyed)?),
        }
    }
}

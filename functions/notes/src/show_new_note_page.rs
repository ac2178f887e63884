//! `GET /notes/new`: the page on which a note is written; its form posts to `submit-new-note-page`.

use crate::new_note_form;
use axum::extract::State;
use axum::response::IntoResponse;
use kith_http::{App, Function, Result, Router, Setting};
use kith_pages::UNLISTED;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    Function::route("show-new-note-page", &[Setting::Notes], || Router::default().routes(routes!(show_new_note_page)))
}

/// Show the page on which a note is written
#[utoipa::path(
    get, path = "/notes/new", operation_id = "show-new-note-page", tag = "notes", extensions(("x-kith-who" = json!("pub"))),
    responses((status = 200, description = "A page with a form; or one that says that only members seal notes here", body = String, content_type = "text/html"))
)]
pub async fn show_new_note_page(State(app): State<App>) -> Result<impl IntoResponse> {
    Ok((UNLISTED, new_note_form::empty(app.settings().sealing_mode()?)?))
}

//! `GET /notes/notes.js`: the one script of the pages of notes: times as the reader's clock shows them, and a button that
//! copies the link.

use kith_http::{File, Function, Public, Router};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    Function::route("show-notes-script", &[], || Router::default().routes(routes!(show_notes_script)))
}

const SCRIPT: &str = include_str!("../assets/notes.js");

/// Show the script of the pages of notes
#[utoipa::path(
    get, path = "/notes/notes.js", operation_id = "show-notes-script", tag = "notes",
    extensions(("x-kith-who" = json!("pub"))),
    responses(
        (status = 200, description = "The script", body = String, content_type = "text/javascript", headers(("ETag", description = "Changes with the script"))),
        (status = 304, description = "It is still the one of If-None-Match")
    )
)]
pub async fn show_notes_script() -> Public<File> {
    let content_type = "text/javascript; charset=utf-8";
    Public { max_age: 3600, answer: File { content_type, bytes: SCRIPT.as_bytes().into(), gzipped: false } }
}

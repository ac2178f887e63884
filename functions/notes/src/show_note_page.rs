//! `GET /n/{token}`: the page behind a note's link. It uses nothing up, since whoever carries a link opens it, too:
//! scanners of mails, previews of messengers. Its form posts to `open-note-page`.

use crate::{just_opened, note_page, opening};
use axum::http::HeaderMap;
use axum::response::Response;
use kith_http::{Cx, Function, Path, RepeatKey, Result, Router, Setting};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    Function::route("show-note-page", &[Setting::TableName], || Router::default().routes(routes!(show_note_page)))
}

/// Show the page of a note
///
/// Opening it uses nothing up, however often. The browser that has just opened the note sees the page for a minute more.
#[utoipa::path(
    get, path = "/n/{token}", operation_id = "show-note-page", tag = "notes", extensions(("x-kith-who" = json!("pub"))),
    params(("token" = String, Path, description = "The secret part of the link")),
    responses(
        (status = 200, description = "A page with a button that opens the note", body = String, content_type = "text/html"),
        (status = 404, description = "A page that says that there is no note: never was, has ended or is used up, all alike", body = String, content_type = "text/html")
    )
)]
pub async fn show_note_page(cx: Cx, headers: HeaderMap, token: Result<Path<String>>) -> Result<Response> {
    let key = just_opened::key(&headers);
    let sent = key.as_deref().and_then(RepeatKey::parse);
    match opening::peek(&cx, &opening::token(token), sent.as_ref()).await {
        Ok((note, opens_again)) => note_page::closed(&note, cx.now, key.filter(|_| opens_again)),
        Err(problem) => note_page::told(&cx, problem),
    }
}

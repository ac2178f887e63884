//! `GET /v1/notes/{token}`: looks at a note without opening it.

use crate::opening;
use kith_http::{Cx, Function, Path, Result, Router, Secret, Setting, Time};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    Function::route("peek-note", &[Setting::TableName], || Router::default().routes(routes!(peek_note)))
}

/// A note that can be opened, from outside.
#[derive(Serialize, ToSchema)]
pub struct ClosedNote {
    created_at: Time,
    /// From this second on it cannot be opened.
    expires_at: Time,
    has_passphrase: bool,
}

/// Look at a note
///
/// Uses nothing up, however often. A note that is unknown, has ended or is used up is 404, all alike.
#[utoipa::path(
    get, path = "/v1/notes/{token}", operation_id = "peek-note", tag = "notes",
    extensions(("x-kith-who" = json!("pub"))), params(("token" = String, Path, description = "The secret part of the link")),
    responses((status = 200, description = "It can be opened", body = ClosedNote))
)]
pub async fn peek_note(cx: Cx, token: Result<Path<String>>) -> Result<Secret<ClosedNote>> {
    let (note, _) = opening::peek(&cx, &opening::token(token), None).await?;
    let has_passphrase = note.has_passphrase();
    Ok(Secret(ClosedNote { created_at: note.created_at.into(), expires_at: note.expires_at.into(), has_passphrase }))
}

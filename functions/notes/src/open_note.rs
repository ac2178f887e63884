//! `POST /v1/notes/{token}/open`: opens a note, which takes one of its readings.

use crate::opening;
use kith_http::{Cx, Function, Json, Path, RepeatHeader, RepeatKey, Result, Router, Secret, Setting, Time};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::NoteSecret];
    Function::route("open-note", NEEDS, || Router::default().routes(routes!(open_note)))
}

/// What opens a note beside its link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// Only for a note that has one.
    #[schema(value_type = Option<String>, format = Password, max_length = 1024)]
    passphrase: Option<SecretString>,
}

/// A note that was opened.
#[derive(Serialize, ToSchema)]
pub struct OpenedNote {
    /// Exactly as it was written.
    text: String,
    created_at: Time,
    expires_at: Time,
    /// How often it can still be opened. With the last reading the text is deleted.
    views_left: u32,
}

/// Open a note
///
/// A wrong passphrase is 403 and uses up no reading; after ten the note is locked for 15 minutes: 429. A note that is
/// unknown, has ended or is used up is 404, all alike.
///
/// Sent again within 60 seconds with the same `Idempotency-Key`, it gives the same text and uses up no other reading, also
/// after the last one; a passphrase must be right again. After that the key is like a new one.
#[utoipa::path(
    post, path = "/v1/notes/{token}/open", operation_id = "open-note", tag = "notes", request_body = Option<Attempt>,
    extensions(("x-kith-who" = json!("pub"))), params(("token" = String, Path, description = "The secret part of the link"), RepeatHeader),
    responses((status = 200, description = "The text, for this once", body = OpenedNote))
)]
pub async fn open_note(
    cx: Cx,
    token: Result<Path<String>>,
    key: Option<RepeatKey>,
    attempt: Option<Json<Attempt>>,
) -> Result<Secret<OpenedNote>> {
    let passphrase = attempt.and_then(|Json(attempt)| attempt.passphrase);
    let opened = opening::open(&cx, &opening::token(token), key.as_ref(), passphrase.as_ref()).await?;
    Ok(Secret(OpenedNote {
        text: opened.text,
        created_at: opened.note.created_at.into(),
        expires_at: opened.note.expires_at.into(),
        views_left: opened.note.views_left,
    }))
}

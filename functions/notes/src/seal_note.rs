//! `POST /v1/notes`: seals a note.

use crate::sealing::{Sealed, Sealer, Wanted};
use axum::response::Response;
use kith_domain::{MaxViews, NOTE_TEXT_LIMIT, NoteId, NoteLifetime, NoteText, Passphrase};
use kith_http::{Created, Cx, Function, JsonOrForm, NOTES_SEALED, Once, OnceHeader, Result, Router, Setting, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

/// A character of the text may take six in JSON (`\u0001`); the rest of the body is small.
const BODY_LIMIT: usize = 6 * NOTE_TEXT_LIMIT + 8 * 1024;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl, Setting::NoteSecret, Setting::Notes];
    Function::route("seal-note", NEEDS, || Router::default().routes(routes!(seal_note))).taking_up_to(BODY_LIMIT)
}

/// What to seal.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// At most 65,536 bytes of UTF-8; kept exactly as it is.
    #[schema(value_type = String, min_length = 1, max_length = 65_536)]
    text: NoteText,
    /// For how many seconds it can be opened.
    #[schema(value_type = Option<u32>, minimum = 60, maximum = 604_800, default = 604_800)]
    expires_in: Option<NoteLifetime>,
    /// How often it can be opened.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100, default = 1)]
    max_views: Option<MaxViews>,
    /// What one must know beside the link.
    #[schema(value_type = Option<String>, format = Password, min_length = 1, max_length = 128)]
    passphrase: Option<Passphrase>,
}

/// A sealed note. Whoever has the link can open it; nobody can find the link again, not even we.
#[derive(Serialize, ToSchema)]
pub struct SealedNote {
    id: NoteId,
    /// The link to pass on: a page with a button that opens the note.
    #[schema(format = "uri")]
    url: String,
    /// The secret part of the link, for `/v1/notes/{token}`.
    token: String,
    /// Destroys the note before its time: see `DELETE /v1/notes/by-id/{note_id}`.
    manage_token: String,
    has_passphrase: bool,
    max_views: u32,
    created_at: Time,
    /// From this second on it cannot be opened.
    expires_at: Time,
}

/// Seal a note
///
/// For one reading unless `max_views` says otherwise, and for seven days at most. Whether everybody may seal notes here,
/// or members only, is up to who runs it; a token that is sent must be good in any case, and makes the note one of
/// `GET /v1/notes`.
#[utoipa::path(
    post, path = "/v1/notes", operation_id = "seal-note", tag = "notes", security((), ("bearer" = [])),
    request_body(content((NewNote = "application/json"), (NewNote = "application/x-www-form-urlencoded"))),
    params(OnceHeader), extensions(("x-kith-who" = json!("pub or mem"))),
    responses((status = 201, description = "Sealed", body = SealedNote, headers(("Location", description = "The page that opens it"))))
)]
pub async fn seal_note(
    cx: Cx,
    Sealer { user }: Sealer,
    once: Once,
    JsonOrForm(new): JsonOrForm<NewNote>,
) -> Result<Response> {
    cx.keep_secret();
    if let Some(answer) = once.earlier(&cx).await? {
        return Ok(answer);
    }
    let wanted = new.wanted();
    wanted.check_size()?;
    cx.limit_once(&NOTES_SEALED, &cx.client.network(), &once).await?;
    let sealed = wanted.seal(&cx, user.as_ref()).await?;
    let created = Created { location: sealed.path(), rev: None, view: SealedNote::of(&sealed, &cx)? };
    once.create(&cx, created, async |answer| sealed.store(&cx, answer).await).await
}

impl NewNote {
    fn wanted(self) -> Wanted {
        Wanted {
            text: self.text,
            lifetime: self.expires_in.unwrap_or_default(),
            max_views: self.max_views.unwrap_or_default(),
            passphrase: self.passphrase,
        }
    }
}

impl SealedNote {
    fn of(sealed: &Sealed, cx: &Cx) -> Result<Self> {
        Ok(Self {
            id: sealed.note.id,
            url: cx.link(&sealed.path())?,
            token: sealed.token.encode().to_string(),
            manage_token: sealed.manage_token.encode().to_string(),
            has_passphrase: sealed.note.has_passphrase(),
            max_views: sealed.note.max_views,
            created_at: sealed.note.created_at.into(),
            expires_at: sealed.note.expires_at.into(),
        })
    }
}

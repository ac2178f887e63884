//! `DELETE /v1/notes/by-id/{note_id}`: destroys a note before its time.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use kith_crypto::Secret;
use kith_domain::NoteId;
use kith_http::{Anybody, App, Cx, Function, NoContent, Path, Problem, Result, Router, Setting};
use std::convert::Infallible;
use utoipa::IntoParams;
use utoipa_axum::routes;

/// The header with the token that the note's maker got.
const HEADER: &str = "kith-manage-token";

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("destroy-note", NEEDS, || Router::default().routes(routes!(destroy_note)))
}

/// The header, for the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "for the contract; read by `ManageHash`")]
pub struct ManageHeader {
    /// `manage_token` of the note; its author needs none.
    #[param(rename = "Kith-Manage-Token", max_length = 128)]
    manage_token: Option<String>,
}

/// Hash of the manage token that was sent, if it is one.
pub struct ManageHash(Option<String>);

impl FromRequestParts<App> for ManageHash {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> std::result::Result<Self, Infallible> {
        let sent = parts.headers.get(HEADER).and_then(|token| token.to_str().ok());
        Ok(Self(sent.and_then(Secret::<32>::parse).map(|token| token.hash().to_string())))
    }
}

/// Destroy a note
///
/// By the `manage_token` that sealing it gave, or as its author. For everybody else there is no such note: 404.
#[utoipa::path(
    delete, path = "/v1/notes/by-id/{note_id}", operation_id = "destroy-note", tag = "notes",
    security((), ("bearer" = [])), extensions(("x-kith-who" = json!("own or token"))),
    params(("note_id" = NoteId, Path), ManageHeader),
    responses((status = 204, description = "Gone"))
)]
pub async fn destroy_note(
    cx: Cx,
    Anybody { user }: Anybody,
    ManageHash(manage_hash): ManageHash,
    Path(id): Path<NoteId>,
) -> Result<NoContent> {
    let handle = cx.store.note_handle(id, cx.now).await?;
    if !handle.is_held_by(manage_hash.as_deref(), user.map(|user| user.id)) {
        return Err(Problem::not_found());
    }
    cx.store.destroy_note(&handle, None, cx.now).await?;
    Ok(NoContent)
}

//! `GET /v1/notes`: one's own notes, without their texts.

use kith_domain::{Note, NoteId};
use kith_http::{Cx, Function, Member, Page, PageParams, PageQuery, Result, Router, Setting, Time};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("list-my-notes", NEEDS, || Router::default().routes(routes!(list_my_notes)))
}

/// What is told of a note to its author. Its link is nowhere: only its hash is kept.
#[derive(Serialize, ToSchema)]
pub struct NoteView {
    id: NoteId,
    has_passphrase: bool,
    max_views: u32,
    /// How often it can still be opened.
    views_left: u32,
    /// Null until somebody opens it.
    last_opened_at: Option<Time>,
    created_at: Time,
    expires_at: Time,
}

/// List your notes
///
/// Those that you sealed while you were logged in, newest first, until they end or are destroyed; also those that are
/// used up.
#[utoipa::path(
    get, path = "/v1/notes", operation_id = "list-my-notes", tag = "notes", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("own"))), params(PageParams),
    responses((status = 200, description = "A page of notes", body = Page<NoteView>))
)]
pub async fn list_my_notes(cx: Cx, who: Member, query: PageQuery) -> Result<Page<NoteView>> {
    let after = query.after::<NoteId>(&cx, &who.user)?;
    let (notes, more) = cx.store.notes_of(who.user.id, after, query.limit, cx.now).await?;
    let last = notes.last().filter(|_| more).map(|note| note.id.to_string());
    let views = notes.into_iter().map(NoteView::from).collect();
    query.page(&cx, &who.user, "/v1/notes", views, last)
}

impl From<Note> for NoteView {
    fn from(note: Note) -> Self {
        Self {
            id: note.id,
            has_passphrase: note.has_passphrase(),
            max_views: note.max_views,
            views_left: note.views_left,
            last_opened_at: note.last_opened_at.map(Into::into),
            created_at: note.created_at.into(),
            expires_at: note.expires_at.into(),
        }
    }
}

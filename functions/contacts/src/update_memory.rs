//! `PATCH /v1/contacts/{contact_id}/memories/{memory_id}`: changes a memory.

use crate::memory_view::MemoryView;
use kith_domain::{ContactId, Memory, MemoryChange, MemoryId};
use kith_http::{Cx, Function, IfMatch, IfMatchHeader, Json, Member, Path, Result, Router, Setting, Tagged};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("update-memory", NEEDS, || Router::default().routes(routes!(update_memory)))
}

/// Change a memory
///
/// Only what is sent changes.
#[utoipa::path(
    patch, path = "/v1/contacts/{contact_id}/memories/{memory_id}", operation_id = "update-memory", tag = "contacts",
    security(("bearer" = [])), request_body = MemoryChange, extensions(("x-kith-who" = json!("own"))),
    params(IfMatchHeader, ("contact_id" = ContactId, Path), ("memory_id" = MemoryId, Path)),
    responses((status = 200, description = "The memory as it is now", body = MemoryView, headers(("ETag"))))
)]
pub async fn update_memory(
    cx: Cx,
    who: Member,
    Path((contact, id)): Path<(ContactId, MemoryId)>,
    IfMatch(rev): IfMatch,
    Json(change): Json<MemoryChange>,
) -> Result<Tagged<MemoryView>> {
    let memory = cx.store.memory(who.user.id, contact, id).await?;
    let apply = |memory: &mut Memory| memory.apply(&change, cx.now);
    let memory = cx.store.change_memory(memory, rev, apply).await?;
    Ok(Tagged { rev: memory.rev, view: memory.into() })
}

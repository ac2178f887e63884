//! `GET /v1/contacts/{contact_id}/memories/{memory_id}`: a memory.

use crate::memory_view::MemoryView;
use kith_domain::{ContactId, MemoryId};
use kith_http::{Caller, Cx, Function, Path, Result, Router, Setting, Tagged};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("show-memory", NEEDS, || Router::default().routes(routes!(show_memory)))
}

/// Show a memory
#[utoipa::path(
    get, path = "/v1/contacts/{contact_id}/memories/{memory_id}", operation_id = "show-memory", tag = "contacts",
    security(("bearer" = [])), extensions(("x-kith-who" = json!("own"))),
    params(("contact_id" = ContactId, Path), ("memory_id" = MemoryId, Path)),
    responses((status = 200, description = "The memory", body = MemoryView, headers(("ETag"))))
)]
pub async fn show_memory(
    cx: Cx,
    caller: Caller,
    Path((contact, id)): Path<(ContactId, MemoryId)>,
) -> Result<Tagged<MemoryView>> {
    let owner = caller.id();
    let (_, memory) = caller.admit(&cx, cx.store.memory(owner, contact, id)).await?;
    Ok(Tagged { rev: memory.rev, view: memory.into() })
}

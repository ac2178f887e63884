//! `DELETE /v1/contacts/{contact_id}/memories/{memory_id}`: deletes a memory.

use kith_domain::{ContactId, MemoryId};
use kith_http::{Caller, Cx, Function, IfMatch, IfMatchHeader, NoContent, Path, Result, Router, Setting};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("delete-memory", NEEDS, || Router::default().routes(routes!(delete_memory)))
}

/// Delete a memory
#[utoipa::path(
    delete, path = "/v1/contacts/{contact_id}/memories/{memory_id}", operation_id = "delete-memory", tag = "contacts",
    security(("bearer" = [])), extensions(("x-kith-who" = json!("own"))),
    params(IfMatchHeader, ("contact_id" = ContactId, Path), ("memory_id" = MemoryId, Path)),
    responses((status = 204, description = "It is gone"))
)]
pub async fn delete_memory(
    cx: Cx,
    caller: Caller,
    Path((contact, id)): Path<(ContactId, MemoryId)>,
    IfMatch(rev): IfMatch,
) -> Result<NoContent> {
    let owner = caller.id();
    let (_, memory) = caller.admit(&cx, cx.store.memory(owner, contact, id)).await?;
    cx.store.delete_memory(memory, rev).await?;
    Ok(NoContent)
}

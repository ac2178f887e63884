//! `POST /v1/contacts/{contact_id}/memories`: notes something about somebody.

use crate::memory_view::MemoryView;
use axum::response::Response;
use kith_domain::{ContactId, Memory, MemoryId, NewMemory};
use kith_http::{Created, Cx, Function, Json, Member, Once, OnceHeader, Path, Result, Router, Setting};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("add-memory", NEEDS, || Router::default().routes(routes!(add_memory)))
}

/// Remember something of a contact
#[utoipa::path(
    post, path = "/v1/contacts/{contact_id}/memories", operation_id = "add-memory", tag = "contacts",
    security(("bearer" = [])), request_body = NewMemory, extensions(("x-kith-who" = json!("own"))),
    params(OnceHeader, ("contact_id" = ContactId, Path)),
    responses((status = 201, description = "The memory", body = MemoryView, headers(("ETag"), ("Location", description = "The memory"))))
)]
pub async fn add_memory(
    cx: Cx,
    who: Member,
    Path(contact): Path<ContactId>,
    once: Once,
    Json(new): Json<NewMemory>,
) -> Result<Response> {
    if let Some(answer) = once.earlier(&cx).await? {
        return Ok(answer);
    }
    let memory = Memory::new(MemoryId::new(cx.now), who.user.id, contact, new, cx.now);
    let location = format!("/v1/contacts/{contact}/memories/{}", memory.id);
    let created = Created { location, rev: Some(memory.rev), view: MemoryView::from(memory.clone()) };
    once.create(&cx, created, async |answer| cx.store.add_memory(&memory, answer, cx.now).await).await
}
